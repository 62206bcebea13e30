"""The contract of a parametric function as checks that anyone can run over a class of their own.

With pytest::

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_contract(check):
        check(MyFunction)

Without: ``check_function(MyFunction)``. Each check raises AssertionError with what was expected. A *factory* is the
class, or anything that makes a function for so many inputs and outputs: ``lambda i, o: Mlp(i, o, (5, 4))``.

That sums are taken in the order of the index is shown by `check_equals_plain`, which wants the function written once
more with plain Python numbers.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator

import numpy as np

from poise.policies.base import ParametricFunction
from poise.types import FloatArray

Factory = Callable[[int, int], ParametricFunction]
Check = Callable[[Factory], None]
Plain = Callable[[list[float], list[float]], list[float]]
"""Parameters and features to outputs, in plain Python numbers."""

SIZES = ((1, 1), (4, 1), (3, 2), (7, 5))
"""Inputs and outputs that are tried."""


def check_function(factory: Factory) -> None:
    """Runs every check of `CHECKS`.

    Raises:
        AssertionError: at the first promise that is broken.
    """
    for check in CHECKS:
        check(factory)


def check_equals_plain(function: ParametricFunction, plain: Plain, trials: int = 100) -> None:
    """The outputs are, to the bit, those of the same function in plain Python numbers.

    Raises:
        AssertionError: at the first parameters and features for which they are not.
    """
    chance = np.random.default_rng(3)
    for _ in range(trials):
        parameters = chance.normal(size=function.parameter_count) * 10.0 ** chance.uniform(-3, 3)
        features = chance.normal(size=function.inputs)
        found, expected = function(parameters, features).tolist(), plain(parameters.tolist(), features.tolist())
        _require(found == expected, f"{found} equals {expected} to the bit, in the order of the index")


def check_outputs_are_float64_of_the_promised_shape(factory: Factory) -> None:
    """One vector of parameters and of features gives a vector of outputs; `parameter_count` is a positive integer."""
    for function, parameters, features in _cases(factory):
        count = function.parameter_count
        _require(type(count) is int and count > 0, f"parameter_count is a positive integer, not {count!r}")
        outputs = function(parameters[0], features[0])
        _require(isinstance(outputs, np.ndarray), f"outputs are an array, not {type(outputs).__name__}")
        _require(outputs.shape == (function.outputs,), f"shape ({function.outputs},), not {outputs.shape}")
        _require(outputs.dtype == np.float64, f"float64, not {outputs.dtype}")
        _require(bool(np.isfinite(outputs).all()), "moderate numbers give finite outputs")


def check_a_batch_is_each_one_of_it(factory: Factory) -> None:
    """Leading axes broadcast, and every entry is to the bit what it is alone: the size of a batch changes no sum."""
    for function, parameters, features in _cases(factory):
        batch = function(parameters[:, np.newaxis], features[np.newaxis])
        shape = (len(parameters), len(features), function.outputs)
        _require(batch.shape == shape, f"shape {shape} of a batch, not {batch.shape}")
        for i, j in np.ndindex(*shape[:2]):
            _require_equal(batch[i, j], function(parameters[i], features[j]), "an entry of a batch is what it is alone")
        paired = function(parameters, features[: len(parameters)])
        for i, pair in enumerate(paired):
            _require_equal(pair, batch[i, i], "pairs are what they are alone")


def check_the_layout_in_memory_changes_nothing(factory: Factory) -> None:
    """Parameters and features may be views, strided or in another order."""
    for function, parameters, features in _cases(factory):
        expected = function(parameters, features[: len(parameters)])
        strided = np.repeat(parameters, 2, axis=1)[:, ::2]
        found = function(strided, np.asfortranarray(features)[: len(parameters)])
        _require_equal(found, expected, "views give the same outputs")


def check_arguments_are_left_alone(factory: Factory) -> None:
    """Arguments may be read-only, stay as they were, and are not what is returned."""
    for function, parameters, features in _cases(factory):
        before = parameters.copy(), features.copy()
        parameters.setflags(write=False)
        features.setflags(write=False)
        outputs = function(parameters[0], features[0])
        again = outputs.copy()
        outputs.fill(np.nan)
        _require_equal(function(parameters[0], features[0]), again, "equal arguments give equal outputs")
        _require_equal(parameters, before[0], "parameters stay as they were")
        _require_equal(features, before[1], "features stay as they were")


def check_every_parameter_counts(factory: Factory) -> None:
    """Each parameter changes an output for some observation: none is there for nothing."""
    for function, parameters, features in _cases(factory):
        expected = function(parameters[0], features)
        for index in range(function.parameter_count):
            changed = parameters[0].copy()
            changed[index] += 0.5
            _require(bool((function(changed, features) != expected).any()), f"parameter {index} changes an output")


def check_every_feature_counts(factory: Factory) -> None:
    """Each feature changes an output for some parameters."""
    for function, parameters, features in _cases(factory):
        expected = function(parameters, features[0])
        for index in range(function.inputs):
            changed = features[0].copy()
            changed[index] += 0.5
            _require(bool((function(parameters, changed) != expected).any()), f"feature {index} changes an output")


def check_every_output_has_its_own_parameters(factory: Factory) -> None:
    """No two outputs are always the same."""
    for function, parameters, features in _cases(factory):
        outputs = function(parameters[:, np.newaxis], features[np.newaxis]).reshape(-1, function.outputs)
        distinct = len(np.unique(outputs, axis=1).T)
        _require(distinct == function.outputs, f"{function.outputs} outputs are {distinct} different ones")


def check_extreme_numbers_raise_nothing(factory: Factory) -> None:
    """Huge, tiny and zero parameters give outputs of the right shape; they may overflow."""
    for function, parameters, features in _cases(factory):
        for scale in (0.0, 5e-324, 1e300, 1e308):
            with np.errstate(all="ignore"):
                shape = function(np.sign(parameters) * scale, features[: len(parameters)]).shape
            _require(shape == (len(parameters), function.outputs), f"a scale of {scale} changes no shape")


def check_it_is_a_value(factory: Factory) -> None:
    """Made alike it is equal and hashes alike, it survives pickling, and says another size is another function."""
    for function, parameters, features in _cases(factory):
        twin = factory(function.inputs, function.outputs)
        _require(twin == function and hash(twin) == hash(function), "functions made alike are equal")
        _require(factory(function.inputs + 1, function.outputs) != function, "another size is another function")
        copy = pickle.loads(pickle.dumps(function))  # nosec B301  made in this line
        _require(copy == function, "a function survives pickling")
        _require_equal(copy(parameters[0], features[0]), function(parameters[0], features[0]), "and computes the same")


CHECKS: tuple[Check, ...] = (
    check_outputs_are_float64_of_the_promised_shape,
    check_a_batch_is_each_one_of_it,
    check_the_layout_in_memory_changes_nothing,
    check_arguments_are_left_alone,
    check_every_parameter_counts,
    check_every_feature_counts,
    check_every_output_has_its_own_parameters,
    check_extreme_numbers_raise_nothing,
    check_it_is_a_value,
)


def _cases(factory: Factory) -> Iterator[tuple[ParametricFunction, FloatArray, FloatArray]]:
    """Functions of several sizes, each with four vectors of parameters and nine of features."""
    for inputs, outputs in SIZES:
        function, chance = factory(inputs, outputs), np.random.default_rng(11)
        _require((function.inputs, function.outputs) == (inputs, outputs), "inputs and outputs are those asked for")
        yield function, chance.normal(size=(4, function.parameter_count)), chance.normal(size=(9, inputs))


def _require_equal(found: FloatArray, expected: FloatArray, promise: str) -> None:
    _require(found.shape == expected.shape and found.tobytes() == expected.tobytes(), promise)


def _require(condition: bool, promise: str) -> None:
    if not condition:
        raise AssertionError(f"a parametric function's contract is broken: {promise}")
