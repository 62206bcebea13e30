"""Counts and returns read well."""

from __future__ import annotations

import pytest

from poise.words import counted, number


@pytest.mark.parametrize(("number", "said"), [(0, "0 steps"), (1, "1 step"), (2, "2 steps"), (12000, "12,000 steps")])
def test_one_is_one_and_others_are_many(number: int, said: str) -> None:
    assert counted(number, "step") == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (-6205869578.6, "-6,205,869,578.6"),
        (9.5, "9.500"),
        (-0.047, "-0.047"),
        (-0.0001634, "-0.000163"),
        (1.5e-9, "1.5e-09"),
        (-0.0, "0.000"),
    ],
)
def test_a_return_is_said_with_the_figures_that_it_has(value: float, said: str) -> None:
    assert number(value) == said
