"""The beta function and its family against SciPy, decimal arithmetic of fifty digits, and their own laws."""

from __future__ import annotations

import math
import subprocess
import sys
from decimal import Decimal, localcontext
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import special
from scipy import stats as scipy_stats

from poise.errors import InvalidValueError
from poise.statistics.beta import (
    beta_quantile,
    incomplete_beta,
    log_beta,
    log_kernel,
    log_tails,
    student_t_quantile,
)

SHAPES = (0.01, 0.25, 0.5, 1.0, 1.5, 3.0, 9.99, 10.01, 40.0, 333.3, 5000.0, 1e5, 1e6)
# Stirling's series, DLMF 5.11.1, in whole numbers: B_2k / (2k (2k-1)) for k = 1 to 8.
STIRLING = ((1, 12), (-1, 360), (1, 1260), (-1, 1680), (1, 1188), (-691, 360360), (1, 156), (-3617, 122400))

shapes = st.floats(-2.0, 6.0).map(lambda exponent: 10.0**exponent)
odds = st.floats(-20.0, 20.0)


def exact_log_gamma(x: Decimal) -> Decimal:
    """Log Γ(x) in the context's precision: the recurrence up to 2,000, where eight terms are good for fifty digits."""
    two_pi = 2 * Decimal("3.14159265358979323846264338327950288419716939937510582097494")
    product = Decimal(1)
    while x < 2000:
        product *= x
        x += 1
    series = sum(Decimal(n) / d / x ** (2 * k + 1) for k, (n, d) in enumerate(STIRLING))
    return (x - Decimal("0.5")) * x.ln() - x + two_pi.ln() / 2 + series - product.ln()


def exact_log_beta(a: float, b: float) -> Decimal:
    return exact_log_gamma(Decimal(a)) + exact_log_gamma(Decimal(b)) - exact_log_gamma(Decimal(a) + Decimal(b))


@pytest.mark.parametrize("a", [0.01, 0.7, 8.0, 9.9, 10.1, 77.7, 1234.5, 1e6, 1e9])
@pytest.mark.parametrize("b", [0.02, 1.0, 9.5, 30.0, 4e4, 1e9])
def test_the_log_of_beta_keeps_its_digits_for_any_mixture_of_sizes(a: float, b: float) -> None:
    with localcontext() as context:
        context.prec = 50
        oracle = exact_log_beta(a, b)
    assert log_beta(a, b) == pytest.approx(float(oracle), rel=2e-15, abs=4e-15)


@pytest.mark.parametrize("a", [20.0, 3e3, 1e6, 1e9])
@pytest.mark.parametrize("b", [15.0, 7e4, 1e9])
def test_the_kernel_of_large_parameters_is_as_good_as_its_argument(a: float, b: float) -> None:
    deviation = math.sqrt(1.0 / a + 1.0 / b)
    for distance in (-20.0, -3.0, 0.0, 0.5, 6.0):
        x = 1.0 / (1.0 + b / a * math.exp(-distance * deviation))
        with localcontext() as context:
            context.prec = 50
            oracle = Decimal(a) * Decimal(x).ln() + Decimal(b) * (1 - Decimal(x)).ln() - exact_log_beta(a, b)
        # what half a unit in the last digit of x would change, and a little more
        assert log_kernel(x, a, b) == pytest.approx(float(oracle), abs=1e-12 + 5e-16 * abs(distance) / deviation)


@pytest.mark.parametrize("a", SHAPES)
def test_both_tails_agree_with_scipy(a: float) -> None:
    # Where they differ most, by 4e-12 at (3, 1e6), decimal arithmetic sides with poise.
    for b, probability in product(SHAPES, (1e-12, 0.001, 0.3, 0.5, 0.8, 0.9999)):
        x = float(special.betaincinv(a, b, probability))
        if 1e-290 < x < 1.0:
            lower, upper = log_tails(x, a, b)
            assert math.exp(lower) == pytest.approx(float(special.betainc(a, b, x)), rel=5e-12)
            assert math.exp(upper) == pytest.approx(float(special.betaincc(a, b, x)), rel=5e-12)


