"""Coordinates in which what an environment begins with has mean 0 and spread 1, whatever units it observes in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from poise.errors import InvalidValueError
from poise.types import FloatArray

LEAST_SHARE = 1e-4
"""Least variance of a direction, as a share of the largest: one that hardly varies is not blown up without end."""

STANDARD_ERRORS = 6.0
"""A mean closer to zero than this many standard errors of it is taken for zero."""


@dataclass(frozen=True)
class Whitening:
    """An affine change of coordinates, ``z = matrix @ (x - mean)``.

    Attributes:
        mean: shape (features,).
        matrix: shape (features, features), invertible.
    """

    mean: FloatArray
    matrix: FloatArray

    def __call__(self, observations: FloatArray) -> FloatArray:
        """The whitened observations; shape (..., features) in and out."""
        return np.asarray((observations - self.mean) @ self.matrix.T)

    @classmethod
    def of(cls, observations: FloatArray) -> Whitening:
        """The coordinates of a sample.

        Being made from the whole covariance, they are the same for an environment and for one whose observations
        have been permuted, scaled or rotated. A component that never varies keeps its unit.

        Args:
            observations: shape (samples, features), at least two samples.

        Raises:
            InvalidValueError: for another shape.
        """
        if observations.ndim != 2 or len(observations) < 2:
            raise InvalidValueError(f"expected at least two observations in a table, got shape {observations.shape}")
        mean, spread = observations.mean(axis=0), observations.std(axis=0, ddof=1)
        error = spread / np.sqrt(len(observations))
        centre = np.zeros_like(mean) if (np.abs(mean) <= STANDARD_ERRORS * error).all() else mean
        unit = np.where(spread > 0, spread, 1.0)
        correlation = np.atleast_2d(np.cov(((observations - mean) / unit).T))
        correlation[np.diag_indices_from(correlation)] = 1.0
        values, vectors = np.linalg.eigh(correlation)
        values = np.maximum(values, LEAST_SHARE * values.max())
        return cls(centre, (vectors / np.sqrt(values)) @ vectors.T / unit)
