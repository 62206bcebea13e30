"""A policy's file is data: acting with a linear one takes NumPy, Gymnasium and ten lines.

poise train CartPole-v1 --out runs/mine
python policy_without_poise.py runs/mine/policy.json [--seed 7]
"""

import argparse
import json
from pathlib import Path

import gymnasium
import numpy as np

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("policy", type=Path)
parser.add_argument("--seed", type=int, default=7)
options = parser.parse_args()

policy = json.loads(options.policy.read_text(encoding="utf-8"))
weights = np.array(policy["parameters"])
env = gymnasium.make(policy["environment"]["id"])
observation, _ = env.reset(seed=options.seed)
score, over = 0.0, False
while not over:
    observation, reward, terminated, truncated, _ = env.step(1 if weights @ observation > 0 else 0)
    score, over = score + float(reward), terminated or truncated
print(f"{policy['environment']['id']}, seed {options.seed}: {score:.0f}")
