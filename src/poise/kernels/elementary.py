"""The elementary functions that a kernel may use: as Gymnasium's environments compute them, to the last bit.

Here they are plain Python. The drivers put compiled ones in their place: for exact episodes the C library's, which are
those that NumPy uses for single numbers, and for many episodes side by side polynomials of less than one unit in the
last place of error (`poise.kernels._arithmetic`).
"""

from __future__ import annotations

import math
from fractions import Fraction
from math import cos, sin, tanh

import numpy as np

__all__ = [
    "cos",
    "float32_cos",
    "float32_power2",
    "float32_sin",
    "modulo",
    "multiply_add",
    "power2",
    "sin",
    "single",
    "tanh",
]


def single(x: float) -> float:
    """`x` rounded to single precision."""
    return float(np.float32(x))


def power2(x: float) -> float:
    """``x ** 2`` of a float64: the C library's pow, which now and then differs from ``x * x`` in the last bit."""
    return math.pow(x, 2.0)


def float32_power2(x: float) -> float:
    """``x ** 2`` of a float32: the C library's powf."""
    return float(np.float32(x) ** np.float32(2.0))


def multiply_add(x: float, y: float, z: float) -> float:
    """``x * y + z`` of finite numbers, rounded once."""
    return float(Fraction(x) * Fraction(y) + Fraction(z))


def modulo(x: float, period: float) -> float:
    """``x % period`` for a positive period: from 0 (included) to the period."""
    return x % period


def float32_cos(x: float) -> float:
    """NumPy's cosine of a float32 between -π/4 and π/4: a polynomial with fused multiplications.

    Coefficients: NumPy, ``numpy/_core/src/umath/loops_trigonometric.dispatch.cpp``. A fused multiplication and addition
    of single precision is one rounding of the result in double precision.
    """
    x2 = single(x * x)
    r = single(COS_8 * x2 + COS_6)
    r = single(r * x2 + COS_4)
    r = single(r * x2 - 0.5)
    return single(r * x2 + 1.0)


def float32_sin(x: float) -> float:
    """NumPy's sine of a float32 between -π/4 and π/4; see `float32_cos`."""
    x2 = single(x * x)
    r = single(SIN_9 * x2 + SIN_7)
    r = single(r * x2 + SIN_5)
    r = single(r * x2 + SIN_3)
    return single(single(r * x2) * x + x)


COS_8 = float.fromhex("0x1.98e616p-16")
COS_6 = float.fromhex("-0x1.6c06dcp-10")
COS_4 = float.fromhex("0x1.55553cp-05")
SIN_9 = float.fromhex("0x1.7d3bbcp-19")
SIN_7 = float.fromhex("-0x1.a06bbap-13")
SIN_5 = float.fromhex("0x1.11119ap-07")
SIN_3 = float.fromhex("-0x1.555556p-03")
