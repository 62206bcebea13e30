"""When a stage makes room for others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.test_search import ARCHITECTURE

from poise.impatience import EPISODES, SMALL, is_impatient, luck_matters, set_aside
from poise.optimizers.ars import Ars
from poise.optimizers.snes import Snes
from poise.search import NO_PROGRESS, search
from poise.search_state import SearchState
from poise.seeding import Purpose, SeedStream, generator
from poise.testing.fake_engine import FakeEngine
from poise.types import Budget, Effort

TWO = Effort((1, 3), leave_plateaus=True, stages=2)


def _climbing(first: float, level: float) -> SearchState:
    state = SearchState(Snes(3, generator(0, "optimizer")), ARCHITECTURE, SeedStream(0, Purpose.SEARCH))
    state.first_level = first
    for _ in range(2 * state.patience):
        state.trend.add(level)
    return state


def test_it_is_impatient_until_the_last_stage_and_only_where_plateaus_are_left() -> None:
    state = _climbing(0.0, 10.0)
    assert is_impatient(state, TWO)
    assert not is_impatient(state, Effort((1, 3), stages=2))
    state.stage = 1
    assert not is_impatient(state, TWO)
    state.again = True  # the first stage a second time
    assert is_impatient(state, TWO)


def test_it_is_patient_where_a_reward_is_rare_or_too_little_was_gained() -> None:
    assert not is_impatient(_climbing(0.0, 0.0), TWO)
    state = _climbing(0.0, 10.0)
    state.again, state.stage, state.levels = True, 1, [11.0]
    assert not is_impatient(state, TWO)  # it is behind
    state.levels = [9.0]
    assert is_impatient(state, TWO)
    state.rare = True
    assert not is_impatient(state, TWO)


def test_an_optimizer_that_looks_closer_is_given_its_time() -> None:
    state = _climbing(0.0, 10.0)
    state.optimizer = Ars(3, generator(0, "optimizer"), Ars.Options(halvings=1))
    state.optimizer.look_closer()
    assert not state.optimizer.can_look_closer
    assert not is_impatient(state, TWO)
    state.optimizer = Ars(3, generator(0, "optimizer"))
    assert is_impatient(state, TWO)


@pytest.mark.parametrize(("spread", "episodes", "matters"), [(0.5, 1, False), (3.0, 1, True), (3.0, 10_000, False)])
def test_luck_matters_where_the_centres_episodes_differ_by_much_of_the_gain(
    spread: float, episodes: int, matters: bool
) -> None:
    state = _climbing(0.0, 10.0)
    engine = FakeEngine(lambda p, rng: spread * float(rng.normal()))
    assert set_aside(state, TWO) == EPISODES
    for _ in range(2):  # it is asked once a rung
        assert luck_matters(state, engine, episodes) is matters
        assert state.usage.episodes == EPISODES
    assert set_aside(state, TWO) == 0


def test_luck_matters_where_the_environment_failed() -> None:
    state, engine = _climbing(0.0, 10.0), FakeEngine(lambda p, rng: float("nan"))
    assert luck_matters(state, engine, 1)
    assert state.failures.episodes == EPISODES


@pytest.mark.parametrize(("gain", "goes_on"), [(0.5 * SMALL, False), (2 * SMALL, True)])
def test_a_small_gain_ends_a_stage_for_which_others_wait(gain: float, goes_on: bool) -> None:
    for waiting in (TWO, replace(TWO, stages=1)):
        state = _climbing(0.0, 100.0)
        for _ in range(state.patience):
            state.trend.add(100.0 * (1 + gain))
        state.rung, state.generation = 1, 1
        budget = Budget(max_episodes=100)
        search(
            state, FakeEngine(lambda p, rng: 102.0), budget, waiting, confirm=lambda _: False, observe=lambda _: None
        )
        assert (state.stopped_because != NO_PROGRESS) is (goes_on or waiting.stages == 1)


@pytest.mark.parametrize(("spread", "rung"), [(0.5, 0), (30.0, 1)])
def test_more_episodes_are_played_only_where_luck_matters(spread: float, rung: int) -> None:
    state = _climbing(0.0, 100.0)
    state.generation = 1
    engine = FakeEngine(lambda p, rng: 100.0 + spread * float(rng.normal()))
    search(state, engine, Budget(max_episodes=100), TWO, confirm=lambda _: False, observe=lambda _: None)
    assert state.rung == rung
    assert (state.stopped_because == NO_PROGRESS) is (rung == 0)


@pytest.mark.parametrize("earlier", [-900.0, 900.0])
@pytest.mark.parametrize(
    ("stages", "rare", "halvings", "most"), [(2, 0, 0, 1), (1, 0, 0, 2), (2, 1, 0, 2), (2, 0, 1, 2)]
)
def test_while_others_wait_candidates_play_more_episodes_once_at_most(
    earlier: float, stages: int, rare: int, halvings: int, most: int
) -> None:
    state = _climbing(-2000.0, 100.0)
    state.optimizer = Ars(3, generator(0, "optimizer"), Ars.Options(halvings=halvings))
    state.optimizer.look_closer()
    state.generation, state.rare, state.levels = 1, bool(rare), [earlier]  # half as far is enough to go on
    engine = FakeEngine(lambda p, rng: 100.0 + 400.0 * float(rng.normal()))
    effort = Effort((1, 2, 3), leave_plateaus=True, stages=stages)
    search(state, engine, Budget(max_episodes=10_000), effort, confirm=lambda _: False, observe=lambda _: None)
    assert state.stopped_because == NO_PROGRESS
    assert state.rung == most


def test_a_search_that_stopped_anywhere_goes_on_as_one_that_did_not_and_never_crosses_its_budget() -> None:
    def begun() -> SearchState:
        return SearchState(Snes(3, generator(0, "optimizer")), ARCHITECTURE, SeedStream(0, Purpose.SEARCH))

    def play(state: SearchState, episodes: int, scores: list[float]) -> None:
        search(
            state,
            FakeEngine(lambda p, rng: 1.0 - 1 / (1.0 + state.generation) + 1e-3 * float(rng.normal())),
            Budget(max_episodes=episodes),
            TWO,
            confirm=lambda _: False,
            observe=lambda event: scores.extend(event.metrics["scores"]),
        )

    whole: list[float] = []
    state = begun()
    play(state, 10_000, whole)
    assert state.stopped_because == NO_PROGRESS
    asked = state.usage.episodes
    for episodes in range(asked - 60, asked + 10):
        scores: list[float] = []
        state = begun()
        play(state, episodes, scores)
        assert state.usage.episodes <= episodes
        play(state, 10_000, scores)
        assert scores == whole
        assert state.usage.episodes == asked
