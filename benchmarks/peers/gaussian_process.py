"""Gaussian-process search for the four weights of a CartPole policy, with the library bayesian-optimization.

    python benchmarks/peers/gaussian_process.py --seed 1000 --steps 500 --episodes 40

Needs the environment `gaussian-process` of `benchmarks/peers/make.py`. One candidate is one episode. Prints a line of
JSON: what the best candidate within the steps returns on 100 fresh episodes, and what it took to see 500 for the first
time.
"""

from __future__ import annotations

import argparse
import json
import warnings

import gymnasium
import numpy as np
from bayes_opt import BayesianOptimization

NAMES = ("a", "b", "c", "d")
AT_RANDOM = 5
"""First candidates, before there is a model."""


def episode(env: gymnasium.Env, weights: np.ndarray, seed: int) -> float:
    """The return of one episode."""
    observation, _ = env.reset(seed=seed)
    total, over = 0.0, False
    while not over:
        observation, reward, terminated, truncated, _ = env.step(int(weights @ observation > 0))
        total, over = total + float(reward), terminated or truncated
    return total


def main() -> None:
    """Searches until 500 is seen and the steps are used, or the episodes are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--episodes", type=int, default=40)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    env = gymnasium.make("CartPole-v1")
    search = BayesianOptimization(
        f=None, pbounds=dict.fromkeys(NAMES, (-1.0, 1.0)), random_state=options.seed, verbose=0
    )
    rng = np.random.default_rng(options.seed)
    steps, best, within, first = 0, -np.inf, np.zeros(4), None
    for number in range(options.episodes):
        point = dict(zip(NAMES, rng.uniform(-1, 1, 4), strict=True)) if number < AT_RANDOM else search.suggest()
        weights = np.array([point[name] for name in NAMES])
        score = episode(env, weights, 1_000 * options.seed + number)
        search.register(params=point, target=score)
        if steps + score <= options.steps and score > best:
            best, within = score, weights
        steps += int(score)
        if score >= 500 and first is None:
            first = {"steps": steps, "episodes": number + 1}
        if first is not None and steps >= options.steps:
            break
    fresh = np.mean([episode(env, within, 2**31 + k) for k in range(100)])
    print(json.dumps({"mean": float(fresh), "first_500": first, "steps": steps}))


if __name__ == "__main__":
    main()
