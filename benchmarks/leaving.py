"""What does `poise train`, with no flags, find where every step costs something and an episode can be ended early?

A cart on a track is pushed to follow a target that goes to and fro; each step costs the distance between them. Who
leaves the track, 10 to either side, is out of the game after some 30 of 300 steps, and pays no more. Of policies that
know nothing yet those lose least that leave at once: about -97. To follow the target is worth far more: a weighted sum
found by hand, with products of the target's speed and phase in it, has -12. Each seed takes 5 million steps, two
minutes on two cores; run it on two versions to compare them.

    python benchmarks/leaving.py [--seeds 3] [--out runs/leaving]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

import poise

SECONDS, FORCE, EDGE = 0.05, 10.0, 10.0


class FollowTarget(gymnasium.Env[Any, Any]):
    """A cart that is to follow a target; observed are its place and speed, the target's phase and its frequency."""

    observation_space = spaces.Box(-np.inf, np.inf, (5,), np.float32)
    action_space = spaces.Box(-FORCE, FORCE, (1,), np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Puts the cart near the middle, at rest."""
        super().reset(seed=seed)
        self._place, self._speed = self.np_random.normal(), 0.0
        self._phase, self._frequency = self.np_random.uniform(0.0, 2 * np.pi), self.np_random.uniform(0.5, 2.0)
        return self._observation(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Pushes the cart, and moves the target on."""
        self._speed += SECONDS * float(np.clip(action[0], -FORCE, FORCE))
        self._place += SECONDS * self._speed
        self._phase += SECONDS * self._frequency
        distance = abs(self._place - np.sin(self._phase))
        return self._observation(), -float(distance), abs(self._place) > EDGE, False, {}

    def _observation(self) -> Any:
        phase = np.sin(self._phase), np.cos(self._phase)
        return np.array([self._place, self._speed, *phase, self._frequency], np.float32)


def make() -> gymnasium.Env[Any, Any]:
    """The environment as a user would hand it to poise."""
    return gymnasium.wrappers.TimeLimit(FollowTarget(), 300)


def main() -> None:
    """Trains one seed after another, and prints what each is worth on fresh episodes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("runs/leaving"))
    options = parser.parse_args()
    for seed in range(options.seeds):
        result = poise.train(make, seed=seed, out=options.out / str(seed)).result["evaluation"]
        if result is None:
            return  # stopped
        print(f"seed {seed}: {result['mean']:.1f} [{result['low']:.1f}, {result['high']:.1f}]", flush=True)


if __name__ == "__main__":
    main()
