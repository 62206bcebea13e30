"""Intervals cover what they promise to: by simulation for a mean, by exact sums for a rate."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from poise.errors import InvalidValueError
from poise.statistics.intervals import Interval, clopper_pearson, figures_so_far, mean_interval, paired_difference
from poise.types import FloatArray

Draw = Callable[[np.random.Generator, tuple[int, int]], FloatArray]

samples = st.lists(st.integers(-500, 500).map(float), min_size=3, max_size=40).filter(lambda v: len(set(v)) > 1)


def draw_normal(random: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    return random.normal(size=shape)


def draw_nearly_always_500(random: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Returns of a CartPole policy that drops the pole in one episode of ten."""
    return np.where(random.random(shape) < 0.9, 500.0, random.random(shape) * 500.0)


def draw_landings(random: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Returns of a LunarLander policy that crashes in one episode of ten."""
    return np.where(random.random(shape) < 0.9, random.normal(270.0, 20.0, shape), random.normal(0.0, 100.0, shape))


def draw_exponential(random: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    return random.exponential(size=shape)


def misses(draw: Draw, mean: float, episodes: int, repetitions: int, seed: int = 0) -> tuple[float, float]:
    """How often the interval lies wholly below, and wholly above, the true mean."""
    returns = draw(np.random.default_rng(seed), (repetitions, episodes))
    ends = np.array([(i.low, i.high) for i in map(mean_interval, returns)])
    return float(np.mean(ends[:, 1] < mean)), float(np.mean(ends[:, 0] > mean))


def misses_of_student(draw: Draw, mean: float, episodes: int, repetitions: int, seed: int = 0) -> tuple[float, float]:
    """The same for the interval that is not corrected for skewness."""
    returns = draw(np.random.default_rng(seed), (repetitions, episodes))
    half = scipy_stats.t.ppf(0.975, episodes - 1) * returns.std(axis=1, ddof=1) / math.sqrt(episodes)
    distance = returns.mean(axis=1) - mean
    return float(np.mean(distance < -half)), float(np.mean(distance > half))


@pytest.mark.parametrize("episodes", [5, 20, 200])
def test_a_95_percent_interval_of_normal_returns_covers_93_to_97_percent(episodes: int) -> None:
    below, above = misses(draw_normal, 0.0, episodes, 3000)
    assert 0.03 <= below + above <= 0.07
    assert max(below, above) <= 0.0375


@pytest.mark.slow
@pytest.mark.parametrize("episodes", [20, 50, 100, 200, 1000])
def test_a_95_percent_interval_of_normal_returns_covers_it_to_within_a_percent(episodes: int) -> None:
    assert sum(misses(draw_normal, 0.0, episodes, 8000)) == pytest.approx(0.05, abs=0.01)


@pytest.mark.parametrize(
    ("draw", "mean", "episodes", "coverage"),
    [
        (draw_nearly_always_500, 475.0, 50, 0.95),
        (draw_nearly_always_500, 475.0, 200, 0.955),
        (draw_landings, 243.0, 50, 0.955),
        (draw_landings, 243.0, 200, 0.945),
        (draw_exponential, 1.0, 50, 0.935),
    ],
)
def test_skewed_returns_are_covered_where_student_s_interval_fails(
    draw: Draw, mean: float, episodes: int, coverage: float
) -> None:
    below, above = misses(draw, mean, episodes, 2000)
    student = misses_of_student(draw, mean, episodes, 2000)
    assert 1.0 - below - above >= coverage > 1.0 - sum(student)
    assert max(below, above) < 0.75 * max(student)


@given(samples, st.floats(0.5, 0.999))
@settings(deadline=None)
def test_the_ends_are_where_hall_s_transformation_meets_the_t_quantile(values: list[float], confidence: float) -> None:
    interval, x, n = mean_interval(values, confidence), np.array(values), len(values)
    deviation = x.std(ddof=1)
    skewness = np.mean((x - x.mean()) ** 3) / deviation**3
    quantile = scipy_stats.t.ppf(0.5 + 0.5 * confidence, n - 1)
    for end, goal in ((interval.low, quantile), (interval.high, -quantile)):
        t = math.sqrt(n) * (x.mean() - end) / deviation
        transformed = t + skewness / math.sqrt(n) * (t * t / 3.0 + 1.0 / 6.0) + skewness**2 * t**3 / (27.0 * n)
        assert transformed == pytest.approx(goal, rel=1e-8, abs=1e-8)


@given(samples, st.floats(0.01, 100.0), st.floats(-1e3, 1e3))
@settings(deadline=None)
def test_the_interval_moves_and_stretches_with_the_returns(values: list[float], scale: float, shift: float) -> None:
    plain, x = mean_interval(values), np.array(values)
    moved, mirrored = mean_interval(scale * x + shift), mean_interval(-x)
    tolerance = 1e-6 * scale * (plain.high - plain.low) + 1e-9
    assert moved.low == pytest.approx(scale * plain.low + shift, abs=tolerance)
    assert moved.high == pytest.approx(scale * plain.high + shift, abs=tolerance)
    assert (mirrored.low, mirrored.high) == pytest.approx((-plain.high, -plain.low), abs=1e-6)


@given(samples)
@settings(deadline=None)
def test_more_confidence_takes_a_wider_interval_and_all_hold_the_mean(values: list[float]) -> None:
    ends = [mean_interval(values, confidence) for confidence in (0.5, 0.9, 0.99)]
    lows, highs = [e.low for e in ends], [e.high for e in ends]
    assert lows == sorted(lows, reverse=True)
    assert highs == sorted(highs)
    assert ends[0].low <= float(np.mean(values)) <= ends[0].high


def test_returns_without_skewness_have_student_s_interval() -> None:
    values = [1.0, 2.0, 3.0, 4.0, 10.0, 16.0, 17.0, 18.0, 19.0]
    interval = mean_interval(values, 0.9)
    oracle = scipy_stats.t.interval(0.9, 8, np.mean(values), scipy_stats.sem(values))
    assert (interval.low, interval.high) == pytest.approx(oracle, rel=1e-12)
    assert (interval.confidence, interval.method) == (0.9, "skewness-corrected-t")


def test_a_skewness_of_almost_nothing_changes_almost_nothing() -> None:
    plain, nudged = mean_interval([1.0, 2.0, 3.0]), mean_interval([1.0, 2.0, 3.0 + 1e-11])
    assert (nudged.low, nudged.high) == pytest.approx((plain.low, plain.high), rel=1e-10)


@pytest.mark.parametrize("value", [500.0, 0.1, -3.7])
def test_equal_returns_have_a_point_for_an_interval_and_say_so(value: float) -> None:
    assert mean_interval([value] * 11) == Interval(value, value, 0.95, "constant")


@pytest.mark.parametrize("trials", [1, 2, 7, 50, 1000])
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999])
def test_clopper_pearson_agrees_with_scipy(trials: int, confidence: float) -> None:
    for successes in {0, 1, trials // 3, trials - 1, trials}:
        interval = clopper_pearson(successes, trials, confidence)
        oracle = scipy_stats.binomtest(successes, trials).proportion_ci(confidence, method="exact")
        assert (interval.low, interval.high) == pytest.approx((oracle.low, oracle.high), rel=1e-11)
        assert interval.method == "clopper-pearson"


@pytest.mark.parametrize("trials", [1, 5, 20, 60])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_clopper_pearson_never_covers_less_than_it_says(trials: int, confidence: float) -> None:
    intervals = [clopper_pearson(successes, trials, confidence) for successes in range(trials + 1)]
    lows, highs = np.array([i.low for i in intervals]), np.array([i.high for i in intervals])
    ends = np.unique(np.concatenate([lows, highs]))  # coverage is least beside an end
    rates = np.unique(np.clip(np.concatenate([ends - 1e-9, ends + 1e-9, np.linspace(0.0, 1.0, 501)]), 0.0, 1.0))
    covered = (lows <= rates[:, None]) & (rates[:, None] <= highs)
    coverage = (covered * scipy_stats.binom.pmf(np.arange(trials + 1), trials, rates[:, None])).sum(axis=1)
    assert coverage.min() >= confidence - 1e-12
    assert coverage[(rates > 0.3) & (rates < 0.7)].min() < confidence + 0.5 * (1.0 - confidence) + 1.0 / trials


@pytest.mark.parametrize("successes", [0, 5, 10**9 - 3, 10**9])
def test_clopper_pearson_counts_to_a_thousand_million(successes: int) -> None:
    interval = clopper_pearson(successes, 10**9, 0.95)
    mirror = clopper_pearson(10**9 - successes, 10**9, 0.95)
    assert 0.0 <= interval.low <= successes / 10**9 <= interval.high <= 1.0
    assert 1e-9 < interval.high - interval.low < 2e-8
    assert (1.0 - mirror.high, 1.0 - mirror.low) == pytest.approx((interval.low, interval.high), abs=1e-15)


def test_a_difference_on_the_same_seeds_loses_what_the_seeds_have_in_common() -> None:
    random = np.random.default_rng(0)
    seeds, noise = random.normal(0.0, 100.0, 200), random.normal(0.0, 1.0, 200)
    difference = paired_difference(seeds + 2.0 + noise, seeds)
    assert difference.interval == mean_interval((seeds + 2.0 + noise) - seeds)
    assert difference.interval.high - difference.interval.low < 0.4
    assert difference.mean == pytest.approx(2.0 + noise.mean())
    assert difference.effect_size == pytest.approx((2.0 + noise.mean()) / noise.std(ddof=1))
    assert difference.episodes == 200


def test_policies_that_always_differ_by_the_same_have_an_effect_without_bound() -> None:
    assert paired_difference([3.0, 4.0], [1.0, 2.0]).effect_size == math.inf
    assert paired_difference([1.0, 2.0], [3.0, 4.0]).effect_size == -math.inf
    assert paired_difference([1.0, 2.0], [1.0, 2.0]).effect_size == 0.0


def test_returns_of_different_numbers_of_episodes_are_no_pairs() -> None:
    with pytest.raises(InvalidValueError, match="got 3 and 2; play the same seeds"):
        paired_difference([1.0, 2.0, 3.0], [1.0, 2.0])


def test_the_highest_confidence_below_one_still_has_its_intervals() -> None:
    confidence = 1.0 - 2.0**-53
    assert mean_interval([1.0, 2.0, 4.0], confidence).high > 1e3
    assert clopper_pearson(5, 10, confidence).low < 0.01


@pytest.mark.parametrize("confidence", [0.0, 1.0, -0.5, 95.0, math.nan])
def test_a_confidence_outside_zero_to_one_is_refused(confidence: float) -> None:
    for call in (
        lambda: mean_interval([1.0, 2.0], confidence),
        lambda: clopper_pearson(1, 2, confidence),
        lambda: paired_difference([1.0, 2.0], [1.0, 1.0], confidence),
    ):
        with pytest.raises(InvalidValueError, match="confidence must be between 0 and 1"):
            call()


@pytest.mark.parametrize(("successes", "trials"), [(-1, 5), (6, 5), (0, 0)])
def test_counts_that_cannot_be_are_refused(successes: int, trials: int) -> None:
    with pytest.raises(InvalidValueError, match=f"got {successes} of {trials}"):
        clopper_pearson(successes, trials)


def test_one_return_has_no_interval() -> None:
    with pytest.raises(InvalidValueError, match="at least 2, got 1"):
        mean_interval([1.0])


def test_the_figures_for_a_screen_are_students() -> None:
    values = np.random.default_rng(3).normal(7.0, 2.0, size=30)
    low, high = scipy_stats.t.interval(0.9, 29, values.mean(), values.std(ddof=1) / math.sqrt(30))
    assert figures_so_far(values, 0.9) == pytest.approx({"mean": values.mean(), "low": low, "high": high})
    assert figures_so_far(values[:1]) == {"mean": values[0]}, "one return has no interval"
