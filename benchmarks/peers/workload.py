"""What every peer has to do: the environments, a linear policy for each, and how the time is taken.

Imported by scripts that run in virtual environments of their own, so it needs NumPy alone.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable

import numpy as np

FEATURES = {
    "CartPole-v1": 4,
    "MountainCar-v0": 2,
    "MountainCarContinuous-v0": 2,
    "Pendulum-v1": 3,
    "Acrobot-v1": 6,
}
OUTPUTS = {"CartPole-v1": 1, "MountainCar-v0": 3, "MountainCarContinuous-v0": 1, "Pendulum-v1": 1, "Acrobot-v1": 3}
HIGHEST = {"MountainCarContinuous-v0": 1.0, "Pendulum-v1": 2.0}
"""Bound of the action, where it is a number."""


def weights(identifier: str) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """A policy, shape (outputs, features). That for CartPole never drops the pole; the others are by chance."""
    if identifier == "CartPole-v1":
        return np.array([[0.059, 0.112, 0.959, 0.253]])
    return np.random.default_rng(1).normal(size=(OUTPUTS[identifier], FEATURES[identifier]))


def one_processor() -> None:
    """Keeps this process on one processor, with all its threads."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def rate(advance: Callable[[], int], seconds: float, clock: Callable[[], float] = time.process_time) -> float:
    """Steps a second.

    Args:
        advance: goes some steps on and returns how many. The first call, which may compile, is not counted.
        seconds: how long to measure.
        clock: the processor's time by default: of one processor it is what the wall clock would show on a machine that
            does nothing else.
    """
    advance()
    steps, began = 0, clock()
    while clock() < began + seconds:
        steps += advance()
    return steps / (clock() - began)


def report(measure: Callable[[str, float], float | None]) -> None:
    """Measures the environments named on the command line, after the seconds, and prints the rates as JSON."""
    seconds, identifiers = float(sys.argv[1]), sys.argv[2:]
    print(json.dumps({identifier: measure(identifier, seconds) for identifier in identifiers}))
