"""The least-squares model finds the system that made the data."""

from __future__ import annotations

import numpy as np

from poise.models.linear import LinearModel
from poise.types import FloatArray

A = np.array([[1.0, 0.1], [0.3, 0.9]])
B = np.array([[0.0], [2.0]])
C = np.array([0.1, -0.2])


def _learnt(steps: int, noise: float) -> LinearModel:
    rng, model = np.random.default_rng(0), LinearModel(2, 1)
    for _ in range(steps):
        z, u = rng.normal(size=2), rng.choice([-1.0, 1.0], 1)
        model.add(z, u, A @ z + B @ u + C + noise * rng.normal(size=2))
    return model


def _error(found: tuple[FloatArray, FloatArray, FloatArray]) -> float:
    return max(float(np.abs(one - other).max()) for one, other in zip(found, (A, B, C), strict=True))


def test_an_exact_system_is_found_from_a_few_steps() -> None:
    model = _learnt(12, 0.0)
    assert model.unexplained < 1e-6
    assert _error(model.matrices()) < 1e-3


def test_noise_is_noticed_and_averaged_away() -> None:
    model = _learnt(4000, 0.3)
    assert 0.01 < model.unexplained < 0.1
    assert _error(model.matrices()) < 0.03


def test_before_it_knows_better_nothing_changes_by_itself() -> None:
    a, b, c = LinearModel(2, 1).matrices()
    assert (a == np.eye(2)).all()
    assert (b == 0).all()
    assert (c == 0).all()
