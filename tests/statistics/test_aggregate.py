"""Figures over tasks and runs against plain versions of themselves, and their bootstrap against its law."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import stats as scipy_stats

from poise.errors import InvalidValueError
from poise.statistics.aggregate import (
    bootstrap_bounds,
    interquartile_mean,
    interquartile_mean_interval,
    optimality_gap,
    performance_profile,
)
from poise.types import FloatArray

score_arrays = arrays(np.float64, array_shapes(min_dims=2, max_dims=2, max_side=8), elements=st.floats(-5.0, 5.0))


@given(score_arrays)
@settings(deadline=None, max_examples=30)
def test_the_interquartile_mean_is_scipy_s_trimmed_mean(scores: FloatArray) -> None:
    oracle = scipy_stats.trim_mean(scores, 0.25, axis=None)
    assert float(interquartile_mean(scores)) == pytest.approx(oracle, rel=1e-12, abs=1e-12)


def test_the_interquartile_mean_does_not_see_a_single_disaster() -> None:
    scores = np.ones((3, 4))
    scores[1, 2] = -1e9
    assert float(interquartile_mean(scores)) == 1.0


def test_the_optimality_gap_counts_what_is_missing_and_nothing_else() -> None:
    assert float(optimality_gap([[0.0, 2.0], [0.5, 1.0]])) == (1.0 + 0.0 + 0.5 + 0.0) / 4
    assert float(optimality_gap([[0.0, 2.0]], target=3.0)) == 2.0


@given(score_arrays, st.lists(st.floats(-6.0, 6.0), min_size=1, max_size=6))
@settings(deadline=None, max_examples=30)
def test_the_profile_is_the_share_of_runs_above(scores: FloatArray, thresholds: list[float]) -> None:
    plain = [float(np.mean(scores > threshold)) for threshold in thresholds]
    assert performance_profile(scores, thresholds).tolist() == pytest.approx(plain)


@given(score_arrays)
@settings(deadline=None, max_examples=30)
def test_the_profile_falls_from_all_to_none(scores: FloatArray) -> None:
    profile = performance_profile(scores, np.linspace(-5.1, 5.1, 60))
    assert profile[0] == 1.0
    assert profile[-1] == 0.0
    assert np.all(np.diff(profile) <= 0.0)


@pytest.mark.parametrize("figure", [interquartile_mean, optimality_gap, lambda s: performance_profile(s, [0.0, 0.5])])
def test_leading_axes_are_kept(figure) -> None:  # type: ignore[no-untyped-def]
    scores = np.random.default_rng(0).normal(size=(2, 5, 3, 4))
    many = figure(scores)
    assert many.shape[:2] == (2, 5)
    assert many[1, 3] == pytest.approx(figure(scores[1, 3]))


def test_each_task_is_resampled_from_its_own_runs_alone() -> None:
    scores = np.arange(3.0)[:, None] * 100.0 + np.arange(5.0)
    seen: list[FloatArray] = []

    def look(drawn: FloatArray) -> FloatArray:
        seen.append(drawn)
        return np.zeros(len(drawn))

    bootstrap_bounds(scores, look, np.random.default_rng(0), replicates=200)
    drawn = np.concatenate(seen)
    assert drawn.shape == (200, 3, 5)
    for task in range(3):
        assert set(np.unique(drawn[:, task])) == set(scores[task])
    assert np.mean(drawn[:, 0] == drawn[:, 1] - 100.0) == pytest.approx(0.2, abs=0.05)  # tasks draw apart


def test_the_interval_depends_on_the_generator_that_was_passed_in_and_on_no_other() -> None:
    scores = np.random.default_rng(3).normal(size=(4, 6))
    np.random.seed(0)  # noqa: NPY002 - to see that the global one plays no part
    first = interquartile_mean_interval(scores, np.random.default_rng(1), replicates=100)
    np.random.seed(1)  # noqa: NPY002
    again = interquartile_mean_interval(scores, np.random.default_rng(1), replicates=100)
    other = interquartile_mean_interval(scores, np.random.default_rng(2), replicates=100)
    assert first == again
    assert first != other
    assert first.method == "stratified-bootstrap"


def test_the_blocks_of_a_large_bootstrap_join_up(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = np.random.default_rng(3).normal(size=(2, 5))
    whole = interquartile_mean_interval(scores, np.random.default_rng(1), replicates=101)
    monkeypatch.setattr("poise.statistics.aggregate._NUMBERS_AT_A_TIME", 70)
    assert interquartile_mean_interval(scores, np.random.default_rng(1), replicates=101) == whole


def test_the_bootstrap_of_a_mean_is_as_wide_as_its_standard_error() -> None:
    scores = np.random.default_rng(4).normal(size=(10, 50))
    low, high = bootstrap_bounds(scores, lambda s: s.mean(axis=(1, 2)), np.random.default_rng(5), 0.95, 4000)
    error = np.sqrt(scores.var(axis=1).sum() / 50) / 10
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.05)
    assert (low + high) / 2 == pytest.approx(scores.mean(), abs=0.1 * error)


def test_a_profile_can_be_given_bounds_too() -> None:
    scores = np.random.default_rng(4).random((5, 10))
    levels = [0.25, 0.5, 0.75]
    low, high = bootstrap_bounds(
        scores, lambda s: performance_profile(s, levels), np.random.default_rng(5), replicates=300
    )
    point = performance_profile(scores, levels)
    assert low.shape == high.shape == (3,)
    assert np.all((low <= point) & (point <= high) & (low < high))


@pytest.mark.slow
@pytest.mark.parametrize(("runs", "least"), [(5, 0.85), (20, 0.92)])
def test_the_bootstrap_interval_covers_nearly_what_it_says(runs: int, least: float) -> None:
    """The middle half of a normal distribution has the mean 0; with few runs a percentile bootstrap is too narrow."""
    random = np.random.default_rng(6)
    covered = 0
    for _ in range(500):
        interval = interquartile_mean_interval(random.normal(size=(8, runs)), random, replicates=400)
        covered += interval.low <= 0.0 <= interval.high
    assert least < covered / 500 < 0.98


@pytest.mark.parametrize("scores", [[], [1.0, 2.0], [[]], [[1.0], [1.0, 2.0]], [[np.nan, 1.0]], [["a", "b"]]])
def test_what_is_no_table_of_scores_is_refused(scores: object) -> None:
    for call in (
        lambda: interquartile_mean(scores),  # type: ignore[arg-type]
        lambda: optimality_gap(scores),  # type: ignore[arg-type]
        lambda: performance_profile(scores, [0.0]),  # type: ignore[arg-type]
        lambda: interquartile_mean_interval(scores, np.random.default_rng(0)),  # type: ignore[arg-type]
    ):
        with pytest.raises(InvalidValueError, match="scores must"):
            call()


def test_a_bootstrap_takes_two_runs_a_confidence_and_a_replicate() -> None:
    random, scores = np.random.default_rng(0), np.ones((2, 3))
    with pytest.raises(InvalidValueError, match="at least two runs"):
        interquartile_mean_interval(scores[:, :1], random)
    with pytest.raises(InvalidValueError, match="confidence must be between 0 and 1"):
        interquartile_mean_interval(scores, random, confidence=1.0)
    with pytest.raises(InvalidValueError, match="replicates must be 1 or more"):
        interquartile_mean_interval(scores, random, replicates=0)
    with pytest.raises(InvalidValueError, match="thresholds must have one dimension"):
        performance_profile(scores, 0.5)
