"""What a search refuses before it begins, and when nothing can be learnt."""

from __future__ import annotations

import numpy as np
import pytest

from poise.checks import check_budget, check_failures
from poise.errors import EnvironmentFailureError, InvalidValueError
from poise.optimizers.episode_newton import EpisodeNewton
from poise.optimizers.snes import Snes
from poise.seeding import generator
from poise.types import Budget, Effort, EpisodeBatch


def test_a_budget_that_probing_would_use_up_is_refused() -> None:
    with pytest.raises(InvalidValueError, match=r"7 candidates with 1 each.* beside the 32 that measure"):
        check_budget(Budget(max_episodes=38), _snes(7), Effort(), before=32, looked_at=0)
    check_budget(Budget(max_episodes=39), _snes(7), Effort(), before=32, looked_at=0)


def test_so_is_one_that_looking_would_use_up_and_candidates_that_share_episodes_play_one_each() -> None:
    optimizer = EpisodeNewton(3, generator(0, "x"), EpisodeNewton.Options(episodes=4, directions=2))
    with pytest.raises(
        InvalidValueError, match=r"20 candidates with 1 each\) beside the 4 that are looked at first, got"
    ):
        check_budget(Budget(max_episodes=23), optimizer, Effort((3,)), before=0, looked_at=4)
    check_budget(Budget(max_episodes=24), optimizer, Effort((3,)), before=0, looked_at=4)


def _snes(population: int) -> Snes:
    return Snes(3, generator(0, "x"), Snes.Options(population=population))


def test_a_budget_of_steps_or_seconds_always_allows_a_generation() -> None:
    check_budget(Budget(max_steps=1, max_seconds=1e-9), _snes(1000), Effort((10,)), before=64, looked_at=24)


def _batch(returns: list[list[float]]) -> EpisodeBatch:
    array = np.array(returns)
    ended = ~np.isnan(array)
    return EpisodeBatch(array, np.ones(array.shape, dtype=np.int64), ended, ~ended & False, None, "it fell over")


def test_one_candidate_that_got_through_is_enough() -> None:
    check_failures(_batch([[1.0, np.nan], [2.0, 3.0]]), "generation 1")
    with pytest.raises(EnvironmentFailureError, match=r"every candidate of generation 1, 2 of 4 .* it fell over"):
        check_failures(_batch([[1.0, np.nan], [np.nan, 3.0]]), "generation 1")
