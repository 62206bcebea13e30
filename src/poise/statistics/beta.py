"""The incomplete beta function, its inverse, and Student's t through it: what exact intervals and tests are made of.

SciPy has all of this, and loading it costs half a second, a third of what a certified policy may take. Everything here
works on logarithms and on both tails at once, so that nothing underflows: the tests that may be stopped at any time
divide one vanishing tail by another.

Equations are those of the NIST Digital Library of Mathematical Functions (DLMF), https://dlmf.nist.gov.
"""

from __future__ import annotations

import math
from functools import lru_cache

from poise.errors import InvalidValueError

_EPSILON = 2.0**-53
_STIRLING_FROM = 10.0
# Stirling's series, DLMF 5.11.1: B_2k / (2k (2k-1)), enough of it for full precision from 10 on.
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)
_MAX_TERMS = 100_000
_MAX_NEWTON_STEPS = 200
_MAX_LOG_ODDS = 700.0  # beyond them x or 1 - x leaves the range of a float


def log_beta(a: float, b: float) -> float:
    """Logarithm of the beta function B(a, b) = Γ(a) Γ(b) / Γ(a+b).

    From 10 on Γ is replaced by Stirling's series, whose large terms cancel here on paper and not in floating point.

    Args:
        a: first parameter, greater than 0.
        b: second parameter, greater than 0.

    Returns:
        log B(a, b), with a relative error near 1e-15 up to parameters of 1e9 and beyond.

    Raises:
        InvalidValueError: a parameter is not a finite number greater than 0.
    """
    _check_parameters(a, b)
    small, large = min(a, b), max(a, b)
    if large < _STIRLING_FROM:
        return math.lgamma(small) + math.lgamma(large) - math.lgamma(small + large)
    total = small + large
    correction = _stirling_correction(large) - _stirling_correction(total)
    if small < _STIRLING_FROM:
        # log Γ(b) - log Γ(a+b) by DLMF 5.11.1
        return (
            math.lgamma(small)
            + correction
            - (large - 0.5) * math.log1p(small / large)
            - small * (math.log(total) - 1.0)
        )
    return (
        0.5 * math.log(2.0 * math.pi)
        - 0.5 * math.log(large)
        + (small - 0.5) * math.log(small / total)
        - large * math.log1p(small / large)
        + correction
        + _stirling_correction(small)
    )


def log_kernel(x: float, a: float, b: float) -> float:
    """Logarithm of x^a (1-x)^b / B(a, b), the beta density times x (1-x).

    For large parameters it is written around the mean a / (a+b), where its large terms cancel on paper.

    Args:
        x: a number in (0, 1).
        a: first parameter, greater than 0.
        b: second parameter, greater than 0.

    Returns:
        The logarithm; it never underflows.

    Raises:
        InvalidValueError: `x` or a parameter is outside its range.
    """
    _check_parameters(a, b)
    _check_open_unit("x", x)
    return _log_kernel(x, 1.0 - x, a, b)


def log_tails(x: float, a: float, b: float) -> tuple[float, float]:
    """Logarithms of both tails of the beta distribution: of I_x(a, b) and of 1 - I_x(a, b).

    The smaller tail by the continued fraction DLMF 8.17.22, the larger one as its complement.

    Args:
        x: a number in [0, 1].
        a: first parameter, greater than 0.
        b: second parameter, greater than 0.

    Returns:
        ``(log I_x(a, b), log(1 - I_x(a, b)))``. Neither underflows; one is ``-inf`` where `x` is 0 or 1.

    Raises:
        InvalidValueError: `x` or a parameter is outside its range.
    """
    _check_parameters(a, b)
    if not 0.0 <= x <= 1.0:
        raise InvalidValueError(f"x must be from 0 to 1, got {x}; the incomplete beta function is defined there alone")
    if x == 0.0:
        return -math.inf, 0.0
    if x == 1.0:
        return 0.0, -math.inf
    return _log_tails(x, 1.0 - x, a, b)


def incomplete_beta(x: float, a: float, b: float) -> float:
    """Regularised incomplete beta function I_x(a, b): the probability that a Beta(a, b) variable is at most x.

    Args:
        x: a number in [0, 1].
        a: first parameter, greater than 0.
        b: second parameter, greater than 0.

    Returns:
        A number from 0 to 1; see `log_tails` for one that is too small for a float.

    Raises:
        InvalidValueError: `x` or a parameter is outside its range.
    """
    return math.exp(log_tails(x, a, b)[0])


def beta_quantile(probability: float, a: float, b: float) -> float:
    """The x with I_x(a, b) = probability: the inverse of `incomplete_beta`.

    Args:
        probability: a number in (0, 1).
        a: first parameter, greater than 0.
        b: second parameter, greater than 0.

    Returns:
        A number from 0 to 1; 0 or 1 themselves only where the quantile is nearer to them than to any other float.

    Raises:
        InvalidValueError: `probability` or a parameter is outside its range.
    """
    _check_parameters(a, b)
    _check_open_unit("probability", probability)
    if probability <= 0.5:
        return _solve_lower_tail(math.log(probability), a, b)[0]
    return _solve_lower_tail(math.log(1.0 - probability), b, a)[1]