@pytest.mark.parametrize("a", SHAPES)
def test_quantiles_agree_with_scipy(a: float) -> None:
    for b, probability in product(SHAPES, (1e-9, 0.005, 0.3, 0.5, 0.975, 1.0 - 1e-9)):
        x = float(special.betaincinv(a, b, probability))
        if x > 1e-290:
            assert beta_quantile(probability, a, b) == pytest.approx(x, rel=1e-12)


@pytest.mark.parametrize("degrees", [0.5, 1.0, 2.0, 3.3, 10.0, 30.0, 1e3, 1e6, 1e9])
def test_t_quantiles_agree_with_scipy(degrees: float) -> None:
    for probability in (1e-12, 1e-4, 0.025, 0.2, 0.3, 0.4999999, 0.5, 0.6, 0.8, 0.975, 0.999999):
        oracle = float(scipy_stats.t.ppf(probability, degrees))
        assert student_t_quantile(probability, degrees) == pytest.approx(oracle, rel=1e-12, abs=1e-16)


@pytest.mark.parametrize("a", [1e9, 3e8, 1e9 + 0.5])
def test_parameters_of_a_thousand_million_keep_eleven_digits(a: float) -> None:
    assert incomplete_beta(0.5, a, a) == pytest.approx(0.5, rel=1e-14)
    for probability in (1e-6, 0.02, 0.7):
        assert incomplete_beta(beta_quantile(probability, a, 2e8), a, 2e8) == pytest.approx(probability, rel=5e-11)
        few = beta_quantile(probability, 3.0, a)
        assert incomplete_beta(few, 3.0, a) == pytest.approx(float(special.gammainc(3.0, few * a)), rel=1e-7)


@pytest.mark.parametrize(("x", "shape"), [(1e-200, 50.0), (0.25, 1e6), (0.999, 5e5), (1e-300, 0.5)])
def test_a_tail_far_below_the_smallest_float_has_its_exact_logarithm(x: float, shape: float) -> None:
    assert log_tails(x, shape, 1.0)[0] == pytest.approx(shape * math.log(x), rel=1e-14)  # I_x(a, 1) = x^a
    assert log_tails(x, 1.0, shape)[1] == pytest.approx(shape * math.log1p(-x), rel=1e-13)  # 1 - I_x(1, b) = (1-x)^b


@pytest.mark.parametrize("shape", [0.3, 9.0, 30.0, 5e3, 1e7])
def test_a_probability_near_the_smallest_float_has_its_quantile(shape: float) -> None:
    for probability in (1e-30, 1e-300):
        x = beta_quantile(probability, shape, 2.0 * shape)
        if x > 0.0:  # it is not where even the quantile underflows
            lower = log_tails(x, shape, 2.0 * shape)[0]
            assert lower == pytest.approx(math.log(probability), rel=1e-11)
    lower, upper_tail = log_tails(1e-300, shape, 2.0 * shape)
    leading = shape * math.log(1e-300) - math.log(shape) - log_beta(shape, 2.0 * shape)  # DLMF 8.17.7, first term
    assert lower == pytest.approx(leading, rel=1e-12)
    assert upper_tail == pytest.approx(-math.exp(lower), rel=1e-9)


@given(shapes, shapes, odds)
@settings(deadline=None)
def test_turning_the_interval_round_swaps_the_tails(a: float, b: float, log_odds: float) -> None:
    x = 1.0 / (1.0 + math.exp(-abs(log_odds)))  # 1 - x is exact from one half on
    lower, upper = log_tails(x, a, b)
    assert log_tails(1.0 - x, b, a) == pytest.approx((upper, lower), rel=1e-12, abs=1e-13)
    assert math.exp(lower) + math.exp(upper) == pytest.approx(1.0, abs=1e-13)


