"""Environments that make trouble: they die, hang, fail or are slow, in the episodes that their arguments name.

Engines are tested with them. They are known to Gymnasium, wherever this module can be imported, by their full name:
``gymnasium.make("poise.testing.troubles:Trouble-v0", kind="dies", seeds=(3,))``.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

STEPS = 5
"""Steps of an episode."""

KINDS = ("none", "dies", "exits", "hangs", "hangs in C", "raises", "prints")
"""What `Trouble` may do."""


class Trouble(gymnasium.Env[Any, Any]):
    """Walks at random, told by the seed, and makes trouble in the third step of chosen episodes.

    Args:
        kind: what trouble, one of `KINDS`.
        seeds: the episodes in which it makes trouble; empty for all.
        once: a file; where it is given, trouble is made only as long as it does not exist, and creates it.
        step_seconds: how long every step takes.
    """

    observation_space = spaces.Box(-np.inf, np.inf, (3,), np.float64)
    action_space = spaces.Discrete(2)

    def __init__(
        self, kind: str = "none", seeds: Sequence[int] = (), once: str | None = None, step_seconds: float = 0.0
    ) -> None:
        self._kind, self._seeds, self._once, self._step_seconds = kind, tuple(seeds), once, step_seconds
        self._seed, self._length = 0, 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begins an episode."""
        super().reset(seed=seed)
        self._seed, self._length = seed or 0, 0
        return self.np_random.normal(size=3), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """A step, and the trouble if its time has come."""
        self._length += 1
        if self._step_seconds:
            time.sleep(self._step_seconds)
        if self._length == 3 and (not self._seeds or self._seed in self._seeds):
            self._make_trouble()
        observation = self.np_random.normal(size=3)
        return observation, float(observation[0] * (1 if action else -1)), self._length >= STEPS, False, {}

    def _make_trouble(self) -> None:
        if self._once is not None:
            if Path(self._once).exists():
                return
            Path(self._once).touch()
        if self._kind == "dies":
            os._exit(3)
        if self._kind == "exits":
            sys.exit("an environment should not do this")
        if self._kind == "hangs":
            time.sleep(3600)
        if self._kind == "hangs in C":
            sum(range(10**15))  # does not return to the interpreter, so that no alarm is heard
        if self._kind == "raises":
            raise ZeroDivisionError("a wheel came off")
        if self._kind == "prints":
            print("this is no place to print", flush=True)  # noqa: T201  that is the trouble


gymnasium.register("Trouble-v0", entry_point=f"{__name__}:Trouble", max_episode_steps=STEPS)
