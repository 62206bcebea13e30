"""Tables: the row of a combination of choices, one combination each, whatever the spaces are made of."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from poise.errors import InvalidValueError
from poise.policies.architecture import MAX_ROWS, Architecture
from poise.policies.lookup import Lookup
from poise.policies.spaces import decode_space, encode_space
from poise.testing.policy_suite import CHECKS, Check

CHOICES = spaces.Tuple((spaces.Discrete(3, start=5), spaces.MultiDiscrete([2, 4]), spaces.MultiBinary(2)))


def _architecture(observation: spaces.Space[Any] = CHOICES, actions: int = 3) -> Architecture:
    return Architecture("table", encode_space(observation), decode_space(spaces.Discrete(actions)))


# Of features that are no choices it does not make sense that each counts.
@pytest.mark.parametrize(
    "check",
    [check for check in CHECKS if "counts" not in check.__name__],
    ids=lambda check: check.__name__.removeprefix("check_"),
)
def test_keeps_the_contract(check: Check) -> None:
    check(lambda inputs, outputs: Lookup(inputs, outputs, tuple(range(inputs)), inputs * inputs))


def test_each_combination_of_choices_has_a_row_of_its_own_the_last_choice_counts_fastest() -> None:
    architecture = _architecture()
    function = architecture.function
    assert isinstance(function, Lookup)
    combinations = itertools.product((5, 6, 7), (0, 1), (0, 1, 2, 3), (0, 1), (0, 1))
    rows = [
        int(function.row(architecture.observation.encode((one, np.array([two, three]), np.array([four, five])))))
        for one, two, three, four, five in combinations
    ]
    assert rows == list(range(3 * 2 * 4 * 4)) == list(range(function.rows))


def test_what_stands_in_the_row_decides() -> None:
    architecture = _architecture(spaces.MultiDiscrete([2, 3]))
    parameters = np.zeros((3, 6))
    parameters[:, 4] = 1.0, 3.0, 2.0
    assert architecture.act(parameters.ravel(), np.array([1, 1])) == 1
    assert architecture.act(parameters.ravel(), np.array([1, 2])) == 0
    others = np.stack([parameters.ravel(), -parameters.ravel()])
    assert architecture.act_batch(others, [np.array([1, 1]), np.array([0, 0])]) == [[1, 0], [0, 0]]


def test_a_table_is_for_few_choices_alone() -> None:
    with pytest.raises(InvalidValueError, match="choices alone"):
        _architecture(spaces.Tuple((spaces.Discrete(2), spaces.Box(0, 1, (1,)))))
    _architecture(spaces.MultiBinary(14))
    with pytest.raises(InvalidValueError, match=f"at most {MAX_ROWS:,} combinations"):
        _architecture(spaces.MultiBinary(15))
