"""Functions with known answers, to be maximised: each takes rows and gives a score for each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from poise.optimizers.base import Optimizer
from poise.types import FloatArray

Landscape = Callable[[FloatArray], FloatArray]


def sphere(x: FloatArray) -> FloatArray:
    """0 at (1, …, 1)."""
    return np.asarray(-((x - 1) ** 2).sum(axis=1))


def ellipsoid(n: int, condition: float = 1e6, rotation: FloatArray | None = None) -> Landscape:
    """0 at (1, …, 1), axes of lengths up to the root of `condition`, parallel to the coordinates unless rotated."""
    weights = condition ** (np.arange(n) / (n - 1))
    turn = np.eye(n) if rotation is None else rotation
    return lambda x: np.asarray(-((((x - 1) @ turn) ** 2) * weights).sum(axis=1))


def rosenbrock(x: FloatArray) -> FloatArray:
    """0 at (1, …, 1), at the end of a bent valley."""
    return np.asarray(-(100 * (x[:, 1:] - x[:, :-1] ** 2) ** 2 + (1 - x[:, :-1]) ** 2).sum(axis=1))


def rastrigin(x: FloatArray) -> FloatArray:
    """0 at (1.7, …, 1.7), with a peak near each other point of the lattice around it."""
    away = x - 1.7
    return np.asarray(-(away**2 - 10 * np.cos(2 * np.pi * away) + 10).sum(axis=1))


def some_rotation(n: int, seed: int = 0) -> FloatArray:
    """An orthogonal matrix, shape (n, n)."""
    return np.asarray(np.linalg.qr(np.random.default_rng(seed).standard_normal((n, n)))[0])


def evaluations_to(optimizer: Optimizer, landscape: Landscape, target: float, budget: int) -> int:
    """Evaluations until the center scores `target`; one more than `budget` if it never does."""
    used = 0
    while used < budget:
        candidates = optimizer.ask()
        optimizer.tell(landscape(candidates))
        used += len(candidates)
        if landscape(optimizer.center[np.newaxis])[0] >= target:
            return used
    return budget + 1


def gap_after(optimizer: Optimizer, landscape: Landscape, budget: int) -> float:
    """What the center's score lacks of 0 after `budget` evaluations."""
    used = 0
    while used < budget:
        candidates = optimizer.ask()
        optimizer.tell(landscape(candidates))
        used += len(candidates)
    return float(-landscape(optimizer.center[np.newaxis])[0])
