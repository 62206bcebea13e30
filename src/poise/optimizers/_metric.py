"""Coordinates in which the Fisher information of a policy is the identity: every direction changes its outputs alike.

Source: Amari (1998), "Natural gradient works efficiently in learning", Neural Computation 10(2).
"""

from __future__ import annotations

import numpy as np

from poise.types import FloatArray

FLOOR = 1e-4
"""Least eigenvalue of the metric, as a share of its largest: what changes hardly anything may change at any moment."""

MOST_PARAMETERS = 1_000
"""The metric has as many rows and columns."""


def whitened(metric: FloatArray) -> FloatArray | None:
    """The axes of these coordinates as columns, shape (dimension, dimension).

    Args:
        metric: symmetric, shape (dimension, dimension).

    Returns:
        ``None`` for a metric of nothing, or with numbers beyond all others.
    """
    if not np.isfinite(metric).all():
        return None
    eigenvalues, axes = np.linalg.eigh(metric)
    return axes / np.sqrt(np.maximum(eigenvalues, FLOOR * eigenvalues[-1])) if eigenvalues[-1] > 0 else None
