"""A search that has learnt to end episodes, since every step costs something, can be charged for those not played."""

from __future__ import annotations

import numpy as np
import pytest

from poise.toll import Toll, toll_of
from poise.types import EpisodeBatch


def _batch(returns: list[float], lengths: list[int], terminated: list[bool]) -> EpisodeBatch:
    ended = np.array([terminated])
    return EpisodeBatch(np.array([returns]), np.array([lengths]), ended, ~ended)


@pytest.mark.parametrize(("cut", "second"), [(None, -5.0 - 2.0 * 290), (100, -5.0 - 2.0 * 90), (500, -5.0 - 2.0 * 290)])
def test_who_ends_an_episode_is_charged_for_the_steps_that_it_lacks(cut: int | None, second: float) -> None:
    batch = _batch([-50.0, -5.0, np.nan], [300, 10, 4], [False, True, False])
    charged = Toll(2.0, 300, 9.0).charged(batch, cut)
    np.testing.assert_array_equal(charged.returns, [[-50.0, second, np.nan]])
    assert charged.usage == batch.usage


def test_it_costs_as_much_as_the_dearest_random_policy_paid_for_a_step() -> None:
    batch = _batch([-30.0, -80.0, 5.0, np.nan], [10, 20, 10, 1], [True, True, True, False])
    assert toll_of(batch, 300) == Toll(4.0, 300, 40 / 3)


@pytest.mark.parametrize(
    "batch",
    [
        _batch([-30.0, -80.0], [10, 300], [True, False]),
        _batch([30.0, 0.0, 80.0], [10, 20, 10], [True, True, True]),
    ],
    ids=["many stay", "steps cost nothing"],
)
def test_there_is_none_where_random_policies_stay_or_nothing_costs(batch: EpisodeBatch) -> None:
    assert toll_of(batch, 300) is None
