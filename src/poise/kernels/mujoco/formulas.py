"""What the environments' formulas have in common, computed as NumPy does to the last bit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from poise.kernels.elementary import multiply_add


def control_cost(weight: float, action: Any) -> Any:
    """``weight * np.sum(np.square(action))`` in single precision; fewer than 8 numbers are added in their order."""
    total = np.float32(0.0)
    for k in range(action.size):
        total += action[k] * action[k]
    return np.float64(np.float32(weight) * total)


def control_cost_of_eight(weight: float, a: Any) -> Any:
    """The same for 8 numbers, which NumPy adds in pairs."""
    left = (a[0] * a[0] + a[1] * a[1]) + (a[2] * a[2] + a[3] * a[3])
    right = (a[4] * a[4] + a[5] * a[5]) + (a[6] * a[6] + a[7] * a[7])
    return np.float64(np.float32(weight) * (left + right))


def clipped(value: Any, bound: float) -> Any:
    """``np.clip(value, -bound, bound)`` of one number."""
    value = -bound if value < -bound else value
    return bound if value > bound else value


def _fuses() -> bool:
    """Whether NumPy's BLAS rounds once for a multiplication and an addition in the dot product of three numbers.

    OpenBLAS has routines for several kinds of processors: those that it calls SkylakeX do, Haswell and Zen do not.
    """
    points = np.arange(1.0, 100.0).reshape(33, 3) / 7.0
    return any(float(np.linalg.norm(point)) != math.sqrt(np.sum(point * point)) for point in points)


FUSED = _fuses()


def distance(a: Any, b: Any) -> Any:
    """``np.linalg.norm(a - b)`` of two points in space.

    NumPy leaves the sum of squares to its BLAS, which adds them in their order, and rounds as `FUSED` says. Where it
    does otherwise, the environments that need this are found to differ, and Gymnasium plays them.
    """
    x, y, z = a[0] - b[0], a[1] - b[1], a[2] - b[2]
    if FUSED:
        return math.sqrt(multiply_add(z, z, multiply_add(y, y, x * x)))
    return math.sqrt(x * x + y * y + z * z)


def sum_of_clipped_squares(values: Any, bound: float) -> Any:
    """``np.sum(np.square(np.clip(values, -bound, bound)))`` of 8 to 128 numbers.

    NumPy keeps eight sums, of every eighth number each; what is left over is added at the end.
    """
    whole = values.size - values.size % 8
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
    for k in range(0, whole, 8):
        s0 += _clipped_square(values[k], bound)
        s1 += _clipped_square(values[k + 1], bound)
        s2 += _clipped_square(values[k + 2], bound)
        s3 += _clipped_square(values[k + 3], bound)
        s4 += _clipped_square(values[k + 4], bound)
        s5 += _clipped_square(values[k + 5], bound)
        s6 += _clipped_square(values[k + 6], bound)
        s7 += _clipped_square(values[k + 7], bound)
    total = ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))
    for k in range(whole, values.size):
        total += _clipped_square(values[k], bound)
    return total


def _clipped_square(value: Any, bound: float) -> Any:
    value = clipped(value, bound)
    return value * value
