"""Each start of a stage has its turn, the best goes on, and what lasting is paid for is found out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from poise import trial
from poise.horizon import Horizon
from poise.optimizers.ars import Ars
from poise.optimizers.base import Optimizer
from poise.optimizers.snes import Snes
from poise.policies.architecture import Architecture
from poise.policies.spaces import decode_space, encode_space
from poise.runs import checkpoint
from poise.runs.checkpoint import Progress
from poise.search import search
from poise.search_state import SearchState
from poise.seeding import Purpose, SeedStream, generator, purpose_of
from poise.succession import begin_trial
from poise.testing.fake_engine import FakeEngine
from poise.toll import Toll
from poise.trial import FEW, Rival, Trial, survival_bonus, turn_steps
from poise.types import Budget, Effort, EpisodeBatch, Event, FloatArray, Usage

ARCHITECTURE = Architecture("linear", encode_space(spaces.Box(-9, 9, (3,))), decode_space(spaces.Box(-1, 1, (1,))))
TURN = 300
"""Episodes of a turn in these tests."""


@pytest.fixture(autouse=True)
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "TURN", Usage(steps=10**9, episodes=TURN))


def _snes(sigma0: float) -> Snes:
    return Snes(3, generator(0, "optimizer", str(sigma0)), Snes.Options(population=20, sigma0=sigma0))


def _state(sigmas: Sequence[float], bonus: float = 0.0) -> SearchState:
    state = SearchState(_snes(sigmas[0]), ARCHITECTURE, SeedStream(0, Purpose.SEARCH))
    begin_trial(
        state,
        [
            Rival(_snes(sigma0), ARCHITECTURE, survival_bonus=bonus, start=index)
            for index, sigma0 in enumerate(sigmas[1:], 1)
        ],
    )
    return state


def _peak(at: float) -> FakeEngine:
    """Returns that rise towards one point."""
    return FakeEngine(lambda p, rng: -float(np.linalg.norm(p - at)) + 0.01 * rng.normal())


def _search(state: SearchState, engine: FakeEngine, episodes: int) -> list[Event]:
    events: list[Event] = []
    budget = Budget(max_episodes=episodes)
    search(state, engine, budget, Effort(), confirm=lambda _: False, observe=events.append)
    return events


@pytest.mark.parametrize(("at", "best"), [(50.0, 30.0), (0.02, 0.1)])
def test_the_start_that_gets_ahead_goes_on(at: float, best: float) -> None:
    state = _state((30.0, 0.1))
    events = _search(state, _peak(at), 2 * TURN + 200)
    assert [event.metrics.get("start") for event in events[:31:15]] == [1, 2, None]
    assert state.trial is None
    assert state.optimizer.options.sigma0 == best
    assert np.linalg.norm(state.optimizer.center - at) < 2.0


def test_of_many_starts_the_best_three_have_another_turn_and_the_best_of_them_goes_on() -> None:
    state = _state((1.0, 0.1, 30.0, 3.0, 0.01))
    events = _search(state, _peak(50.0), 9 * TURN)
    turns = [event.metrics.get("start") for event in events]
    played = [start for index, start in enumerate(turns) if index == 0 or start != turns[index - 1]]
    assert played[:5] == [1, 2, 3, 4, 5]
    assert set(played[5:8]) == {1, 3, 4}  # those with the widest steps towards a peak so far away
    assert played[8:] == [None]
    assert len(state.finalists) == 5 + 3  # whoever was compared stays in the choice
    claims = [candidate.claim for candidate in state.finalists[5:]]
    assert state.start + 1 == played[5:8][int(np.argmax(claims))]


def _settling(starts: int) -> SearchState:
    """So many starts of ARS that may settle, each with smaller differences and steps than the one before."""
    made = [
        Ars(
            3,
            generator(0, "optimizer", str(index)),
            Ars.Options(directions=5, noise=0.5**index, step_size=0.5**index, halvings=1, settles=True),
        )
        for index in range(starts)
    ]
    state = SearchState(made[0], ARCHITECTURE, SeedStream(0, Purpose.SEARCH))
    begin_trial(state, [Rival(each, ARCHITECTURE, start=index) for index, each in enumerate(made[1:], 1)])
    return state


def _halved(optimizer: Optimizer) -> bool:
    return not optimizer.can_look_closer


def test_the_few_that_are_left_of_many_settle_before_they_have_another_turn() -> None:
    state = _settling(5)
    _search(state, _peak(50.0), 5 * TURN - 20)
    assert not any(_halved(each) for each in _those_on_trial(state))
    _search(state, _peak(50.0), 5 * TURN + 10 * trial.EPISODES + 50)
    few = _those_on_trial(state)
    assert len(few) == FEW
    assert all(_halved(each) for each in few)


def test_the_best_of_few_does_not_settle() -> None:
    state = _settling(FEW)
    _search(state, _peak(50.0), FEW * TURN + 6 * trial.EPISODES + 60)
    assert state.trial is None
    assert not _halved(state.optimizer)


@pytest.mark.parametrize("episodes", [5 * TURN + 300, 6 * TURN + 300, 8 * TURN + 300, 8 * TURN + 600])
def test_starts_that_settle_are_taken_up_where_they_stopped(tmp_path: Path, episodes: int) -> None:
    end = 8 * TURN + 1_000
    whole = _search(_settling(5), _peak(0.3), end)
    state = _settling(5)
    before = _search(state, _peak(0.3), episodes)
    assert _halved(state.optimizer)
    path = tmp_path / "checkpoint"
    checkpoint.save(path, Progress(state, SeedStream(0, Purpose.SELECTION)))
    taken_up = checkpoint.load(path, ARCHITECTURE).search
    assert taken_up.trend.window == state.trend.window == state.patience
    after = _search(taken_up, _peak(0.3), end)
    assert [dict(event.metrics) for event in [*before, *after]] == [dict(event.metrics) for event in whole]


def _those_on_trial(state: SearchState) -> list[Optimizer]:
    assert state.trial is not None
    return [state.optimizer, *(rival.optimizer for rival in [*state.trial.waiting, *state.trial.tried])]


def test_a_turn_of_many_starts_is_shorter_in_steps() -> None:
    assert turn_steps(100, FEW) == turn_steps(100)
    assert turn_steps(100, FEW + 1) == 0.75 * turn_steps(100)


@pytest.mark.parametrize("episodes", [5 * TURN, 5 * TURN + 100, 7 * TURN, 7 * TURN + 100])
def test_another_round_of_turns_is_taken_up_where_it_stopped(tmp_path: Path, episodes: int) -> None:
    sigmas, end = (1.0, 0.1, 30.0, 3.0, 0.01), 8 * TURN + 200
    whole = _search(_state(sigmas), _peak(50.0), end)
    state = _state(sigmas)
    before = _search(state, _peak(50.0), episodes)
    path = tmp_path / "checkpoint"
    checkpoint.save(path, Progress(state, SeedStream(0, Purpose.SELECTION)))
    after = _search(checkpoint.load(path, ARCHITECTURE).search, _peak(50.0), end)
    assert [dict(event.metrics) for event in [*before, *after]] == [dict(event.metrics) for event in whole]


def test_the_centres_meet_the_same_fresh_episodes_and_all_is_paid_for() -> None:
    state, engine = _state((1.0, 0.1)), _peak(0.5)
    events = _search(state, engine, 2 * TURN + 100)
    assert state.usage.episodes == len(engine.seen) == events[-1].metrics["episodes"]
    compared = engine.seen[2 * TURN : 2 * TURN + 2 * trial.EPISODES]
    assert compared[: trial.EPISODES] == compared[trial.EPISODES :]
    others = engine.seen[: 2 * TURN] + engine.seen[2 * TURN + 2 * trial.EPISODES :]
    assert not set(compared) & set(others)
    assert {purpose_of(seed) for seed in engine.seen} == {Purpose.SEARCH}


@pytest.mark.parametrize("episodes", [TURN + 100, 2 * TURN + 100])
def test_the_centres_of_all_starts_stay_in_the_race(episodes: int) -> None:
    state, engine = _state((1.0, 0.1)), _peak(0.5)
    _search(state, engine, TURN)
    assert state.trial is not None
    first = state.trial.tried[0].optimizer.center
    _search(state, engine, episodes)
    assert any(np.array_equal(candidate.parameters, first) for candidate in state.candidates)


def test_centres_claim_what_whole_episodes_earned_even_where_those_of_the_search_were_cut_off(tmp_path: Path) -> None:
    state = _state((1.0, 0.1))
    state.horizon = state.first_horizon = Horizon(5, 10)
    _search(state, FakeEngine(lambda p, rng: 100.0), 2 * TURN + 100)
    assert [candidate.claim for candidate in state.finalists] == [100.0, 100.0]
    checkpoint.save(tmp_path / "checkpoint", Progress(state, SeedStream(0, Purpose.SELECTION)))


def test_a_fall_in_a_short_episode_blames_a_start_no_more_than_ars_would() -> None:
    rivals = [Rival(_snes(sigma0), ARCHITECTURE, horizon=Horizon(5, 10)) for sigma0 in (1.0, 0.1)]
    engine, trial_of = FakeEngine(lambda p, rng: 0.0), Trial(Usage(), tried=rivals)
    play, slow, fast = engine._run, [40.0, 41.0, 42.0, 43.0, 44.0], [-100.0, 60.0, 62.0, 64.0, 66.0]
    returns = iter([slow, fast, slow, fast])

    def run(architecture: Architecture, parameters: FloatArray, *rest: Any) -> EpisodeBatch:
        return replace(play(architecture, parameters, *rest), returns=np.array([next(returns)]))

    engine._run = run  # type: ignore[method-assign, assignment]
    centres, _, ranked = trial_of.compare(engine, SeedStream(0, Purpose.SEARCH).take(5))
    assert [centre.claim for centre in centres] == [np.mean(slow), np.mean(fast)]  # a claim hides nothing
    assert ranked == [rivals[1], rivals[0]]


@pytest.mark.parametrize(("toll", "best"), [(None, 0), (Toll(3.0, 10, 4.0), 1)])
def test_starts_that_are_charged_for_leaving_are_compared_by_what_they_are_charged(
    toll: Toll | None, best: int
) -> None:
    rivals = [Rival(_snes(sigma0), ARCHITECTURE, toll=toll) for sigma0 in (1.0, 0.1)]
    engine, trial_of = FakeEngine(lambda p, rng: 0.0), Trial(Usage(), tried=rivals)
    ended, lengths = np.array([[True], [False]]), np.array([[2], [10]])
    batches = [EpisodeBatch(-2.0 * n, n, e, ~e) for n, e in zip(lengths[:, :, None], ended[:, :, None], strict=True)]
    engine._run = lambda *_: batches.pop(0)  # type: ignore[method-assign]
    centres, _, ranked = trial_of.compare(engine, SeedStream(0, Purpose.SEARCH).take(1))
    assert [centre.claim for centre in centres] == [-4.0, -20.0]
    assert ranked[0] is rivals[best]


def test_a_start_in_whose_comparison_the_environment_failed_is_not_chosen() -> None:
    engine, trial_of = (
        _peak(0.5),
        Trial(
            Usage(), tried=[Rival(_snes(sigma0), ARCHITECTURE, start=start) for start, sigma0 in enumerate((1.0, 0.1))]
        ),
    )
    play = engine._run

    def fail(architecture: Architecture, parameters: FloatArray, *rest: Any) -> EpisodeBatch:
        batch = play(architecture, parameters, *rest)
        ended = np.zeros_like(batch.terminated)
        return replace(batch, returns=np.full_like(batch.returns, np.nan), terminated=ended, truncated=ended)

    engine._run = fail  # type: ignore[method-assign, assignment]
    centres, _, ranked = trial_of.compare(engine, SeedStream(0, Purpose.SEARCH).take(3))
    assert [centre.claim for centre in centres] == [-np.inf, -np.inf]
    assert [rival.start for rival in ranked] == [0, 1]


@pytest.mark.parametrize(
    ("horizons", "ceiling", "best", "played"),
    [
        ((None, None), np.inf, 0, {None}),
        ((Horizon(5, 10), Horizon(6, 10)), np.inf, 1, {None, 5}),
        ((None, Horizon(5, 10)), np.inf, 1, {None, 5}),
        ((Horizon(7, 10), None), np.inf, 1, {None, 7}),
        ((Horizon(5, 10), Horizon(6, 10)), -np.inf, 0, {None}),
    ],
    ids=["all whole", "all short", "one short", "the other short", "nobody fell"],
)
def test_a_start_that_plays_short_episodes_is_compared_as_far_as_they_go(
    horizons: Sequence[Horizon | None], ceiling: float, best: int, played: set[int | None]
) -> None:
    rivals = [
        Rival(_snes(sigma0), ARCHITECTURE, horizon=each) for sigma0, each in zip((1.0, 0.1), horizons, strict=True)
    ]
    engine, trial_of, met = FakeEngine(lambda p, rng: 0.0, ceiling=ceiling), Trial(Usage(), tried=rivals), []
    play, returns = engine._run, iter([30.0, -50.0, 4.0, 9.0])  # the second falls, but not before others got nowhere

    def run(architecture: Architecture, parameters: FloatArray, *rest: Any) -> EpisodeBatch:
        met.append(rest[-1])
        batch = play(architecture, parameters, *rest)
        return replace(batch, returns=np.full_like(batch.returns, next(returns)))

    engine._run = run  # type: ignore[method-assign, assignment]
    centres, batches, ranked = trial_of.compare(engine, SeedStream(0, Purpose.SEARCH).take(3))
    assert [centre.claim for centre in centres] == [30.0, -50.0]  # a claim is of whole episodes
    assert ranked[0] is rivals[best]
    assert set(met) == played
    assert len(batches) == 2 * len(played)


def test_each_start_is_told_without_its_own_bonus_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[float, list[FloatArray]] = {1.0: [], 0.1: []}
    tell = Snes.tell

    def listen(self: Snes, scores: FloatArray) -> None:
        told[self.options.sigma0].append(scores)
        tell(self, scores)

    monkeypatch.setattr(Snes, "tell", listen)
    state = _state((1.0, 0.1), bonus=2.0)
    events = _search(state, FakeEngine(lambda p, rng: 100.0 - float(np.abs(p).sum())), 2 * TURN)
    claimed = [event.metrics["scores"] for event in events]
    np.testing.assert_allclose(told[1.0], claimed[:15])
    np.testing.assert_allclose(told[0.1], np.array(claimed[15:]) - 2.0 * 10)  # an episode has 10 steps
    assert state.survival_bonus in (0.0, 2.0)


@pytest.mark.parametrize("episodes", [100, TURN, TURN + 100, 2 * TURN, 2 * TURN + 60])
def test_a_search_that_stops_in_the_middle_of_a_trial_goes_on_as_if_it_had_not(tmp_path: Path, episodes: int) -> None:
    whole = _search(_state((1.0, 0.1), bonus=2.0), _peak(0.3), 1000)
    state = _state((1.0, 0.1), bonus=2.0)
    before = _search(state, _peak(0.3), episodes)
    path = tmp_path / "checkpoint"
    checkpoint.save(path, Progress(state, SeedStream(0, Purpose.SELECTION)))
    after = _search(checkpoint.load(path, ARCHITECTURE).search, _peak(0.3), 1000)
    assert [dict(event.metrics) for event in [*before, *after]] == [dict(event.metrics) for event in whole]


def test_a_start_that_follows_its_observations_does_so_by_itself_and_is_taken_up_so(tmp_path: Path) -> None:
    state = _state((1.0,))
    begin_trial(state, [Rival(_snes(0.1), ARCHITECTURE, follows=True), Rival(_snes(0.2), ARCHITECTURE)])
    normalized = []
    for episodes in (TURN, 2 * TURN - 20, 2 * TURN + 20):
        _search(state, _peak(0.0), episodes)
        normalized.append(state.architecture.normalizer is not None)
        path = tmp_path / "checkpoint"
        checkpoint.save(path, Progress(state, SeedStream(0, Purpose.SELECTION)))
        state = checkpoint.load(path, ARCHITECTURE).search
    assert normalized == [False, True, False]
    assert state.trial is not None
    first, second = state.trial.tried
    assert first.sums is None
    assert second.sums is not None
    assert second.sums.count == TURN * 10  # an episode has 10 observations


@pytest.mark.parametrize(("dimension", "steps"), [(3, 1000), (10, 1000), (30, 3000), (200, 5000)])
def test_a_turn_ends_by_steps_or_by_episodes(monkeypatch: pytest.MonkeyPatch, dimension: int, steps: int) -> None:
    monkeypatch.setattr(trial, "TURN", Usage(steps=1000, episodes=50))
    monkeypatch.setattr(trial, "STEPS_PER_PARAMETER", 100)
    monkeypatch.setattr(trial, "MOST_STEPS", 5000)
    rival = Rival(Snes(dimension, generator(0, "optimizer")), ARCHITECTURE)
    turn = Trial(Usage(500, 10), [rival])
    paid = [(499 + steps, 59), (500 + steps, 11), (501, 60)]
    assert [turn.turn_is_over(Usage(*each)) for each in paid] == [False, True, True]


@pytest.mark.parametrize(("ladder", "episodes"), [((1, 3, 10), 3), ((2,), 2)])
def test_a_start_may_begin_on_a_higher_rung_of_the_ladder(
    tmp_path: Path, ladder: tuple[int, ...], episodes: int
) -> None:
    state = _state((0.1,))
    begin_trial(state, [Rival(_snes(1.0), ARCHITECTURE, rung=1, start=4)])
    path = tmp_path / "checkpoint"
    checkpoint.save(path, Progress(state, SeedStream(0, Purpose.SELECTION)))
    state = checkpoint.load(path, ARCHITECTURE).search
    effort = Effort(ladder, True, False, False)
    events: list[Event] = []
    search(state, _peak(3.0), Budget(max_episodes=6 * TURN), effort, confirm=lambda _: False, observe=events.append)
    played = [(event.metrics.get("start"), event.metrics["episodes_per_candidate"]) for event in events]
    assert (1, ladder[0]) in played
    assert {number for start, number in played if start == 5} == {episodes}
    assert next(number for start, number in played if start is None) == episodes  # the wide one wins
    assert state.start == 4


def test_without_rivals_there_is_no_trial() -> None:
    assert _state((1.0,)).trial is None


def _batch(returns: Sequence[float], lengths: Sequence[int], terminated: bool = True) -> EpisodeBatch:
    ended = np.full((1, len(lengths)), terminated)
    return EpisodeBatch(np.array([returns]), np.array([lengths]), ended, ~ended)


def test_a_bonus_is_what_doing_nothing_earns_where_that_is_not_all() -> None:
    random = _batch([30.0, 4.0, 12.0], [20, 10, 15])
    assert survival_bonus(random, _batch([20.2, 30.1, 39.0], [20, 30, 40])) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize(
    ("random", "still", "why"),
    [
        (_batch([20.0, 10.0], [20, 10]), _batch([30.0], [30]), "lasting is all"),
        (_batch([30.0, 4.0], [20, 10], terminated=False), _batch([20.0], [20]), "nothing ends"),
        (_batch([30.0, 4.0], [20, 10]), _batch([-20.0], [20]), "doing nothing costs"),
        (_batch([30.0, 4.0], [20, 10]), _batch([20.0, 120.0], [20, 30]), "doing nothing earns now this, now that"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_there_is_no_bonus_where(random: EpisodeBatch, still: EpisodeBatch, why: str) -> None:
    assert survival_bonus(random, still) == 0.0, why


@pytest.mark.parametrize("beyond", range(0, 400, 40))
def test_the_comparison_does_not_exceed_the_budget(beyond: int) -> None:
    state, engine = _state((1.0, 0.1)), _peak(0.5)
    episodes = TURN + beyond
    _search(state, engine, episodes)
    assert len(engine.seen) == state.usage.episodes <= episodes
    assert episodes - state.usage.episodes < state.optimizer.population + 4 * trial.EPISODES
