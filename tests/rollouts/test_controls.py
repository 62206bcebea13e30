"""Controls: what a model sees of an action is what the environment does."""

from __future__ import annotations

import numpy as np
import pytest
from gymnasium import spaces

from poise.errors import UnsupportedSpaceError
from poise.policies.spaces import decode_space
from poise.rollouts.controls import Controls


def test_two_choices_are_one_sign() -> None:
    controls = Controls(decode_space(spaces.Discrete(2)))
    assert controls(np.array([[0.3], [0.0], [-2.0]])).tolist() == [[1], [-1], [-1]]
    assert controls.action.decode(np.array([0.0])) == 0


def test_more_choices_are_a_vector_with_one_1_where_the_action_is() -> None:
    controls = Controls(decode_space(spaces.Discrete(3)))
    outputs = np.random.default_rng(0).normal(size=(20, 3))
    assert controls(outputs).argmax(axis=-1).tolist() == [controls.action.decode(row) for row in outputs]
    assert (controls(outputs).sum(axis=-1) == 1).all()


def test_numbers_are_clipped_as_the_action_is() -> None:
    controls = Controls(decode_space(spaces.Box(-3, 3, (1,), np.float32)))
    for output in (-9.0, -0.5, 0.2, 4.0):
        assert controls.action.decode(np.array([output])) == np.float32(3 * controls(np.array([output])))


@pytest.mark.parametrize("space", [spaces.MultiBinary(3), spaces.Discrete(17), spaces.MultiDiscrete([2, 3])])
def test_actions_that_it_cannot_learn_are_refused_with_advice(space: spaces.Space[object]) -> None:
    with pytest.raises(UnsupportedSpaceError, match="train without --frugal"):
        Controls(decode_space(space))
