"""One arithmetic: every function adds in the order of the index, to the bit as plain Python floats would."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poise.policies.base import ParametricFunction
from poise.policies.linear import Linear
from poise.policies.mlp import Mlp
from poise.policies.quadratic import Quadratic


def _weighted(weights: list[float], values: list[float]) -> float:
    total = weights[0] * values[0]
    for weight, value in zip(weights[1:], values[1:], strict=True):
        total += weight * value
    return total


def _plain(function: ParametricFunction, parameters: list[float], x: list[float]) -> list[float]:
    """The same function in the plainest words."""
    if isinstance(function, Linear):
        rows = [parameters[k * len(x) : (k + 1) * len(x)] for k in range(function.outputs)]
        biases = parameters[len(x) * function.outputs :]
        return [_weighted(row, x) + (biases[k] if function.bias else 0.0) for k, row in enumerate(rows)]
    if isinstance(function, Quadratic):
        terms = [*x, *(x[i] * x[j] for i in range(len(x)) for j in range(i, len(x))), 1.0]
        return [_weighted(parameters[k * len(terms) : (k + 1) * len(terms)], terms) for k in range(function.outputs)]
    assert isinstance(function, Mlp)
    values, at = x, 0
    for number, (inputs, outputs) in enumerate(function.layers):
        rows = [parameters[at + k * inputs : at + (k + 1) * inputs] for k in range(outputs)]
        at += inputs * outputs
        sums = [_weighted(row, values) + parameters[at + k] for k, row in enumerate(rows)]
        at += outputs
        values = sums if number + 1 == len(function.layers) else [math.tanh(s) for s in sums]
    return values


FUNCTIONS: list[ParametricFunction] = [
    Linear(4, 1),
    Linear(3, 5, bias=True),
    Quadratic(4, 1),
    Quadratic(3, 2),
    Mlp(4, 1, (8,)),
    Mlp(3, 2, (5, 4)),
]


@pytest.mark.parametrize("function", FUNCTIONS, ids=repr)
@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(1e-3, 1e3))
def test_outputs_equal_plain_floats_to_the_bit(function: ParametricFunction, seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    parameters = scale * rng.normal(size=function.parameter_count)
    x = rng.normal(size=function.inputs)
    assert function(parameters, x).tolist() == _plain(function, parameters.tolist(), x.tolist())


@pytest.mark.parametrize("function", FUNCTIONS, ids=repr)
def test_a_batch_of_candidates_and_observations_equals_one_at_a_time(function: ParametricFunction) -> None:
    rng = np.random.default_rng(1)
    parameters = rng.normal(size=(6, function.parameter_count))
    x = rng.normal(size=(7, function.inputs))
    together = function(parameters[:, np.newaxis], x[np.newaxis])
    assert together.shape == (6, 7, function.outputs)
    for i, j in np.ndindex(6, 7):
        assert (together[i, j] == function(parameters[i], x[j])).all()


def test_the_order_of_the_sum_is_that_of_the_index() -> None:
    # Another order would give 1.0: the small number is lost only if it is added to the large one first.
    assert Linear(3, 1)(np.array([1.0, 1.0, 1.0]), np.array([1.0, 1e17, -1e17])).tolist() == [0.0]


@pytest.mark.parametrize("function", FUNCTIONS, ids=repr)
def test_the_jacobian_says_how_outputs_change_with_the_parameters(function: ParametricFunction) -> None:
    rng = np.random.default_rng(2)
    parameters = rng.normal(size=function.parameter_count)
    features = rng.normal(size=(7, function.inputs))
    jacobian = function.jacobian(parameters, features)
    assert jacobian.shape == (7, function.outputs, function.parameter_count)
    np.testing.assert_allclose(jacobian, ParametricFunction.jacobian(function, parameters, features), atol=1e-6)
    step = 1e-5 * rng.normal(size=function.parameter_count)
    change = function(parameters + step, features) - function(parameters - step, features)
    np.testing.assert_allclose(jacobian @ (2 * step), change, atol=1e-9)
