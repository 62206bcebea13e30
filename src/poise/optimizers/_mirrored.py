"""Mirrored sampling: each direction is tried both ways, which takes the even part of the score out of the gradient.

Source: Brockhoff, Auger, Hansen, Arnold and Hohm (2010), "Mirrored sampling and sequential selection for evolution
strategies".
"""

from __future__ import annotations

import numpy as np

from poise.types import FloatArray


def mirrored(steps: FloatArray) -> FloatArray:
    """All steps, shape (pairs, dimension), then all of them reversed: shape (2 pairs, dimension)."""
    return np.concatenate([steps, -steps])


def pairs(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """What belongs to the steps and what to the reversed ones, from an array in the order of `mirrored`."""
    half = len(values) // 2
    return values[:half], values[half:]
