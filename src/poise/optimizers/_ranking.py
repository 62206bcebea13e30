"""Scores to ranks, fairly where scores are equal: candidates at one ceiling are common, and none is the better."""

from __future__ import annotations

import numpy as np

from poise.types import FloatArray


def by_rank(values: FloatArray, scores: FloatArray) -> FloatArray:
    """Gives each candidate the value of its rank; equal scores share the mean of theirs.

    Args:
        values: a value for each rank, the best first, shape (population,).
        scores: higher is better, shape (population,).

    Returns:
        The candidates' values, in the order of `scores`, shape (population,). They have the sum of `values`.
    """
    _, group, counts = np.unique(-scores, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(((sums[ends] - sums[ends - counts]) / counts)[group])


def centered_ranks(scores: FloatArray) -> FloatArray:
    """Ranks spread evenly from 0.5, the best, to -0.5, shape (population,); all zero where all scores are equal.

    Source: Salimans et al., arXiv:1703.03864, section 2.1, "fitness shaping".
    """
    return by_rank(np.linspace(0.5, -0.5, len(scores)), scores)
