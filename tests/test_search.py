"""The loop: what it pays for, which episodes it plays, when it stops, and that it can be interrupted and resumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from poise.errors import InvalidValueError
from poise.horizon import Horizon
from poise.optimizers.ars import Ars
from poise.optimizers.cma_es import CmaEs
from poise.optimizers.snes import Snes
from poise.policies.architecture import Architecture
from poise.policies.candidate import Candidate
from poise.policies.spaces import decode_space, encode_space
from poise.runs import checkpoint
from poise.runs.checkpoint import Progress
from poise.search import ARCHIVE_SIZE, CONFIRMED, FALLS_SHORT, LEAVES, TARGET_CONFIRMED, search
from poise.search_state import MILESTONE_SPACING, MILESTONES, SearchState
from poise.seeding import Purpose, SeedStream, generator, purpose_of
from poise.statistics.plateau import Plateau
from poise.succession import KEPT_OF_A_STAGE, begin_stage, go_on
from poise.testing.fake_engine import FakeEngine, ReturnFunction
from poise.toll import Toll
from poise.types import INTERRUPTED, Budget, Effort, EpisodeBatch, Event, FloatArray, Json

ARCHITECTURE = Architecture("linear", encode_space(spaces.Box(-9, 9, (3,))), decode_space(spaces.Discrete(2)))


def _sphere(parameters: FloatArray, rng: np.random.Generator) -> float:
    return -float(np.square(parameters - 1.0).sum()) + 0.01 * rng.normal()


def _state(seed: int = 0) -> SearchState:
    return SearchState(CmaEs(3, generator(seed, "optimizer")), ARCHITECTURE, SeedStream(seed, Purpose.SEARCH))


def _never(_: Sequence[Candidate]) -> bool:
    return False


def _search(
    returns: ReturnFunction = _sphere,
    budget: Budget | None = None,
    effort: Effort | None = None,
    *,
    state: SearchState | None = None,
    ceiling: float = np.inf,
    confirm: object = _never,
    stop_after: int | None = None,
) -> tuple[SearchState, FakeEngine, list[Event]]:
    engine, events = FakeEngine(returns, ceiling=ceiling), list[Event]()
    state = search(
        state or _state(),
        engine,
        budget or Budget(max_episodes=70),
        effort or Effort(),
        confirm=confirm,  # type: ignore[arg-type]
        observe=events.append,
        interrupted=lambda: stop_after is not None and len(events) >= stop_after,
    )
    return state, engine, events


def test_it_plays_search_episodes_alone_each_once_and_pays_for_all() -> None:
    state, engine, events = _search(effort=Effort(common_episodes=False))
    assert {purpose_of(seed) for seed in engine.seen} == {Purpose.SEARCH}
    assert len(set(engine.seen)) == len(engine.seen) == state.usage.episodes
    assert state.usage.steps == 10 * len(engine.seen)
    assert [e.usage.episodes for e in events] == [e.metrics["episodes"] for e in events]
    assert events[-1].usage == state.usage


def test_candidates_of_a_generation_meet_the_same_episodes_and_generations_others() -> None:
    state, engine, _ = _search(effort=Effort((3,)), budget=Budget(max_episodes=210))
    played = 3 * state.optimizer.population
    generations = [set(engine.seen[i : i + played]) for i in range(0, len(engine.seen), played)]
    assert all(len(seeds) == 3 for seeds in generations)
    assert len(set.union(*generations)) == 3 * len(generations) == 30


def test_where_each_candidate_plays_one_episode_it_is_its_own() -> None:
    _, engine, _ = _search()
    assert len(set(engine.seen)) == len(engine.seen) == 70


def test_it_finds_what_it_is_looking_for() -> None:
    state, _, _ = _search(budget=Budget(max_episodes=1000))
    assert np.allclose(state.optimizer.center, 1.0, atol=0.1)
    assert state.archive[0].claim > -0.1


def test_the_archive_holds_the_best_first_and_of_equals_the_newest() -> None:
    state, _, _ = _search(lambda p, rng: float(np.sign(p[0])), Budget(max_episodes=140))
    claims = [candidate.claim for candidate in state.archive]
    assert claims == sorted(claims, reverse=True)
    assert len(claims) == ARCHIVE_SIZE
    newest = state.optimizer.ask()
    assert not any((candidate.parameters == row).all() for candidate in state.archive for row in newest)


def test_centres_on_the_way_stay_in_the_race_and_never_become_too_many() -> None:
    def of(generations: int) -> SearchState:
        ars = Ars(3, generator(0, "optimizer"))
        state = SearchState(ars, ARCHITECTURE, SeedStream(0, Purpose.SEARCH))
        return _search(state=state, budget=Budget(max_episodes=ars.population * generations))[0]

    state, longer = of(3 * MILESTONE_SPACING + 1), of(MILESTONE_SPACING * (MILESTONES + 2))
    assert len(state.milestones) == 3
    assert all(any(each is candidate for candidate in state.candidates) for each in state.milestones)
    assert longer.spacing == 2 * MILESTONE_SPACING
    assert len(longer.milestones) == MILESTONES // 2 + 1
    for early, late in zip(state.milestones[1::2], longer.milestones, strict=False):
        np.testing.assert_array_equal(early.parameters, late.parameters)


def test_of_equals_a_newcomer_stands_before_those_in_the_archive() -> None:
    state, _, _ = _search(lambda p, rng: 1.0, Budget(max_episodes=7))
    before = list(state.archive)
    _search(lambda p, rng: 1.0, Budget(max_episodes=14), state=state)
    assert state.archive[7:] == before
    assert all(newer is not older for newer in state.archive[:7] for older in before)


@pytest.mark.parametrize(
    ("budget", "reason", "episodes"),
    [
        (Budget(max_episodes=69), "the budget of 69 episodes is used", 63),
        (Budget(max_steps=100), "the budget of 100 steps is used", 14),
        (Budget(max_seconds=1e-9), "the budget of 1e-09 seconds is used", 7),
    ],
)
def test_it_stops_when_the_budget_is_used(budget: Budget, reason: str, episodes: int) -> None:
    state, _, _ = _search(budget=budget)
    assert state.stopped_because == reason
    assert state.usage.episodes == episodes


def test_it_stops_when_the_optimizer_is_done() -> None:
    state, _, _ = _search(lambda p, rng: 0.0, Budget(max_episodes=1_000_000))
    assert state.stopped_because
    assert "budget" not in state.stopped_because


def test_a_budget_below_one_generation_is_refused() -> None:
    with pytest.raises(InvalidValueError, match=r"at least one generation, 21 episodes \(7 candidates with 3 each\)"):
        _search(budget=Budget(max_episodes=20), effort=Effort((3,)))


def test_lasting_to_the_time_limit_is_the_top_only_where_others_got_less() -> None:
    asked: list[Candidate] = []

    def confirm(claimants: Sequence[Candidate]) -> bool:
        asked.extend(claimants)
        return True

    state, _, _ = _search(lambda p, rng: 500.0 if p[0] > 0 else 9.0, ceiling=500.0, confirm=confirm)
    assert state.stopped_because == CONFIRMED
    assert len(asked) >= 2
    assert (asked[0].parameters == state.optimizer.center).all(), "the optimizer's centre races beside those that claim"
    assert asked[0].claim == 500.0


@pytest.mark.parametrize("value", [-200.0, 0.0, 7.0])
def test_never_getting_anywhere_is_not_taken_for_the_top(value: float) -> None:
    # Every policy of MountainCar ends by the time limit with -200 until one of them reaches the goal.
    state, _, _ = _search(lambda p, rng: value, ceiling=value, confirm=lambda claimants: True)
    assert state.stopped_because != CONFIRMED


@pytest.mark.parametrize(("best", "worst"), [(-150.0, -200.0), (0.0, -1.0)])
def test_lasting_is_not_the_top_where_it_is_worth_nothing(best: float, worst: float) -> None:
    # Pendulum, say: every episode ends by the time limit, and any return can be bettered.
    state, _, _ = _search(lambda p, rng: best if p[0] > 0 else worst, ceiling=-500.0, confirm=lambda claimants: True)
    assert state.stopped_because != CONFIRMED


def test_the_highest_return_is_not_the_top_where_the_episode_terminated() -> None:
    state, _, _ = _search(lambda p, rng: 500.0 if p[0] > 0 else 9.0, confirm=lambda claimants: True)
    assert state.stopped_because != CONFIRMED


def test_one_flaw_in_any_episode_of_a_candidate_is_no_claim() -> None:
    asked: list[int] = []

    def confirm(claimants: Sequence[Candidate]) -> bool:
        asked.append(len(claimants))
        return False

    _search(
        lambda p, rng: 500.0 if rng.random() < 0.5 else 9.0,
        Budget(max_episodes=7 * 12 * 3),
        Effort((12,), common_episodes=False),
        ceiling=500.0,
        confirm=confirm,
    )
    assert asked == []


def test_interrupted_before_it_began_it_has_played_nothing() -> None:
    state, engine, events = _search(stop_after=0)
    assert state.stopped_because == INTERRUPTED
    assert not engine.seen
    assert not events
    assert not state.archive


def test_a_normalizer_that_follows_is_fitted_to_all_observations_and_candidates_keep_theirs() -> None:
    state, _, _ = _search(effort=Effort(running_normalizer=True))
    assert state.sums is not None
    assert state.sums.count == state.usage.steps
    assert state.architecture == ARCHITECTURE.normalized_by(state.sums)
    assert len({candidate.architecture for candidate in state.archive}) > 1


def test_a_target_is_claimed_by_reaching_it() -> None:
    state, _, _ = _search(budget=Budget(max_episodes=700, target=-0.5), confirm=lambda claimants: True)
    assert state.stopped_because == TARGET_CONFIRMED
    assert state.archive[0].claim >= -0.5


def test_a_claim_that_is_not_confirmed_lets_the_search_go_on() -> None:
    state, _, _ = _search(lambda p, rng: 500.0 if p[0] > 0 else 9.0, ceiling=500.0)
    assert state.usage.episodes == 70


def test_episodes_a_candidate_grow_when_the_scores_no_longer_rise_whatever_the_budget() -> None:
    longer, _, events = _search(budget=Budget(max_episodes=20_000), effort=Effort((1, 3, 10)))
    played = [e.metrics["episodes_per_candidate"] for e in events]
    assert sorted(set(played)) == [1, 3, 10]
    assert played == sorted(played)
    assert 2 * Plateau(16).window <= played.count(1) < 200
    assert [c.parameters.tolist() for c in longer.finalists] != []
    _, _, begun = _search(budget=Budget(max_episodes=2_000), effort=Effort((1, 3, 10)))
    assert [dict(e.metrics) for e in begun] == [dict(e.metrics) for e in events[: len(begun)]]


def _rare(population: int = 40) -> SearchState:
    optimizer = Snes(3, generator(0, "optimizer"), Snes.Options(population=population))
    return SearchState(optimizer, ARCHITECTURE, SeedStream(0, Purpose.SEARCH))


LADDER = Effort((1, 3, 10), leave_plateaus=True)


@pytest.mark.parametrize("share", [0.16, 0.9])
def test_episodes_grow_at_once_where_few_candidates_earn_more_than_the_lowest(share: float) -> None:
    least = -NormalDist().inv_cdf(share)
    state, _, events = _search(lambda p, rng: float(p[0] > least), Budget(max_episodes=800), LADDER, state=_rare())
    succeeded = [float(np.mean(event.metrics["scores"])) for event in events]
    first = next((at for at, rate in enumerate(succeeded) if 0 < rate < 0.5), len(events))
    played = [event.metrics["episodes_per_candidate"] for event in events]
    assert played[: first + 1] == [1] * len(played[: first + 1])
    assert played[first + 1 :] == [3] * len(played[first + 1 :])
    assert (first < len(events)) is (share < 0.5) is state.rare


@pytest.mark.parametrize(("population", "effort"), [(8, LADDER), (40, Effort((1, 3, 10)))])
def test_they_do_not_where_candidates_are_few_or_plateaus_are_not_left(population: int, effort: Effort) -> None:
    state, _, events = _search(
        lambda p, rng: float(p[0] > 1.0), Budget(max_episodes=400), effort, state=_rare(population)
    )
    assert any(0 < float(np.mean(event.metrics["scores"])) < 0.5 for event in events)
    assert {event.metrics["episodes_per_candidate"] for event in events} == {1}
    assert not state.rare


@pytest.mark.parametrize(("rare", "episodes"), [(False, 10), (True, 3)])
def test_where_a_reward_is_rare_the_scores_are_longer_believed_to_rise(rare: bool, episodes: int) -> None:
    state = _rare()
    state.rung, state.rare, state.generation = 1, rare, 1
    for value in [0.0, 1.0] * (state.patience // 2) + [0.05, 1.05] * (state.patience // 2):
        state.trend.add(value)
    _, _, events = _search(budget=Budget(max_episodes=2_000), effort=LADDER, state=state, stop_after=1)
    assert events[0].metrics["episodes_per_candidate"] == episodes


class Leaving(FakeEngine):
    """Whose first parameter is above 1 stays for ten steps, at 2 each; others leave after two, at 2 each."""

    def __init__(self) -> None:
        super().__init__(lambda p, rng: -20.0 if p[0] > 1 else -4.0 + 0.1 * rng.normal(), ceiling=-10.0)

    def _run(self, *args: Any) -> EpisodeBatch:
        batch = super()._run(*args)
        stays = batch.returns < -10
        return replace(batch, lengths=np.where(stays, 10, 2), terminated=~stays, truncated=stays)


@pytest.mark.parametrize("known", [Toll(3.0, 10, 4.0), None])
def test_a_first_stage_that_learnt_to_leave_is_over_before_its_candidates_play_more_episodes(
    known: Toll | None,
) -> None:
    state = _rare()
    state.known_toll = known
    play_more = search(state, Leaving(), Budget(max_episodes=20_000), LADDER, confirm=_never, observe=lambda _: None)
    assert state.lasted == 2.0
    assert (play_more.stopped_because == LEAVES) is (play_more.rung == 0) is (known is not None)


def test_who_is_charged_for_leaving_learns_to_stay_and_claims_stay_the_environments_own() -> None:
    state = _rare()
    state.toll = Toll(3.0, 10, 4.0)
    search(state, Leaving(), Budget(max_episodes=4_000), Effort(), confirm=_never, observe=lambda _: None)
    assert state.lasted > 9
    assert state.optimizer.center[0] > 1
    assert state.trend.values[0] == pytest.approx(-26, abs=2)  # charged; most leave
    assert state.trend.values[-1] == pytest.approx(-20, abs=1)
    assert state.archive[0].claim > -5


def test_an_optimizer_that_can_look_closer_does_so_before_episodes_grow() -> None:
    ars = Ars(3, generator(0, "optimizer"), Ars.Options(noise=1.0, step_size=1.0, halvings=2))
    state = SearchState(ars, ARCHITECTURE, SeedStream(0, Purpose.SEARCH))
    patience = state.patience
    assert 2 * patience == _state().patience
    state, _, events = _search(state=state, budget=Budget(max_episodes=4_000), effort=Effort((1, 3)))
    spread = [float(np.std(event.metrics["scores"])) for event in events]
    assert [event.metrics["episodes_per_candidate"] for event in events][-1] == 3
    assert spread[-1] < spread[patience] / 4
    assert state.patience == 2 * patience
    assert not ars.can_look_closer
    assert len(state.finalists) == 2 * 3  # centre and course before each halving, and before episodes grew


def test_an_optimizer_hears_of_it_when_candidates_play_more_episodes(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[Event] = []
    heard: list[Json] = []
    monkeypatch.setattr(CmaEs, "average_more", lambda _: heard.append(events[-1].metrics["episodes_per_candidate"]))
    engine, budget = FakeEngine(lambda p, rng: rng.normal()), Budget(max_episodes=2_000)
    search(_state(), engine, budget, Effort((1, 3)), confirm=_never, observe=events.append)
    assert heard == [1]
    assert events[-1].metrics["episodes_per_candidate"] == 3


def test_the_optimizer_is_not_told_of_a_survival_bonus_and_claims_stay_the_environments_own() -> None:
    told: list[FloatArray] = []

    class Listening(CmaEs):
        def tell(self, scores: FloatArray) -> None:
            told.append(scores)
            super().tell(scores)

    state = SearchState(Listening(3, generator(0, "optimizer")), ARCHITECTURE, SeedStream(0, Purpose.SEARCH))
    _, _, events = _search(state=state, effort=Effort(survival_bonus=2.0))
    for scores, event in zip(told, events, strict=True):
        assert np.allclose(
            scores, np.array(event.metrics["scores"]) - 2.0 * 10
        )  # an episode of the engine has 10 steps
    assert state.archive[0].claim == max(max(event.metrics["scores"]) for event in events)


def _proceeding(state: SearchState) -> bool:
    if state.stage == 2:
        return False
    begin_stage(state, ARCHITECTURE, CmaEs(3, generator(state.stage, "another")))
    return True


def test_a_stage_that_gets_no_further_makes_room_for_the_next_and_its_best_stay_in_the_race() -> None:
    events: list[Event] = []
    state = search(
        _state(),
        FakeEngine(lambda p, rng: 1.0),
        Budget(max_episodes=100_000),
        Effort((1, 3), leave_plateaus=True),
        confirm=_never,
        observe=events.append,
        proceed=_proceeding,
    )
    assert state.stopped_because is not None
    assert "no longer rise" in state.stopped_because or "flat" in state.stopped_because
    assert [e.metrics["stage"] for e in events] == sorted(e.metrics["stage"] for e in events)
    assert {e.metrics["stage"] for e in events} == {0, 1, 2}
    assert state.levels == [1.0, 1.0]
    assert [e.metrics["generation"] for e in events] == list(range(1, len(events) + 1))
    assert len(state.finalists) >= 2 * (1 + KEPT_OF_A_STAGE)
    assert {id(c) for c in [*state.finalists, *state.archive]} <= {id(c) for c in state.candidates}


def test_a_budget_that_does_not_allow_the_first_generation_of_a_next_stage_ends_before_it() -> None:
    def larger(state: SearchState) -> bool:
        begin_stage(state, ARCHITECTURE, CmaEs(3, generator(1, "another"), CmaEs.Options(population=1_000)))
        return True

    state = search(
        _state(),
        FakeEngine(lambda p, rng: 1.0),
        Budget(max_episodes=999),
        Effort((1,), leave_plateaus=True),
        confirm=_never,
        observe=lambda _: None,
        proceed=larger,
    )
    assert state.usage.episodes < 999
    assert state.stopped_because is not None
    assert "999" in state.stopped_because
    assert len(state.candidates) > KEPT_OF_A_STAGE


@pytest.mark.parametrize(("earlier", "most"), [(1.0, 3), (1.5, 1)])
def test_a_stage_far_below_an_earlier_one_is_given_no_more_episodes(earlier: float, most: int) -> None:
    events: list[Event] = []
    state = _state()
    state.levels, state.starts, state.stage = [earlier], [0], 1
    search(
        state,
        FakeEngine(lambda p, rng: (1.0 if events else 0.9) + 1e-3 * rng.random()),
        Budget(max_episodes=100_000),
        Effort((1, 3), leave_plateaus=True),
        confirm=_never,
        observe=events.append,
    )
    assert state.first_level == pytest.approx(0.9, abs=1e-3)
    assert max(event.metrics["episodes_per_candidate"] for event in events) == most
    assert (state.stopped_because == FALLS_SHORT) is (most == 1)


def test_the_stage_that_ended_highest_goes_on_from_where_it_was_left() -> None:
    state = _state()
    first = state.optimizer
    state.rung, state.first_level = 1, 0.0
    state.trend.add(2.0)
    begin_stage(state, ARCHITECTURE, CmaEs(3, generator(1, "another")), start=1)
    assert [state.start, state.rung, state.first_level] == [1, 0, None]
    state.trend.add(2.0)  # of equals the first
    second = state.centre
    assert go_on(state)
    assert state.optimizer is first
    assert (state.stage, state.rung, state.start, state.first_level) == (2, 1, 0, 0.0)
    assert (state.levels, state.starts, len(state.trend.values), state.archive) == ([2.0, 2.0], [0, 1], 0, [])
    assert any((one.parameters == second.parameters).all() for one in state.finalists)
    state.trend.add(1.0)
    assert not go_on(state)  # a second time


def test_a_stage_whose_optimizer_is_done_does_not_go_on() -> None:
    state, _, _ = _search(lambda p, rng: 1.0, Budget(max_episodes=100_000))
    assert state.optimizer.stop_reason is not None
    before = len(state.finalists)
    assert not go_on(state)
    assert (state.levels, len(state.finalists)) == ([], before)


def test_interrupted_and_resumed_from_a_checkpoint_it_is_the_same_search(tmp_path: Path) -> None:
    whole, _, events = _search(budget=Budget(max_episodes=280))
    half, _, before = _search(budget=Budget(max_episodes=280), stop_after=MILESTONE_SPACING + 1)
    assert half.stopped_because == INTERRUPTED
    checkpoint.save(tmp_path / "c", Progress(half, SeedStream(0, Purpose.SELECTION)))
    taken_up = checkpoint.load(tmp_path / "c", ARCHITECTURE).search
    resumed, _, after = _search(budget=Budget(max_episodes=280), state=taken_up)
    assert [dict(e.metrics) for e in [*before, *after]] == [dict(e.metrics) for e in events]
    assert (resumed.optimizer.center == whole.optimizer.center).all()
    assert len(whole.milestones) == 2
    for one, other in zip(whole.candidates, resumed.candidates, strict=True):
        np.testing.assert_array_equal(one.parameters, other.parameters)
        assert one.claim == other.claim


def _short() -> SearchState:
    state = _state()
    state.horizon = state.first_horizon = Horizon(6, 10)
    return state


def test_episodes_begin_short_and_grow_until_they_are_whole() -> None:
    state, _, events = _search(state=_short())
    assert [event.metrics.get("horizon") for event in events] == [6, 7, 8, 9, *[None] * 6]
    assert [event.metrics["lengths_mean"] for event in events] == [6, 7, 8, 9, *[10] * 6]
    assert state.horizon is None


def test_nothing_is_claimed_of_episodes_that_were_cut_off() -> None:
    state, _, events = _search(lambda p, rng: 5.0 + rng.random(), Budget(max_episodes=28, target=1.0), state=_short())
    assert len(events) == 4
    assert (state.lowest, state.highest) == (np.inf, -np.inf)
    assert len(state.trend.values) == 0
    assert state.stopped_because == "the budget of 28 episodes is used"


def test_claims_of_short_episodes_are_forgotten_among_longer_ones() -> None:
    # Of a negative reward in every step short episodes have more.
    state, _, events = _search(lambda p, rng: -10.0, state=_short())
    assert events[3].metrics["best_so_far"] == -9.0
    assert {candidate.claim for candidate in state.archive} == {-10.0}


def test_every_stage_begins_short_again() -> None:
    state, _, _ = _search(state=_short())
    begin_stage(state, ARCHITECTURE, _state().optimizer)
    assert state.horizon == Horizon(6, 10)
    _, _, events = _search(budget=Budget(max_episodes=80), state=state)
    assert events[0].metrics["horizon"] == 6
