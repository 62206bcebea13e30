"""A summary describes the sample that it was given, and refuses what is none."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poise.errors import InvalidValueError
from poise.statistics.summary import check_sample, summarize

samples = st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=40)


def test_each_figure_is_the_one_its_name_says() -> None:
    summary = summarize(np.arange(101.0)[::-1])
    assert (summary.count, summary.mean, summary.minimum, summary.maximum) == (101, 50.0, 0.0, 100.0)
    assert summary.standard_deviation == pytest.approx(math.sqrt(101 * 102 / 12), rel=1e-15)
    quantiles = (summary.quantile_05, summary.quantile_25, summary.median, summary.quantile_75, summary.quantile_95)
    assert quantiles == pytest.approx((5.0, 25.0, 50.0, 75.0, 95.0))


@given(samples)
@settings(deadline=None)
def test_the_mean_is_the_exact_one_rounded_whatever_the_order(values: list[float]) -> None:
    exact = sum(map(Fraction, values)) / len(values)
    assert summarize(values).mean == pytest.approx(float(exact), rel=4e-16, abs=1e-300)
    assert summarize(values[::-1]).mean == summarize(values).mean


@given(samples)
@settings(deadline=None)
def test_the_deviation_is_the_root_of_the_unbiased_variance(values: list[float]) -> None:
    exact = [Fraction(value) for value in values]
    mean = sum(exact) / len(exact)
    variance = sum((value - mean) ** 2 for value in exact) / max(len(exact) - 1, 1)
    assert summarize(values).standard_deviation == pytest.approx(math.sqrt(variance), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("value", [0.1, 500.0, -1e300])
def test_equal_returns_have_their_value_as_mean_and_no_spread(value: float) -> None:
    summary = summarize([value] * 7)
    assert (summary.mean, summary.standard_deviation, summary.median) == (value, 0.0, value)


def test_a_single_return_has_no_spread() -> None:
    assert summarize([3.5]).standard_deviation == 0.0


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "at least 1"),
        ([[1.0, 2.0]], "one dimension"),
        (3.0, "one dimension"),
        ([1.0, math.nan], "finite"),
        ([math.inf], "finite"),
        (["high"], "numbers"),
        ([[1.0], [1.0, 2.0]], "numbers"),
    ],
)
def test_what_is_no_sample_is_refused(values: object, message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        summarize(values)  # type: ignore[arg-type]


def test_the_caller_s_array_is_left_as_it_was() -> None:
    returns = np.array([3.0, 1.0, 2.0])
    summarize(returns)
    assert returns.tolist() == [3.0, 1.0, 2.0]


def test_a_sample_can_be_asked_to_hold_more() -> None:
    with pytest.raises(InvalidValueError, match="at least 3, got 2; play more"):
        check_sample("returns", [1.0, 2.0], minimum_count=3)
