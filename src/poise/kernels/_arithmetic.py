"""Compiled elementary functions. Importing this file imports numba.

Two sets take the place of those in `poise.kernels.elementary`: `exact` is the C library to the last bit; `side_by_side`
are polynomials without branches, with which a loop over episodes becomes vector instructions. Each is within one unit
in the last place of the true value (`tests/kernels/test_arithmetic.py` measures it).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from poise.kernels import _random, elementary

OPTIONS: dict[str, Any] = {
    "error_model": "numpy",
    "forceinline": True,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}
"""numpy's error model: a division by zero is an infinity and no exception, which would be a branch."""

_inlined = njit(**OPTIONS)


@intrinsic
def _high_product(typing: Any, x: Any, y: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide = ir.IntType(128)
        product = builder.mul(builder.zext(arguments[0], wide), builder.zext(arguments[1], wide))
        return builder.trunc(builder.lshr(product, ir.Constant(wide, 64)), ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), generate


@intrinsic
def _power_of_two(typing: Any, shifted: Any) -> Any:
    """2**n from n + 2**52 + 1023: its lowest bits are those of the exponent."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        integer = ir.IntType(64)
        bits = builder.shl(builder.bitcast(arguments[0], integer), ir.Constant(integer, 52))
        return builder.bitcast(bits, ir.DoubleType())

    return types.float64(types.float64), generate


@intrinsic
def _exponent_of(typing: Any, x: Any) -> Any:
    """The largest power of two that is not above a positive number."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        integer = ir.IntType(64)
        bits = builder.and_(builder.bitcast(arguments[0], integer), ir.Constant(integer, 0x7FF0000000000000))
        return builder.bitcast(bits, ir.DoubleType())

    return types.float64(types.float64), generate


@intrinsic
def _multiply_add(typing: Any, x: Any, y: Any, z: Any) -> Any:
    """Of ``x * y + z``: rounded once."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return types.float64(types.float64, types.float64, types.float64), generate


@intrinsic
def _called_pow(typing: Any, x: Any, y: Any) -> Any:
    """The C library's pow or powf, called where it must be only: to the compiler it might do more than compute."""
    name = "powf" if x == types.float32 else "pow"

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number = context.get_value_type(signature.return_type)
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(number, (number, number)), name)
        return builder.call(function, arguments)

    return x(x, y), generate


@_inlined
def _high(x: Any, y: Any) -> Any:
    return _high_product(x, y)


@_inlined
def _fused(x: Any, y: Any, z: Any) -> Any:
    return _multiply_add(x, y, z)


@_inlined
def _single(x: Any) -> Any:
    return np.float64(np.float32(x))


@_inlined
def _square(x: Any) -> Any:
    return x * x


@_inlined
def _single_square(x: Any) -> Any:
    return np.float64(np.float32(x * x))


# The C library's pow is within 0.55 units in the last place of the square; glibc's by its own account within 0.54, its
# powf within 0.52. So where the square is nearer to its rounding than 0.45, pow must give that rounding, and is not
# asked. It is asked where the mantissa is the smallest (the next number below is nearer), and beyond ordinary sizes.


@_inlined
def _exact_power2(x: Any) -> Any:
    square = x * x
    unit = _exponent_of(square) * 2.220446049250313e-16
    if math.fabs(_multiply_add(x, x, -square)) < 0.45 * unit and 1e-280 < square < 1e300 and square > unit * _MANTISSAS:
        return square
    # The exponent is 2 for every finite x, but the compiler cannot know and must call pow.
    return _called_pow(x, 2.0 + 0.0 * x) if square < np.inf else square


@_inlined
def _exact_float32_power2(x: Any) -> Any:
    square = x * x  # exact: x has 24 bits
    rounded = np.float64(np.float32(square))
    unit = _exponent_of(rounded) * 1.1920928955078125e-07
    if math.fabs(square - rounded) < 0.45 * unit and 1e-30 < square < 1e38 and rounded > unit * _SINGLE_MANTISSAS:
        return rounded
    single = np.float32(x)
    return np.float64(_called_pow(single, np.float32(2.0) + np.float32(0.0) * single)) if rounded < np.inf else rounded


_MANTISSAS, _SINGLE_MANTISSAS = 4503599627370496.0, 8388608.0  # of a number with the smallest mantissa, in units


@_inlined
def _modulo(x: Any, period: Any) -> Any:
    turns = np.floor(x / period)
    rest = x - turns * period
    return rest + period if rest < 0.0 else rest


# Polynomials: interpolated at Chebyshev's nodes in 40 digits; relative error below 2e-17 on the range named.


@_inlined
def _sin_near(x: Any) -> Any:
    """|x| <= 0.25."""
    z = x * x
    w = z * z
    p = (0.008333333333333094 + z * -0.00019841269838208987) + w * (2.755730551040686e-06 + z * -2.502702826108548e-08)
    return x + x * z * (-0.16666666666666666 + z * p)


@_inlined
def _cos_near(x: Any) -> Any:
    """|x| <= 0.25."""
    z = x * x
    w = z * z
    p = (0.041666666666666415 + z * -0.0013888888887615533) + w * (2.4801577114157226e-05 + z * -2.753123559604959e-07)
    return 1.0 + z * (-0.5 + z * p)


