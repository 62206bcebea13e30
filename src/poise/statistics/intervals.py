"""Intervals for what is fixed before the episodes are played: a mean return, a success rate, a difference."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy.typing as npt

from poise.errors import InvalidValueError
from poise.statistics.beta import beta_quantile, student_t_quantile
from poise.statistics.summary import check_sample, mean_and_deviation
from poise.types import FloatArray


@dataclass(frozen=True)
class Interval:
    """A range that holds the true value with a stated confidence.

    Attributes:
        low: lower end.
        high: upper end.
        confidence: share of such intervals that hold the true value, between 0 and 1.
        method: name of the way it was made, for instance ``"student-t"``.
    """

    low: float
    high: float
    confidence: float
    method: str


@dataclass(frozen=True)
class PairedDifference:
    """How much better one policy is than another on the same episodes.

    Attributes:
        mean: mean of first minus second.
        interval: interval of that mean.
        effect_size: mean over the standard deviation of the differences (Cohen's d_z); 0 where all differences are 0,
            infinite where they are all equal and not 0.
        episodes: number of pairs.
    """

    mean: float
    interval: Interval
    effect_size: float
    episodes: int


def mean_interval(returns: npt.ArrayLike, confidence: float = 0.95) -> Interval:
    """Interval of the mean return of a policy: Student's t, corrected for skewness.

    Returns of a policy that nearly always succeeds are bounded above and trail off below, and there Student's interval
    misses the true mean on one side, up to four times as often as it should. Hall's transformation of the t statistic
    takes the skewness out to second order and is monotone, hence has an inverse (Hall 1992, J. R. Statist. Soc. B
    54:221, the first of his two). With the t quantile in place of his normal one it is right for normal returns too.
    What each way covers is measured in `docs/statistics.md`.

    Args:
        returns: returns of independent episodes, shape (episodes,), at least two.
        confidence: between 0 and 1.

    Returns:
        The interval, its method ``"skewness-corrected-t"``. Where all returns are equal it is their one value and the
        method ``"constant"``: such a sample says nothing of how far a rare return may lie, and the interval to read is
        that of the success rate.

    Raises:
        InvalidValueError: `returns` is not such a sample or `confidence` is outside its range.
    """
    check_confidence(confidence)
    values = check_sample("returns", returns, minimum_count=2)
    mean, deviation = mean_and_deviation(values)
    if deviation == 0.0:
        return Interval(mean, mean, confidence, "constant")
    quantile = -student_t_quantile(0.5 * (1.0 - confidence), values.size - 1)
    scaled = (values - mean) / deviation
    skewness = float((scaled * scaled * scaled).mean())
    error = deviation / math.sqrt(values.size)
    low = mean - error * _unskewed(quantile, skewness, values.size)
    high = mean - error * _unskewed(-quantile, skewness, values.size)
    return Interval(low, high, confidence, "skewness-corrected-t")


def figures_so_far(returns: FloatArray, confidence: float = 0.95) -> dict[str, float]:
    """Mean return and Student's interval of it, uncorrected: for a screen, where it is shown often and then replaced.

    Args:
        returns: finite returns of independent episodes, shape (episodes,), at least one.
        confidence: between 0 and 1.

    Returns:
        ``mean``, and from two returns on ``low`` and ``high``.
    """
    mean = float(returns.mean())
    if returns.size < 2:
        return {"mean": mean}
    error = float(returns.std(ddof=1)) / math.sqrt(returns.size)
    margin = error * student_t_quantile(0.5 * (1.0 + confidence), returns.size - 1)
    return {"mean": mean, "low": mean - margin, "high": mean + margin}


def clopper_pearson(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """Exact interval of a success rate.

    Clopper and Pearson 1934, Biometrika 26:404: the rates that neither one-sided binomial test rejects. Its coverage is
    never below `confidence`, whatever the rate.

    Args:
        successes: from 0 to `trials`.
        trials: number of independent episodes, at least 1.
        confidence: between 0 and 1.

    Returns:
        The interval, within [0, 1].

    Raises:
        InvalidValueError: a number is outside its range.
    """
    check_confidence(confidence)
    if trials < 1 or not 0 <= successes <= trials:
        raise InvalidValueError(
            f"expected successes from 0 to trials and trials of at least 1, got {successes} of {trials}"
        )
    tail = 0.5 * (1.0 - confidence)
    failures = trials - successes
    low = beta_quantile(tail, successes, failures + 1) if successes else 0.0
    high = 1.0 - beta_quantile(tail, failures, successes + 1) if failures else 1.0
    return Interval(low, high, confidence, "clopper-pearson")


def paired_difference(first: npt.ArrayLike, second: npt.ArrayLike, confidence: float = 0.95) -> PairedDifference:
    """How much the mean return of one policy exceeds another's, both played on the same episode seeds.

    The same start states make the two returns of a pair alike; their difference varies less than either.

    Args:
        first: returns of one policy, shape (episodes,), at least two.
        second: returns of the other on the same seeds in the same order, same shape.
        confidence: between 0 and 1.

    Returns:
        Mean difference with its interval and the effect size.

    Raises:
        InvalidValueError: the two are not samples of one length, or `confidence` is outside its range.
    """
    a, b = check_sample("first", first, minimum_count=2), check_sample("second", second, minimum_count=2)
    if a.size != b.size:
        raise InvalidValueError(f"expected two returns for each seed, got {a.size} and {b.size}; play the same seeds")
    differences = a - b
    mean, deviation = mean_and_deviation(differences)
    return PairedDifference(mean, mean_interval(differences, confidence), _effect_size(mean, deviation), a.size)


def _unskewed(quantile: float, skewness: float, count: int) -> float:
    """The t statistic that Hall's transformation takes to `quantile`.

    With k = skewness / sqrt(count) the transformation is T + k T²/3 + k² T³/27 + k/6 = ((1 + k T/3)³ - 1) / k + k/6.
    """
    k = skewness / math.sqrt(count)
    if k == 0.0:
        return quantile
    excess = k * (quantile - k / 6.0)
    # the cube root of 1 + excess, less 1; the first form keeps the digits of a small skewness
    root = math.expm1(math.log1p(excess) / 3.0) if excess > -0.5 else math.cbrt(1.0 + excess) - 1.0
    return 3.0 * root / k


def _effect_size(mean: float, deviation: float) -> float:
    if deviation > 0.0:
        return mean / deviation
    return math.copysign(math.inf, mean) if mean else 0.0


def check_confidence(confidence: float) -> None:
    """Refuses a confidence that is not between 0 and 1.

    Raises:
        InvalidValueError: it is 0 or less, 1 or more, or not a number.
    """
    if not 0.0 < confidence < 1.0:
        raise InvalidValueError(f"confidence must be between 0 and 1, got {confidence}; 0.95 is usual")
