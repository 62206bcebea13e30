"""Environments that make trouble: they die, hang, fail or are slow, in the episodes that their arguments name.

Engines are tested with them. They are known to Gymnasium, wherever this module can be imported, by their full name:
``gymnasium.make("poise.testing.troubles:Trouble-v0", kind="dies", seeds=(3,))``.
"""

from __future__ import annotations

import math
import os
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from poise.types import FloatArray

STEPS = 5
"""Steps of an episode."""

KINDS = (
    "none",
    "dies",
    "exits",
    "hangs",
    "hangs in C",
    "raises",
    "prints",
    "raises when told 0",
    "earns NaN",
    "earns infinity",
    "observes NaN",
    "observes infinity",
    "observes another shape",
    "writes into what it returned",
    "seeds the global generators",
    "never ends",
    "raises when closed",
)
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
        self._seen = np.zeros(3)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begins an episode."""
        super().reset(seed=seed)
        self._seed, self._length = seed or 0, 0
        self._seen = self.np_random.normal(size=3)
        return self._seen, {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """A step, and the trouble if its time has come."""
        self._length += 1
        if self._step_seconds:
            time.sleep(self._step_seconds)
        if self._kind == "writes into what it returned":
            self._seen[:] = np.nan
        observation = self._seen = self.np_random.normal(size=3)
        reward = float(observation[0] * (1 if action else -1))
        ends = self._length >= STEPS and self._kind != "never ends"
        if self._length == 3 and (not self._seeds or self._seed in self._seeds):
            self._make_trouble(action)
            earned = {"earns NaN": math.nan, "earns infinity": math.inf}.get(self._kind, reward)
            return self._troubled(observation), earned, ends, False, {}
        return observation, reward, ends, False, {}

    def close(self) -> None:
        """Ends it, if it lets itself be ended."""
        if self._kind == "raises when closed":
            raise OSError("it does not want to go")

    def _troubled(self, observation: FloatArray) -> FloatArray:
        spoilt = {
            "observes NaN": observation * np.nan,
            "observes infinity": observation * np.inf,
            "observes another shape": np.zeros(4),
        }
        return spoilt.get(self._kind, observation)

    def _make_trouble(self, action: Any) -> None:
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
        if self._kind == "seeds the global generators":
            random.seed(0)
            np.random.seed(0)  # noqa: NPY002  that is the trouble
        if self._kind == "raises" or (self._kind == "raises when told 0" and action == 0):
            raise ZeroDivisionError("a wheel came off")
        if self._kind == "prints":
            print("this is no place to print", flush=True)  # noqa: T201  that is the trouble


gymnasium.register("Trouble-v0", entry_point=f"{__name__}:Trouble", max_episode_steps=STEPS)
