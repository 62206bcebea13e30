"""When a stage makes room for others."""

from __future__ import annotations

import numpy as np
import pytest
from tests.test_search import ARCHITECTURE

from poise.impatience import EPISODES, LUCK, SMALL, least_gain, luck_matters, others_wait, set_aside
from poise.optimizers.ars import Ars
from poise.optimizers.snes import Snes
from poise.search_state import SearchState
from poise.seeding import Purpose, SeedStream, generator
from poise.testing.fake_engine import FakeEngine
from poise.types import Effort

TWO = Effort((1, 3), leave_plateaus=True, stages=2)


def _climbing(first: float, level: float) -> SearchState:
    state = SearchState(Snes(3, generator(0, "optimizer")), ARCHITECTURE, SeedStream(0, Purpose.SEARCH))
    state.first_level = first
    for _ in range(2 * state.patience):
        state.trend.add(level)
    return state


def test_others_wait_until_the_last_stage_and_only_where_plateaus_are_left() -> None:
    state = _climbing(0.0, 10.0)
    assert others_wait(state, TWO)
    assert not others_wait(state, Effort((1, 3), stages=2))
    state.stage = 1
    assert not others_wait(state, TWO)
    state.again = True  # the first stage a second time
    assert others_wait(state, TWO)


def test_a_small_gain_is_a_share_of_all_that_was_gained() -> None:
    state = _climbing(-100.0, 400.0)
    assert least_gain(state) == pytest.approx(SMALL * 500)
    state.rare = True
    assert least_gain(state) == -np.inf
    assert least_gain(_climbing(0.0, -1.0)) == -np.inf


def test_an_optimizer_that_looks_closer_is_given_its_time() -> None:
    state = _climbing(0.0, 10.0)
    state.optimizer = Ars(3, generator(0, "optimizer"), Ars.Options(halvings=1))
    state.optimizer.look_closer()
    assert not state.optimizer.can_look_closer
    assert least_gain(state) == -np.inf
    assert luck_matters(state, FakeEngine(lambda p, rng: 1.0), 1)
    assert state.chance is None


@pytest.mark.parametrize(("spread", "episodes", "matters"), [(0.5, 1, False), (3.0, 1, True), (3.0, 10_000, False)])
def test_luck_matters_where_the_centres_episodes_differ_by_much_of_the_gain(
    spread: float, episodes: int, matters: bool
) -> None:
    state = _climbing(0.0, 10.0)
    engine = FakeEngine(lambda p, rng: spread * float(rng.normal()))
    assert set_aside(state, TWO) == EPISODES
    assert luck_matters(state, engine, episodes) is matters
    assert state.chance == pytest.approx(spread, rel=0.5)
    assert bool(state.chance / np.sqrt(episodes) >= LUCK * 10.0) is matters
    assert state.usage.episodes == EPISODES
    luck_matters(state, engine, episodes)
    assert state.usage.episodes == EPISODES  # asked once a rung
    assert set_aside(state, TWO) == 0


def test_luck_matters_where_the_environment_failed() -> None:
    state, engine = _climbing(0.0, 10.0), FakeEngine(lambda p, rng: float("nan"))
    assert luck_matters(state, engine, 1)
