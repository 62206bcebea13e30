"""What does `poise train`, with no flags, find where a reward is rare and luck says who gets it?

A point is moved on a plane, a tenth to one of four sides, until it is at a goal, which pays 1; nothing else pays. Where
both are is drawn anew in every episode. Hardly any of the first policies succeeds, and those that do were mostly near.
A good policy needs no more than the two differences between point and goal, and succeeds always: 1.0 is the baseline.
Each seed takes 10 million steps, a few minutes on two cores; run it on two versions to compare them.

    python benchmarks/rare_reward.py [--seeds 3] [--out runs/rare_reward]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

import poise

STEP, NEAR = 0.1, 0.06
MOVES = STEP * np.array([(1, 0), (-1, 0), (0, 1), (0, -1)])
PLACE = spaces.Box(-1.0, 1.0, (2,), np.float64)


class PointToGoal(gymnasium.Env[dict[str, Any], Any]):
    """A point that is to go to a goal; it is there within a square that is a little wider than a move."""

    observation_space = spaces.Dict({"at": PLACE, "goal": PLACE})
    action_space = spaces.Discrete(4)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Draws both places."""
        super().reset(seed=seed)
        self._at, self._goal = self.np_random.uniform(-1.0, 1.0, (2, 2))
        return self._observation(), {}

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Moves the point, which stays on the plane."""
        self._at = np.clip(self._at + MOVES[int(action)], -1.0, 1.0)
        there = bool(np.abs(self._at - self._goal).max() < NEAR)
        return self._observation(), float(there), there, False, {}

    def _observation(self) -> dict[str, Any]:
        return {"at": self._at, "goal": self._goal}


def make() -> gymnasium.Env[Any, Any]:
    """The environment as a user would hand it to poise."""
    return gymnasium.wrappers.TimeLimit(PointToGoal(), 100)


def main() -> None:
    """Trains one seed after another, and prints what each is worth on fresh episodes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("runs/rare_reward"))
    options = parser.parse_args()
    for seed in range(options.seeds):
        result = poise.train(make, seed=seed, out=options.out / str(seed)).result["evaluation"]
        if result is None:
            return  # stopped
        print(f"seed {seed}: {result['mean']:.2f} [{result['low']:.2f}, {result['high']:.2f}]", flush=True)


if __name__ == "__main__":
    main()
