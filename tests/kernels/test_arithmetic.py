"""The polynomials of lanes are as near to the true values as they say, and exact arithmetic is the C library's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import njit

from poise.kernels import _arithmetic, elementary
from poise.types import FloatArray

POLYNOMIALS = [
    (_arithmetic._sin_near, np.sin, 0.25, 0.6),
    (_arithmetic._cos_near, np.cos, 0.25, 0.6),
    (_arithmetic._sin_eighth, np.sin, np.pi / 4, 0.9),
    (_arithmetic._cos_eighth, np.cos, np.pi / 4, 0.9),
    (_arithmetic._sin_wide, np.sin, 4.0, 1.2),
    (_arithmetic._cos_wide, np.cos, 4.0, 1.2),
    (_arithmetic._sin_wide, np.sin, 1e6, 1.2),
    (_arithmetic._cos_wide, np.cos, 1e6, 1.2),
    (_arithmetic._tanh, np.tanh, 0.1, 2.5),
    (_arithmetic._tanh, np.tanh, 25.0, 2.5),
]


def each(function: Any, values: FloatArray) -> FloatArray:
    @njit(error_model="numpy")  # type: ignore[untyped-decorator, unused-ignore]
    def loop(values: Any, results: Any) -> None:
        for i in range(values.size):
            results[i] = function(values[i])

    results = np.empty_like(values)
    loop(values, results)
    return results


@pytest.mark.parametrize(("function", "true", "reach", "units"), POLYNOMIALS)
def test_polynomial_is_within_its_bound(function: Any, true: Callable[[Any], Any], reach: float, units: float) -> None:
    values = np.random.default_rng(0).uniform(-reach, reach, 100_000)
    values[:3] = 0.0, reach, -reach
    expected = true(values.astype(np.longdouble))
    unit = np.spacing(np.abs(expected.astype(np.float64)))
    assert (np.abs(each(function, values) - expected) / unit).max() < units


def test_tanh_ends_at_one_and_keeps_nan() -> None:
    values = np.array([-1e308, 1e308, np.inf, -np.inf, np.nan, -0.0])
    results = each(_arithmetic._tanh, values)
    assert np.array_equal(results, [-1.0, 1.0, 1.0, -1.0, np.nan, 0.0], equal_nan=True)
    assert np.signbit(results[-1])


def test_exact_powers_are_the_c_librarys() -> None:
    values = np.random.default_rng(1).uniform(-30, 30, 20_000)
    exact = _arithmetic.exact()
    assert each(exact[elementary.power2], values).tolist() == [elementary.power2(x) for x in values.tolist()]
    single = values.astype(np.float32).astype(np.float64)
    ours = each(exact[elementary.float32_power2], single)
    assert ours.tolist() == [elementary.float32_power2(x) for x in single.tolist()]
    assert ours.tolist() == [float(x**2) for x in values.astype(np.float32)]


def test_exact_powers_are_the_c_librarys_at_every_size() -> None:
    chance = np.random.default_rng(4)
    sizes = 10.0 ** chance.uniform(-170, 153, 20_000)
    powers = 2.0 ** np.arange(-500, 500)
    values = np.concatenate([sizes, powers, np.nextafter(powers, 0.0), powers * np.sqrt(2.0), [0.0, -0.0, 5e-324]])
    exact = _arithmetic.exact()
    assert each(exact[elementary.power2], values).tolist() == [elementary.power2(x) for x in values.tolist()]
    single = (10.0 ** chance.uniform(-24, 19, 20_000)).astype(np.float32)
    ours = each(exact[elementary.float32_power2], single.astype(np.float64))
    assert ours.tolist() == [elementary.float32_power2(float(x)) for x in single]
    for power in (elementary.power2, elementary.float32_power2):
        beyond = each(exact[power], np.array([np.inf, -np.inf, np.nan]))
        assert np.array_equal(beyond, [np.inf, np.inf, np.nan], equal_nan=True)


def test_single_precision_sines_are_numpys() -> None:
    values = np.random.default_rng(2).uniform(-0.1, 0.1, 20_000).astype(np.float32)
    assert [elementary.float32_sin(float(x)) for x in values] == np.sin(values).tolist()
    assert [elementary.float32_cos(float(x)) for x in values] == np.cos(values).tolist()


@njit(error_model="numpy")  # type: ignore[untyped-decorator, unused-ignore]
def _turned(value: Any) -> Any:
    return _arithmetic._modulo(value, 2 * np.pi)


def test_remainder_of_lanes_is_that_of_python_near_every_turn() -> None:
    period = 2 * np.pi
    values = np.concatenate([np.linspace(-90, 90, 20_001), np.arange(-10, 11) * period])
    ours = each(_turned, values)
    assert ((ours >= 0.0) & (ours <= period)).all()
    away = np.abs(ours - values % period)
    assert np.minimum(away, period - away).max() < 1e-13
