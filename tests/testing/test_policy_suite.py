"""The contract suite finds what it is for: each broken function is caught by the check that bears its name."""

from __future__ import annotations

import numpy as np
import pytest

from poise.policies.base import ParametricFunction
from poise.policies.linear import Linear
from poise.testing import policy_suite as suite
from poise.types import FloatArray


class Sound(Linear):
    """Keeps every promise."""


class Backwards(Sound):
    """Adds the features from the last to the first."""

    def __call__(self, parameters: FloatArray, features: FloatArray) -> FloatArray:
        weights = parameters.reshape(*parameters.shape[:-1], self.outputs, self.inputs)
        products = (weights * features[..., np.newaxis, :])[..., ::-1]
        return np.asarray(np.add.accumulate(products, axis=-1)[..., -1])


class Single(Sound):
    """Rounds to single precision."""

    def __call__(self, parameters: FloatArray, features: FloatArray) -> FloatArray:
        return super().__call__(parameters, features).astype(np.float32)


class Changes(Sound):
    """Scales the features it was given, in place."""

    def __call__(self, parameters: FloatArray, features: FloatArray) -> FloatArray:
        features *= 1.0
        return super().__call__(parameters, features)


class DependsOnCompany(Sound):
    """Centres a batch, so that an observation alone gives another output."""

    def __call__(self, parameters: FloatArray, features: FloatArray) -> FloatArray:
        centre = features.mean(axis=tuple(range(features.ndim - 1)), keepdims=True) if features.ndim > 1 else 0.0
        return super().__call__(parameters, features - centre)


class Idle(Sound):
    """Has a parameter that does nothing."""

    @property
    def parameter_count(self) -> int:
        return super().parameter_count + 1

    def __call__(self, parameters: FloatArray, features: FloatArray) -> FloatArray:
        return super().__call__(parameters[..., :-1], features)


class Blind(Sound):
    """Does not look at its last feature."""

    def __call__(self, parameters: FloatArray, features: FloatArray) -> FloatArray:
        seen = features.copy()
        seen[..., -1] = 1.0
        return super().__call__(parameters, seen)


class Copies(ParametricFunction):
    """Gives one number for all its outputs."""

    @property
    def parameter_count(self) -> int:
        return self.inputs

    def __call__(self, parameters: FloatArray, features: FloatArray) -> FloatArray:
        return np.repeat(Linear(self.inputs, 1)(parameters, features), self.outputs, axis=-1)


class Raises(Sound):
    """Refuses what overflows."""

    def __call__(self, parameters: FloatArray, features: FloatArray) -> FloatArray:
        found = super().__call__(parameters, features)
        if not np.isfinite(found).all():
            raise AssertionError("overflow")
        return found


class OnlyItself(Sound):
    """Is not equal to its twin."""

    __eq__ = object.__eq__
    __hash__ = object.__hash__


def test_a_sound_function_passes_every_check() -> None:
    suite.check_function(Sound)


@pytest.mark.parametrize(
    ("broken", "check"),
    [
        (Single, suite.check_outputs_are_float64_of_the_promised_shape),
        (DependsOnCompany, suite.check_a_batch_is_each_one_of_it),
        (Changes, suite.check_arguments_are_left_alone),
        (Idle, suite.check_every_parameter_counts),
        (Blind, suite.check_every_feature_counts),
        (Copies, suite.check_every_output_has_its_own_parameters),
        (Raises, suite.check_extreme_numbers_raise_nothing),
        (OnlyItself, suite.check_it_is_a_value),
    ],
)
def test_a_broken_function_is_caught(broken: type[ParametricFunction], check: suite.Check) -> None:
    with pytest.raises((AssertionError, ValueError)):
        check(broken)


def _plain(parameters: list[float], features: list[float]) -> list[float]:
    total = parameters[0] * features[0]
    for weight, value in zip(parameters[1:], features[1:], strict=True):
        total += weight * value
    return [total]


def test_another_order_of_the_sum_is_caught() -> None:
    suite.check_equals_plain(Sound(9, 1), _plain)
    with pytest.raises(AssertionError, match="to the bit, in the order of the index"):
        suite.check_equals_plain(Backwards(9, 1), _plain)


def test_every_check_is_run() -> None:
    written = {value for name, value in vars(suite).items() if name.startswith("check_")}
    assert set(suite.CHECKS) == written - {suite.check_function, suite.check_equals_plain}
