"""Each criterion fires where its paper says, with its name in the message, and not before."""

from __future__ import annotations

import numpy as np
import pytest

from poise.optimizers._termination import ScoreHistory, distribution_stop_reason
from poise.optimizers.cma_es import CmaEs
from poise.types import FloatArray


def make(n: int, **options: object) -> CmaEs:
    return CmaEs(n, np.random.default_rng(5), CmaEs.make_options(options))


def run_until_stop(optimizer: CmaEs, generations: int, slope: float = 0.0) -> str:
    for _ in range(generations):
        optimizer.tell(optimizer.ask()[:, 0] * slope)
        if optimizer.stop_reason is not None:
            return optimizer.stop_reason
    raise AssertionError(f"no stop within {generations} generations")


def test_flat_scores_stop_by_tolfun_after_ten_generations_and_more() -> None:
    optimizer = make(4, population=8)
    assert "TolFun" in run_until_stop(optimizer, 100)
    assert optimizer.generation == 10 + 15


def test_a_ceiling_of_the_best_score_alone_does_not_stop() -> None:
    history = ScoreHistory(4, 8)
    for generation in range(100):
        history.add(np.array([500.0, 100.0 + generation, 90.0 + generation, 10.0]))
    assert history.stop_reason() is None


def test_endless_slope_stops_by_tolxup() -> None:
    assert "TolXUp" in run_until_stop(make(3), 300, slope=1.0)


def test_convergence_away_from_zero_stops_without_warning() -> None:
    optimizer = make(2)
    for _ in range(500):
        optimizer.tell(-((optimizer.ask() - 3.0) ** 2).sum(axis=1))
        if optimizer.stop_reason is not None:
            break
    assert optimizer.stop_reason is not None
    np.testing.assert_allclose(optimizer.center, 3.0, atol=1e-6)


def test_noise_without_signal_stops_by_stagnation() -> None:
    history, rng = ScoreHistory(4, 8), np.random.default_rng(0)
    for generation in range(3000):
        history.add(rng.standard_normal(8))
        if history.stop_reason() is not None:
            assert generation + 1 >= 120 + 15
            return
    raise AssertionError("noise never stops")


def test_steady_progress_is_no_stagnation() -> None:
    history, rng = ScoreHistory(4, 8), np.random.default_rng(0)
    for generation in range(600):
        history.add(rng.standard_normal(8) + 0.1 * generation)
        assert history.stop_reason() is None


def test_stagnation_looks_at_no_more_than_it_needs() -> None:
    history = ScoreHistory(4, 8)
    for generation in range(1500):
        history.add(np.array([generation, generation + 1.0]))
    assert len(history.rows) == 300


@pytest.mark.parametrize(
    ("name", "mean", "sigma", "deviations"),
    [
        ("TolX", [0.0, 0.0], 1e-13, [1.0, 1.0]),
        ("TolXUp", [0.0, 0.0], 2.0, [1.0, 9e3]),
        ("ConditionCov", [0.0, 0.0], 1.0, [1.0, 2e-7 * 0.4]),
        ("NoEffectCoord", [1.0, 1e9], 1e-6, [1.0, 1e-3]),
        ("NoEffectAxis", [1e8, 1e8], 5e-8, [1.0, 1.0]),
    ],
)
def test_distribution_criteria(name: str, mean: list[float], sigma: float, deviations: list[float]) -> None:
    def reason(sigma: float, deviations: FloatArray) -> str | None:
        path, axes = np.zeros(2), np.diag(deviations)
        return distribution_stop_reason(np.array(mean), sigma, 1.0, deviations**2, path, axes)

    assert f"({name})" in str(reason(sigma, np.array(deviations)))
    assert reason(1.0, np.ones(2)) is None


def test_restarts_double_the_population_and_then_stop() -> None:
    optimizer = make(2, population=4, restarts=2)
    populations = set()
    for _ in range(500):
        populations.add(optimizer.population)
        optimizer.tell(np.zeros(len(optimizer.ask())))
        if optimizer.stop_reason is not None:
            break
    assert populations == {4, 8, 16}
    assert optimizer.stop_reason is not None


def test_after_a_restart_the_center_is_the_best_run_until_it_is_beaten() -> None:
    optimizer = make(2, population=6, restarts=1)
    while optimizer.population == 6:
        optimizer.tell(-((optimizer.ask() - 2.0) ** 2).sum(axis=1))
    np.testing.assert_allclose(optimizer.center, 2.0, atol=1e-5)
    optimizer.tell(-((optimizer.ask() - 2.0) ** 2).sum(axis=1))
    np.testing.assert_allclose(optimizer.center, 2.0, atol=1e-5)
    optimizer.tell(np.full(len(optimizer.ask()), 1e9))
    assert np.abs(optimizer.center - 2.0).max() > 1e-3
