"""The Riccati equation is solved, and the law that follows from data keeps an unstable system in place."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import solve_discrete_are

from poise.models.regulator import EXPLORING_STEPS, Regulator, lqr_gain


@pytest.mark.parametrize("seed", range(8))
def test_the_gain_is_that_of_the_riccati_equation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m, discount = int(rng.integers(1, 6)), int(rng.integers(1, 4)), 0.99
    a, b = rng.normal(size=(n, n)), rng.normal(size=(n, m))
    p = solve_discrete_are(np.sqrt(discount) * a, np.sqrt(discount) * b, np.eye(n), np.eye(m))
    expected = np.linalg.solve(np.eye(m) + discount * b.T @ p @ b, discount * b.T @ p @ a)
    gain = lqr_gain(a, b, discount)
    assert gain is not None
    assert np.allclose(gain, expected, rtol=1e-6, atol=1e-9)


def test_what_no_control_can_reach_has_no_regulator() -> None:
    assert lqr_gain(np.array([[2.0]]), np.array([[0.0]]), 1.0) is None


def test_an_unstable_system_is_held_after_a_few_steps_whatever_its_units() -> None:
    rng = np.random.default_rng(3)
    a, b = np.array([[1.0, 0.1], [0.5, 1.0]]), np.array([[0.0], [0.2]])
    units = np.array([[0.1, 2.0], [-5.0, 0.3]])
    starts = rng.normal(size=(16, 2)) * 0.1
    regulator, z = Regulator(starts @ units.T, 1), starts[0]
    for step in range(200):
        law = regulator.law() if step >= EXPLORING_STEPS else None
        u = rng.choice([-1.0, 1.0], 1) if law is None else np.clip(law[0] @ (units @ z) + law[1], -3, 3)
        after = a @ z + b @ u
        regulator.learn(units @ z, u, units @ after)
        z = after
    assert np.abs(z).max() < 0.01
    assert regulator.foresee(lambda x: x @ law[0].T, starts @ units.T, 50).min() == 50  # type: ignore[index]
    assert regulator.foresee(lambda x: np.full((len(x), 1), 3.0), starts @ units.T, 50).max() < 50


def test_a_law_without_bias_where_the_mean_start_is_zero_and_with_one_where_it_is_not() -> None:
    rng = np.random.default_rng(0)
    for shift in (0.0, 4.0):
        starts = shift + 0.1 * rng.normal(size=(16, 2))
        regulator = Regulator(starts, 1)
        for _ in range(20):
            x, u = shift + rng.normal(size=2), rng.choice([-1.0, 1.0], 1)
            regulator.learn(x, u, x + 0.3 * u)
        law = regulator.law()
        assert law is not None
        assert bool(law[1].any()) is (shift > 0)
        assert np.allclose(law[0] @ regulator.whitening.mean + law[1], 0.0)
