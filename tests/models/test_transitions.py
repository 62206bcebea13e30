"""Steps are kept in their order, and tell of themselves whether lasting is all there is to gain."""

from __future__ import annotations

import numpy as np
import pytest

from poise.errors import InvalidValueError
from poise.models.transitions import Row, Transitions, is_survival


def _row(number: float, reward: float = 1.0, terminated: bool = False) -> Row:
    return np.full(2, number), np.ones(1), np.full(2, number + 1), reward, terminated


def test_steps_are_added_in_their_order() -> None:
    steps = Transitions.none(2, 1).plus([_row(0), _row(1)]).plus([]).plus([_row(2, terminated=True)])
    assert len(steps) == 3
    assert steps.before[:, 0].tolist() == [0, 1, 2]
    assert steps.after[:, 0].tolist() == [1, 2, 3]
    assert steps.terminated.tolist() == [False, False, True]


def test_arrays_of_different_lengths_are_refused() -> None:
    steps = Transitions.none(2, 1).plus([_row(0)])
    with pytest.raises(InvalidValueError, match="one length"):
        Transitions(steps.before, steps.controls, steps.after, np.zeros(2), steps.terminated)


@pytest.mark.parametrize(
    ("rewards", "ends", "survival"),
    [
        ([], [], True),
        ([1, 1, 1], [False, False, True], True),
        ([1, 1, 0], [False, False, True], True),
        ([1, 1, 0], [False, False, False], False),
        ([-1, -1, -1], [False, False, False], False),
        ([0, 0], [False, False], False),
        ([1, 1.01], [False, False], False),
    ],
)
def test_lasting_is_all_there_is_where_each_step_earns_the_same(
    rewards: list[float], ends: list[bool], survival: bool
) -> None:
    assert is_survival(np.array(rewards, dtype=np.float64), np.array(ends, dtype=np.bool_)) is survival
