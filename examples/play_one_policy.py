"""A policy is four numbers; their dot product with the state says where to push.

python play_one_policy.py
"""

import poise

POLICY = [-0.116, 0.332, 0.207, 0.352]
STATE = [0.0, 0.0, 0.2, 0.05]  # a cart at rest in the middle, a pole that leans to the right and falls that way

policy = poise.Policy.create("CartPole-v1", "linear", POLICY)
for name, value, weight in zip(policy.feature_names, STATE, POLICY, strict=True):
    print(f"{name:<22} {value:6.3f} × {weight:6.3f} = {value * weight + 0.0:8.5f}")
total = sum(value * weight for value, weight in zip(STATE, POLICY, strict=True))
print(f"{'sum':<22} {'':15} = {total:8.5f}  →  push {'right' if policy.act(STATE) == 1 else 'left'}")

episode = poise.play("CartPole-v1", policy, seed=0)
print(f"one episode: score {episode.score:.0f}, {len(episode.observations)} observations recorded")