@given(shapes, shapes, odds, st.floats(1e-6, 5.0))
@settings(deadline=None)
def test_the_lower_tail_grows_and_the_upper_shrinks(a: float, b: float, log_odds: float, step: float) -> None:
    x, y = 1.0 / (1.0 + math.exp(-log_odds)), 1.0 / (1.0 + math.exp(-log_odds - step))
    noise = 1e-10 * (1.0 + abs(log_tails(x, a, b)[0]))
    assert log_tails(y, a, b)[0] >= log_tails(x, a, b)[0] - noise
    assert log_tails(y, a, b)[1] <= log_tails(x, a, b)[1] + 1e-10 * (1.0 + abs(log_tails(x, a, b)[1]))


@given(shapes, shapes, st.floats(-6.0, 6.0))
@settings(deadline=None)
def test_the_tail_obeys_the_recurrence_in_its_first_parameter(a: float, b: float, log_odds: float) -> None:
    x = 1.0 / (1.0 + math.exp(-log_odds))
    step = math.exp(log_kernel(x, a, b)) / a  # DLMF 8.17.20: I_x(a+1, b) = I_x(a, b) - x^a (1-x)^b / (a B(a, b))
    assert incomplete_beta(x, a + 1.0, b) == pytest.approx(incomplete_beta(x, a, b) - step, rel=1e-10, abs=1e-12)


@given(shapes, shapes, st.floats(1e-9, 1.0 - 1e-9))
@example(0.0289026391002245, 10.0**-1.5, 1e-9)
@settings(deadline=None)
def test_the_quantile_undoes_the_tail(a: float, b: float, probability: float) -> None:
    x = beta_quantile(probability, a, b)
    if 1e-300 < x < 0.9:
        assert incomplete_beta(x, a, b) == pytest.approx(probability, rel=1e-9)
    elif 0.0 < x < 1.0:  # the float next to x is as far from it as a visible step of the tail
        below, above = incomplete_beta(max(x - 2e-16, 0.0), a, b), incomplete_beta(min(x + 2e-16, 1.0), a, b)
        assert below * (1.0 - 1e-9) <= probability <= above * (1.0 + 1e-9)


@given(st.floats(0.1, 1e6), st.floats(1e-9, 0.5))
@example(18953.0, 0.49999999999874956)
@settings(deadline=None)
def test_t_quantiles_are_odd_and_wider_than_normal_ones(degrees: float, tail: float) -> None:
    low, high = student_t_quantile(tail, degrees), student_t_quantile(1.0 - tail, degrees)
    rounded = 1e-15  # what is left of a tail just below one half
    assert high == pytest.approx(-low, rel=1e-6, abs=rounded)  # 1 - tail is rounded
    assert low <= float(special.ndtri(tail)) * (1.0 - 1e-12) + rounded


@pytest.mark.parametrize("call", [log_beta, lambda a, b: log_kernel(0.5, a, b), lambda a, b: log_tails(0.5, a, b)])
@pytest.mark.parametrize(("a", "b"), [(0.0, 1.0), (1.0, -1.0), (math.inf, 1.0), (1.0, math.nan)])
def test_a_parameter_that_is_not_greater_than_zero_is_refused(call, a: float, b: float) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidValueError, match="greater than 0"):
        call(a, b)


@pytest.mark.parametrize("outside", [-0.1, 1.1, math.nan])
def test_a_place_outside_the_unit_interval_is_refused(outside: float) -> None:
    with pytest.raises(InvalidValueError, match="x must be from 0 to 1"):
        log_tails(outside, 2.0, 3.0)
    with pytest.raises(InvalidValueError, match="greater than 0 and less than 1"):
        beta_quantile(outside, 2.0, 3.0)
    with pytest.raises(InvalidValueError, match="greater than 0 and less than 1"):
        student_t_quantile(outside, 2.0)


def test_the_ends_of_the_unit_interval_have_the_tails_of_a_distribution() -> None:
    assert log_tails(0.0, 2.0, 3.0) == (-math.inf, 0.0)
    assert log_tails(1.0, 2.0, 3.0) == (0.0, -math.inf)


def test_the_mathematics_loads_without_scipy() -> None:
    code = (
        "import sys, poise.statistics.sequential, poise.statistics.aggregate;"
        "print([m for m in ('scipy', 'numba', 'gymnasium') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
