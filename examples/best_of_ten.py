"""Random policies: one, the best of ten, and the best of ten when the sign of the rule is flipped.

python best_of_ten.py [--seed 0]
"""

import argparse

import numpy as np

import poise

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--seed", type=int, default=0)
rng = np.random.default_rng(parser.parse_args().seed)


def scores_of(policies: np.ndarray) -> list[float]:
    """The score of each policy on one episode of its own."""
    return [poise.play("CartPole-v1", policy, seed=seed).score for seed, policy in enumerate(policies)]


positive = rng.uniform(0.0, 1.0, size=(10, 4))
print(f"one random policy from U(0, 1):                 {scores_of(positive[:1])[0]:5.0f}")
print(f"best of 10 from U(0, 1):                        {max(scores_of(positive)):5.0f}")
# `1 if sum < 0 else 0` with some weights is the same as `1 if sum > 0 else 0` with their negatives.
print(f"best of 10 from U(0, 1), the sign flipped:      {max(scores_of(-positive)):5.0f}")
both = rng.uniform(-0.5, 0.5, size=(100, 4))
print(f"best of 10 from U(-0.5, 0.5):                   {max(scores_of(both[:10])):5.0f}")
print(f"best of 100 from U(-0.5, 0.5):                  {max(scores_of(both)):5.0f}")
print(f"best of 100 from U(-0.5, 0.5), sign flipped:    {max(scores_of(-both)):5.0f}")
