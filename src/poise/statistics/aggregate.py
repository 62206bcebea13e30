"""Figures over several tasks with several runs of each: what a benchmark reports instead of a table of means.

After Agarwal et al. 2021, "Deep reinforcement learning at the edge of the statistical precipice", arXiv:2108.13264.
Scores are arrays of shape (tasks, runs), normalised so that those of different tasks may be put together. The runs of
a task stand for the seeds somebody else would have had; the tasks are taken as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from poise.errors import InvalidValueError
from poise.statistics.intervals import Interval, check_confidence
from poise.types import FloatArray

Statistic: TypeAlias = Callable[[FloatArray], FloatArray]
"""Takes scores of shape (..., tasks, runs) to figures of shape (..., *figure)."""

_NUMBERS_AT_A_TIME = 2_000_000


def interquartile_mean(scores: npt.ArrayLike) -> FloatArray:
    """Mean of the middle half of all runs of all tasks, section 4.3 of the paper.

    The lowest and the highest quarter are left out, each rounded down to whole runs. It bears outliers nearly as well
    as the median and needs far fewer runs than that for the same precision.

    Args:
        scores: shape (..., tasks, runs); leading axes are kept.

    Returns:
        One figure for each leading index, shape (...).

    Raises:
        InvalidValueError: `scores` has fewer than two dimensions, is empty or is not finite.
    """
    array = _check_scores(scores)
    ordered = np.sort(array.reshape(*array.shape[:-2], -1), axis=-1)
    cut = ordered.shape[-1] // 4
    return np.asarray(ordered[..., cut : ordered.shape[-1] - cut].mean(axis=-1), dtype=np.float64)


def optimality_gap(scores: npt.ArrayLike, target: float = 1.0) -> FloatArray:
    """How far the runs stay below a target on average; what lies above it counts as reached. Section 4.3 of the paper.

    Args:
        scores: shape (..., tasks, runs); leading axes are kept.
        target: the score that is enough.

    Returns:
        One figure for each leading index, 0 or more, shape (...).

    Raises:
        InvalidValueError: `scores` has fewer than two dimensions, is empty or is not finite.
    """
    return np.asarray(np.maximum(target - _check_scores(scores), 0.0).mean(axis=(-2, -1)), dtype=np.float64)


def performance_profile(scores: npt.ArrayLike, thresholds: npt.ArrayLike) -> FloatArray:
    """Share of all runs that score above each threshold: the run-score distribution of the paper, section 4.2.

    Args:
        scores: shape (..., tasks, runs); leading axes are kept.
        thresholds: shape (thresholds,).

    Returns:
        Shares from 0 to 1 that do not rise with the threshold, shape (..., thresholds). Each task has the same weight.

    Raises:
        InvalidValueError: `scores` has fewer than two dimensions, is empty or is not finite, or `thresholds` is not
            one-dimensional.
    """
    array, levels = _check_scores(scores), np.asarray(thresholds, dtype=np.float64)
    if levels.ndim != 1:
        raise InvalidValueError(f"thresholds must have one dimension, got shape {levels.shape}")
    ordered = np.sort(array.reshape(-1, array.shape[-2] * array.shape[-1]), axis=-1)
    above = np.stack([row.size - np.searchsorted(row, levels, side="right") for row in ordered])
    return np.asarray(above / ordered.shape[-1], dtype=np.float64).reshape(*array.shape[:-2], levels.size)


def bootstrap_bounds(
    scores: npt.ArrayLike,
    statistic: Statistic,
    random: np.random.Generator,
    confidence: float = 0.95,
    replicates: int = 2000,
) -> tuple[FloatArray, FloatArray]:
    """Stratified percentile bootstrap of any figure over tasks and runs, section 4.1 of the paper.

    In each replicate every task draws as many of its own runs as it has, with replacement, apart from the other tasks.

    Args:
        scores: shape (tasks, runs), at least two runs.
        statistic: takes scores (replicates, tasks, runs) to figures (replicates, *figure).
        random: draws the runs; it is the only source of chance.
        confidence: between 0 and 1.
        replicates: how often, at least 1.

    Returns:
        Lower and upper bounds, each of the figure's own shape.

    Raises:
        InvalidValueError: an argument is outside its range.
    """
    check_confidence(confidence)
    array = _check_scores(scores)
    if array.ndim != 2 or array.shape[1] < 2:
        raise InvalidValueError(f"scores must have shape (tasks, runs) with at least two runs, got {array.shape}")
    if replicates < 1:
        raise InvalidValueError(f"replicates must be 1 or more, got {replicates}; 2000 is usual")
    tasks, runs = array.shape
    block = max(1, _NUMBERS_AT_A_TIME // array.size)
    figures = []
    for start in range(0, replicates, block):
        drawn = random.integers(runs, size=(min(block, replicates - start), tasks, runs))
        figures.append(statistic(np.take_along_axis(array[np.newaxis], drawn, axis=2)))
    tail = 0.5 * (1.0 - confidence)
    low, high = np.quantile(np.concatenate(figures), (tail, 1.0 - tail), axis=0)
    return np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)


def interquartile_mean_interval(
    scores: npt.ArrayLike, random: np.random.Generator, confidence: float = 0.95, replicates: int = 2000
) -> Interval:
    """Interval of the interquartile mean by the stratified bootstrap.

    Args:
        scores: shape (tasks, runs), at least two runs.
        random: draws the runs.
        confidence: between 0 and 1.
        replicates: how often, at least 1.

    Returns:
        The interval, its method ``"stratified-bootstrap"``.

    Raises:
        InvalidValueError: an argument is outside its range.
    """
    low, high = bootstrap_bounds(scores, interquartile_mean, random, confidence, replicates)
    return Interval(float(low), float(high), confidence, "stratified-bootstrap")


def _check_scores(scores: npt.ArrayLike) -> FloatArray:
    try:
        array = np.asarray(scores, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidValueError(f"scores must be numbers, the same count of runs for every task: {error}") from error
    if array.ndim < 2 or array.size == 0:
        raise InvalidValueError(f"scores must have shape (tasks, runs) with at least one of each, got {array.shape}")
    if not np.isfinite(array).all():
        raise InvalidValueError("scores must be finite; leave out the runs that did not end, and say so")
    return array
