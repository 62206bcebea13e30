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


def test_what_hardly_varied_is_still_told_from_the_constant_where_there_is_no_noise() -> None:
    rng, model = np.random.default_rng(0), LinearModel(2, 1)
    for _ in range(40):
        z, u = np.array([0.5 + 0.003 * rng.normal(), rng.normal()]), rng.choice([-1.0, 1.0], 1)
        model.add(z, u, A @ z + B @ u + C)
    assert _error(model.matrices()) < 0.05


def test_noise_is_noticed_and_averaged_away() -> None:
    model = _learnt(4000, 0.3)
    assert 0.01 < model.unexplained < 0.1
    assert _error(model.matrices()) < 0.03


def test_what_was_foreseen_keeps_noisy_sensors_from_looking_like_a_pull_back() -> None:
    """A point that stays where it is pushed to, kept near zero; one sensor is noisy."""
    rng, seen_as_it_is, foreseen = np.random.default_rng(0), LinearModel(1, 1), LinearModel(1, 1)
    x, y, before_that = 0.0, 0.0, None
    for _ in range(3000):
        u = -np.sign(y) * rng.uniform(0.0, 1.0, 1)
        x_after = x + 0.3 * float(u[0])
        y_after = x_after + 0.3 * rng.normal()
        one, other = np.array([y]), np.array([y_after])
        seen_as_it_is.add(one, u, other)
        foreseen.add(one, u, other, before_that)
        x, y, before_that = x_after, y_after, one + 0.3 * u
    assert seen_as_it_is.unexplained > 0.1
    assert seen_as_it_is.matrices()[0][0, 0] < 0.8
    assert abs(foreseen.matrices()[0][0, 0] - 1.0) < 0.15


def test_before_it_knows_better_nothing_changes_by_itself() -> None:
    a, b, c = LinearModel(2, 1).matrices()
    assert (a == np.eye(2)).all()
    assert (b == 0).all()
    assert (c == 0).all()
