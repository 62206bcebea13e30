"""Counts read well, in one and in many."""

from __future__ import annotations

import pytest

from poise.words import counted


@pytest.mark.parametrize(("number", "said"), [(0, "0 steps"), (1, "1 step"), (2, "2 steps"), (12000, "12,000 steps")])
def test_one_is_one_and_others_are_many(number: int, said: str) -> None:
    assert counted(number, "step") == said