@lru_cache(maxsize=256)  # interval after interval asks for the same few
def student_t_quantile(probability: float, degrees: float) -> float:
    """Quantile of Student's t distribution.

    A t variable with ν degrees of freedom has P(T > t) = I_y(ν/2, 1/2) / 2 with y = ν / (ν + t²), DLMF 8.17.

    Args:
        probability: a number in (0, 1).
        degrees: degrees of freedom ν, greater than 0.

    Returns:
        The t with P(T <= t) = probability.

    Raises:
        InvalidValueError: `probability` or `degrees` is outside its range.
    """
    _check_parameters(degrees, degrees)
    _check_open_unit("probability", probability)
    tail = min(probability, 1.0 - probability)
    if tail == 0.5:
        return 0.0
    share, rest = _solve_lower_tail(math.log(2.0 * tail), 0.5 * degrees, 0.5)
    size = math.sqrt(degrees) * math.sqrt(rest / share) if share > 0.0 else math.inf
    return size if probability > 0.5 else -size


def _check_parameters(a: float, b: float) -> None:
    if not (0.0 < a < math.inf and 0.0 < b < math.inf):
        raise InvalidValueError(f"parameters must be finite and greater than 0, got {a} and {b}")


def _check_open_unit(name: str, value: float) -> None:
    if not 0.0 < value < 1.0:
        raise InvalidValueError(f"{name} must be greater than 0 and less than 1, got {value}")


def _stirling_correction(x: float) -> float:
    """Log Γ(x) less its leading terms (x - 1/2) log x - x + log(2π) / 2, for x >= 10."""
    inverse_square = 1.0 / (x * x)
    total = 0.0
    for coefficient in reversed(_STIRLING):
        total = total * inverse_square + coefficient
    return total / x


def _log_near_one(excess: float, ratio: float) -> float:
    """Logarithm of a ratio that is also known by what it exceeds 1 by."""
    return math.log1p(excess) if abs(excess) < 0.5 else math.log(ratio)


def _log_kernel(x: float, y: float, a: float, b: float) -> float:
    """`log_kernel` for x and its complement y = 1 - x, both with all their digits."""
    if min(a, b) < _STIRLING_FROM:
        log_x = math.log(x) if x < 0.5 else math.log1p(-y)
        log_y = math.log(y) if y < 0.5 else math.log1p(-x)
        return a * log_x + b * log_y - log_beta(a, b)
    total = a + b
    shift = b * x - a * y  # x less the mean, times a + b
    exponent = a * _log_near_one(shift / a, x * total / a) + b * _log_near_one(-shift / b, y * total / b)
    correction = _stirling_correction(total) - _stirling_correction(a) - _stirling_correction(b)
    return exponent + correction + 0.5 * (math.log(a) + math.log(b / total) - math.log(2.0 * math.pi))


def _log_tails(x: float, y: float, a: float, b: float) -> tuple[float, float]:
    """`log_tails` for x and its complement y = 1 - x, both with all their digits and greater than 0."""
    if x * (b + 1.0) > (a + 1.0) * y:  # beyond (a+1) / (a+b+2) the fraction of the upper tail is the quick one
        upper, lower = _log_tails(y, x, b, a)
        return lower, upper
    lower = min(_log_kernel(x, y, a, b) - math.log(_fraction(x, y, a, b)), 0.0)
    return lower, math.log(-math.expm1(lower)) if lower < 0.0 else -math.inf


def _fraction(x: float, y: float, a: float, b: float) -> float:
    """The continued fraction by which the kernel is divided to give I_x(a, b), for x <= (a+1) / (a+b+2).

    It is the even part of DLMF 8.17.22, as in Didonato and Morris 1992, ACM Trans. Math. Softw. 18:360, equation 9:
    half the terms, and written with a y - b x nothing cancels when x is near 1. Evaluated from the front by Lentz's
    method (Thompson and Barnett 1986, J. Comput. Phys. 64:490). It takes some tens of terms; thousands only where a
    and b are both near 1e9 and x is at the mean.
    """
    slope = a * y - b * x + 1.0
    value = numerator = a / (a + 1.0) * slope
    denominator = 0.0
    for m in range(1, _MAX_TERMS):
        even = a + 2 * m
        alpha = (a + m - 1.0) / (even - 1.0) * ((a + b + m - 1.0) / (even - 1.0)) * m * (b - m) * x * x
        beta = m + m * (b - m) * x / (even - 1.0) + (a + m) / (even + 1.0) * (slope + m * (1.0 + y))
        numerator = beta + alpha / numerator
        denominator = 1.0 / (beta + alpha * denominator)
        value *= numerator * denominator
        if abs(numerator * denominator - 1.0) <= 2.0 * _EPSILON:
            break
    return value


def _solve_lower_tail(log_probability: float, a: float, b: float) -> tuple[float, float]:
    """The x with log I_x(a, b) = log_probability, and 1 - x, each with all its digits.

    Newton's method on the log-odds u of x. There the density is x^a (1-x)^b / B(a, b), which is log-concave, hence so
    is its integral: log I is concave in u, no tangent crosses below it, and from any start every step after the first
    goes up towards the solution without passing it. Rounding alone can make a later step go back: that is the end.
    """
    log_odds = min(max(math.log(a) - math.log(b), -_MAX_LOG_ODDS), _MAX_LOG_ODDS)
    for iteration in range(_MAX_NEWTON_STEPS):
        x, y = 1.0 / (1.0 + math.exp(-log_odds)), 1.0 / (1.0 + math.exp(log_odds))
        log_lower = _log_tails(x, y, a, b)[0]
        step = (log_probability - log_lower) * math.exp(log_lower - _log_kernel(x, y, a, b))
        moved = min(max(log_odds + step, -_MAX_LOG_ODDS), _MAX_LOG_ODDS)
        if (iteration > 0 and step <= 0.0) or moved == log_odds:
            break
        log_odds = moved
    if abs(log_odds) == _MAX_LOG_ODDS:
        return (0.0, 1.0) if log_odds < 0.0 else (1.0, 0.0)
    return 1.0 / (1.0 + math.exp(-log_odds)), 1.0 / (1.0 + math.exp(log_odds))
