"""The figures that describe a sample of returns as it is; what they say about the policy is in `intervals`."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from poise.errors import InvalidValueError
from poise.types import FloatArray

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Summary:
    """A sample of returns in a few figures.

    Attributes:
        count: number of returns.
        mean: their mean.
        standard_deviation: square root of the unbiased variance; 0 for a single return.
        minimum: the smallest return.
        quantile_05: 5% of the returns are at most this (linear between neighbours, Hyndman and Fan's type 7).
        quantile_25: the lower quartile.
        median: the middle.
        quantile_75: the upper quartile.
        quantile_95: 95% of the returns are at most this.
        maximum: the largest return.
    """

    count: int
    mean: float
    standard_deviation: float
    minimum: float
    quantile_05: float
    quantile_25: float
    median: float
    quantile_75: float
    quantile_95: float
    maximum: float


def summarize(returns: npt.ArrayLike) -> Summary:
    """Mean, spread and quantiles of a sample.

    Args:
        returns: finite numbers, shape (episodes,), at least one.

    Returns:
        The summary.

    Raises:
        InvalidValueError: `returns` is empty, not one-dimensional or holds a number that is not finite.
    """
    values = check_sample("returns", returns)
    mean, deviation = mean_and_deviation(values)
    return Summary(values.size, mean, deviation, *(float(q) for q in np.quantile(values, (0.0, *QUANTILES, 1.0))))


def mean_and_deviation(values: FloatArray) -> tuple[float, float]:
    """Mean, from a correctly rounded sum and so the same in any order, and sample standard deviation.

    Args:
        values: a sample that passed `check_sample`, shape (count,).

    Returns:
        Mean, and the root of the sum of squared deviations over count - 1 (0 where there is a single value or all are
        equal).
    """
    if bool(np.all(values == values[0])):
        return float(values[0]), 0.0
    mean = math.fsum(values.tolist()) / values.size
    deviations = values - mean
    return mean, math.sqrt(float((deviations * deviations).sum()) / (values.size - 1))


def check_sample(name: str, values: npt.ArrayLike, minimum_count: int = 1) -> FloatArray:
    """Returns `values` as float64, shape (count,), if they are a sample that can be described.

    Args:
        name: what the caller calls them, for the message.
        values: the sample.
        minimum_count: how many there must be.

    Raises:
        InvalidValueError: they are too few, not one-dimensional, not numbers or not finite.
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidValueError(f"{name} must be numbers, one an episode: {error}") from error
    if array.ndim != 1:
        raise InvalidValueError(f"{name} must have one dimension, one number an episode, got shape {array.shape}")
    if array.size < minimum_count:
        raise InvalidValueError(f"{name} must hold at least {minimum_count}, got {array.size}; play more episodes")
    if not np.isfinite(array).all():
        raise InvalidValueError(f"{name} must be finite, got {array[~np.isfinite(array)][0]}; leave out such episodes")
    return array