@_inlined
def _sin_sum(x: Any, small: Any) -> Any:
    """sin(x + small), |x| <= π/4, `small` below x's last place."""
    z = x * x
    w = z * z
    p = 0.008333333333330946 + z * -0.0001984126983675497
    q = 2.755731610068303e-06 + z * -2.5051131455427946e-08
    p = p + w * (q + w * 1.591810123027412e-10)
    return x + (x * z * (-0.16666666666666666 + z * p) + small * (1.0 - 0.5 * z))


@_inlined
def _cos_sum(x: Any, small: Any) -> Any:
    """cos(x + small), as `_sin_sum`. What 1 - z/2 loses by its rounding is added again at the end."""
    z = x * x
    w = z * z
    p = 0.041666666666666664 + z * -0.0013888888888887395
    q = 2.4801587298763433e-05 + z * -2.7557317270560326e-07
    p = p + w * (q + w * (2.0876146024689747e-09 + z * -1.1382614868556325e-11))
    half = 0.5 * z
    top = 1.0 - half
    return top + (((1.0 - top) - half) + (w * p - x * small))


@_inlined
def _sin_eighth(x: Any) -> Any:
    """|x| <= π/4."""
    return _sin_sum(x, 0.0)


@_inlined
def _cos_eighth(x: Any) -> Any:
    """|x| <= π/4."""
    return _cos_sum(x, 0.0)


# π/2 in three parts; the first two have 33 bits, so that their products with numbers of 20 bits are exact.
_HALF_PI_1 = float.fromhex("0x1.921fb544p+0")
_HALF_PI_2 = float.fromhex("0x1.0b4611a6p-34")
_HALF_PI_3 = float.fromhex("0x1.3198a2e037073p-69")


@_inlined
def _reduced(x: Any) -> Any:
    """Quarter turns taken off (0 to 3 after whole turns), the rest from -π/4 to π/4, and its own rest; |x| <= 1e6."""
    quarters = np.floor(x * 0.6366197723675814 + 0.5)
    near = x - quarters * _HALF_PI_1
    off = quarters * _HALF_PI_2 + quarters * _HALF_PI_3
    rest = near - off
    return quarters - 4.0 * np.floor(quarters * 0.25), rest, (near - rest) - off


@_inlined
def _sin_wide(x: Any) -> Any:
    """Within 1.2 units in the last place for |x| <= 1e6; the cosine below likewise."""
    quarter, rest, small = _reduced(x)
    sine, cosine = _sin_sum(rest, small), _cos_sum(rest, small)
    odd = (quarter == 1.0) | (quarter == 3.0)
    value = cosine if odd else sine
    return -value if quarter >= 2.0 else value


@_inlined
def _cos_wide(x: Any) -> Any:
    quarter, rest, small = _reduced(x)
    sine, cosine = _sin_sum(rest, small), _cos_sum(rest, small)
    odd = (quarter == 1.0) | (quarter == 3.0)
    value = sine if odd else cosine
    return -value if (quarter == 1.0) | (quarter == 2.0) else value


@_inlined
def _tanh(x: Any) -> Any:
    """With u = exp(2|x|) - 1: tanh|x| = u / (u + 2)."""
    y = math.fabs(x)
    y = 2.0 * (y if y < 20.0 else 20.0)
    n = np.floor(y * 1.4426950408889634 + 0.5)
    r = (y - n * 0.6931471803691238) - n * 1.9082149292705877e-10
    r2 = r * r
    r4 = r2 * r2
    p = (1 / 6 + r * (1 / 24)) + r2 * (1 / 120 + r * (1 / 720))
    q = (1 / 5040 + r * (1 / 40320)) + r2 * (1 / 362880 + r * (1 / 3628800))
    p = p + r4 * (q + r4 * ((1 / 39916800 + r * (1 / 479001600)) + r2 * (1 / 6227020800)))
    p = r + r2 * (0.5 + r * p)
    scale = _power_of_two(n + 4503599627371519.0)
    u = scale * p + (scale - 1.0)
    value = math.copysign(u / (u + 2.0), x)
    return value if x == x else x


Replacements = dict[Callable[..., Any], Any]

_BOTH: Replacements = {
    _random.high_product: _high,
    elementary.single: _single,
    elementary.multiply_add: _fused,
}


def exact() -> Replacements:
    """The C library's functions; sin, cos and tanh are compiled to calls of it without our doing."""
    return _BOTH | {elementary.power2: _exact_power2, elementary.float32_power2: _exact_float32_power2}


def side_by_side(largest_angle: float | None) -> Replacements:
    """Polynomials, for angles of at most `largest_angle` radians; for unknown ones only that of tanh."""
    if largest_angle is None or largest_angle > 1e6:
        return exact() | {elementary.tanh: _tanh}
    found = _BOTH | {
        elementary.power2: _square,
        elementary.float32_power2: _single_square,
        elementary.modulo: _modulo,
        elementary.tanh: _tanh,
    }
    if largest_angle <= 0.25:
        return found | {elementary.sin: _sin_near, elementary.cos: _cos_near}
    if largest_angle <= math.pi / 4:
        return found | {elementary.sin: _sin_eighth, elementary.cos: _cos_eighth}
    return found | {elementary.sin: _sin_wide, elementary.cos: _cos_wide}
