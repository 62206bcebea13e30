"""What a change of a policy's parameters does is measured on what its centre observes, and paid for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gymnasium import spaces

from poise.errors import EnvironmentFailureError
from poise.fisher import EPISODES, LEAST_LOOKED_AT, bounded, evenly, fisher_information, foresee, measure, set_aside
from poise.optimizers.episode_newton import SHARES, EpisodeNewton
from poise.optimizers.fisher_snes import FisherSnes
from poise.optimizers.snes import Snes
from poise.policies.architecture import Architecture, Normalizer
from poise.policies.spaces import ActFunction, decode_space, encode_space
from poise.rollouts.recording import Recording
from poise.runs import checkpoint
from poise.runs.checkpoint import Progress
from poise.search import search
from poise.search_state import SearchState
from poise.seeding import Purpose, SeedStream, generator, purpose_of
from poise.succession import begin_stage
from poise.testing.fake_engine import FakeEngine
from poise.types import Budget, Effort, EnvironmentSpec, FloatArray

SPACES = encode_space(spaces.Box(-9, 9, (3,))), decode_space(spaces.Box(-1, 1, (2,)))
NETWORK = Architecture("mlp:2", *SPACES)
LINEAR = Architecture("linear", *SPACES)
SPREAD = np.array([10.0, 1.0, 0.1])
POPULATION, EVERY = 6, 3


def _sphere(parameters: FloatArray, rng: np.random.Generator) -> float:
    return -float(np.square(parameters - 1.0).sum())


def _record(act: ActFunction, seed: int) -> Recording:
    observations = tuple(np.random.default_rng(seed).normal(size=(11, 3)) * SPREAD)
    actions = tuple(act(observation) for observation in observations[:-1])
    return Recording(EnvironmentSpec("Fake-v0"), seed, observations, actions, (1.0,) * 10, False, True)


def _optimizer(architecture: Architecture = NETWORK) -> FisherSnes:
    options = FisherSnes.Options(population=POPULATION, every=EVERY)
    return FisherSnes(architecture.parameter_count, generator(0, "optimizer"), options)


def _state(architecture: Architecture = NETWORK) -> SearchState:
    return SearchState(_optimizer(architecture), architecture, SeedStream(0, Purpose.SEARCH))


def _search(state: SearchState, generations: int, budget: Budget | None = None) -> FakeEngine:
    engine = FakeEngine(_sphere)
    before = state.generation
    search(
        state,
        engine,
        budget or Budget(max_steps=10**9),
        Effort(),
        confirm=lambda _: False,
        observe=lambda _: None,
        record=_record,
        interrupted=lambda: state.generation >= before + generations,
    )
    return engine


@pytest.mark.parametrize("normalizer", [None, Normalizer(np.ones(3), SPREAD)])
def test_of_weighted_sums_it_is_the_second_moment_of_the_features(normalizer: Normalizer | None) -> None:
    state = _state(LINEAR.with_normalizer(normalizer))
    features = np.random.default_rng(1).normal(size=(50, 3)) * SPREAD
    metric, size = fisher_information(state, features)
    seen = features if normalizer is None else normalizer(features)
    moment = seen.T @ seen / len(seen)
    np.testing.assert_allclose(metric, np.kron(np.eye(2), moment), atol=1e-9)
    weights = state.optimizer.center.reshape(2, 3)
    assert size == pytest.approx(np.square(seen @ weights.T).sum(axis=1).mean())


def test_it_is_measured_before_the_first_generation_and_again_every_so_often_and_paid_for() -> None:
    state = _state()
    engine = _search(state, generations=2 * EVERY)
    assert state.usage.episodes == len(set(engine.seen)) == 2 * EVERY * POPULATION + 2 * EPISODES
    assert {purpose_of(seed) for seed in engine.seen} == {Purpose.SEARCH}
    assert state.optimizer.wants_metric  # before the next
    other = SearchState(Snes(3, generator(0, "optimizer")), LINEAR, SeedStream(0, Purpose.SEARCH))
    assert not other.optimizer.wants_metric


@pytest.mark.parametrize("left", [0, POPULATION - 1, POPULATION + EPISODES - 1])
def test_the_budget_holds_what_it_costs(left: int) -> None:
    state = _state()
    most = EPISODES + EVERY * POPULATION + left
    _search(state, generations=100, budget=Budget(max_episodes=most))
    assert state.usage.episodes == EPISODES + EVERY * POPULATION


def test_where_nothing_can_be_looked_at_the_search_goes_on_without() -> None:
    state = _state()
    basis = state.optimizer.state()["own"]["basis"]
    measure(state, FakeEngine(_sphere), None)
    assert not state.optimizer.wants_metric
    assert state.usage.episodes == 0
    failing = FakeEngine(lambda p, rng: np.nan)
    state = _state()
    measure(state, failing, _record)
    assert (len(failing.seen), state.usage.episodes, state.failures.episodes) == (EPISODES, EPISODES, EPISODES)
    assert not state.optimizer.wants_metric
    np.testing.assert_array_equal(state.optimizer.state()["own"]["basis"], basis)


def test_an_episode_that_fails_when_it_is_looked_at_is_left_out() -> None:
    def record(act: ActFunction, seed: int) -> Recording:
        if seed % 2:
            raise EnvironmentFailureError("now and then")
        return _record(act, seed)

    state = _state()
    basis = state.optimizer.state()["own"]["basis"]
    measure(state, FakeEngine(_sphere), record)
    assert not np.array_equal(state.optimizer.state()["own"]["basis"], basis)


def test_parameters_beyond_all_numbers_have_no_metric() -> None:
    state = _state(Architecture("quadratic", *SPACES))
    state.optimizer._mu[:] = 1e300  # type: ignore[attr-defined]
    basis = state.optimizer.state()["own"]["basis"]
    metric, size = fisher_information(state, np.full((2, 3), 1e200))
    state.optimizer.take_metric(metric, size)
    np.testing.assert_array_equal(state.optimizer.state()["own"]["basis"], basis)


def test_a_few_long_episodes_are_looked_at() -> None:
    looked_at = []

    def record(act: ActFunction, seed: int) -> Recording:
        looked_at.append(seed)
        short = _record(act, seed)
        return replace(short, observations=short.observations * 100)

    engine, state = FakeEngine(_sphere), _state()
    measure(state, engine, record)
    assert looked_at == engine.seen[:LEAST_LOOKED_AT]


def test_a_later_stage_has_the_scale_of_what_the_best_before_it_observes() -> None:
    first = Architecture("linear+bias", *SPACES)
    wrong = Normalizer(np.zeros(3), np.full(3, 50.0))
    snes = Snes(first.parameter_count, generator(1, "optimizer"))
    state = SearchState(snes, first.scaled_by(wrong), SeedStream(0, Purpose.SEARCH), scale=wrong)
    state.trend.add(-5.0)
    begin_stage(state, NETWORK, _optimizer())
    assert set_aside(state) == 2 * EPISODES
    measure(state, FakeEngine(_sphere), _record)
    assert state.usage.episodes == 2 * EPISODES
    assert set_aside(state) == 0
    normalizer = state.architecture.normalizer
    assert normalizer is not None
    np.testing.assert_allclose(normalizer.scale, SPREAD, rtol=0.3)
    assert state.scale is wrong  # what comes later begins as ever
    _search(state, generations=EVERY + 1)
    assert state.architecture.normalizer is normalizer


def test_interrupted_and_resumed_it_is_the_same_search(tmp_path: Path) -> None:
    whole, half = _state(), _state()
    _search(whole, generations=4 * EVERY)
    _search(half, generations=EVERY + 1)
    progress = Progress(half, SeedStream(0, Purpose.SELECTION))
    checkpoint.save(tmp_path / "checkpoint", progress)
    taken_up = checkpoint.load(tmp_path / "checkpoint", LINEAR).search
    _search(taken_up, generations=3 * EVERY - 1)
    assert taken_up.usage == whole.usage
    np.testing.assert_array_equal(taken_up.optimizer.ask(), whole.optimizer.ask())


TOGETHER, DIRECTIONS = 4, 2
MEMBERS = 1 + 2 * DIRECTIONS


def _by_episodes(architecture: Architecture = NETWORK) -> SearchState:
    options = EpisodeNewton.Options(episodes=TOGETHER, directions=DIRECTIONS)
    optimizer = EpisodeNewton(architecture.parameter_count, generator(0, "optimizer"), options)
    return SearchState(optimizer, architecture, SeedStream(0, Purpose.SEARCH))


def test_the_candidates_of_a_group_share_an_episode_that_is_looked_at_and_paid_for() -> None:
    state = _by_episodes()
    engine = _search(state, generations=1)
    assert engine.seen == np.repeat(engine.seen[::MEMBERS], MEMBERS).tolist()
    assert len(set(engine.seen)) == TOGETHER
    assert state.usage.episodes == TOGETHER * MEMBERS + TOGETHER
    assert state.rung == 0
    kept = [candidate.parameters.tobytes() for candidate in state.archive]
    assert len(kept) == len(set(kept)) > TOGETHER
    compared = _search(state, generations=1).seen
    assert len(set(compared)) == TOGETHER // 2
    assert compared == np.repeat(compared[:: len(SHARES)], len(SHARES)).tolist()
    assert not set(compared) & set(engine.seen)
    assert state.usage.episodes == TOGETHER * (MEMBERS + 1) + TOGETHER // 2 * len(SHARES)


@pytest.mark.parametrize("left", [0, TOGETHER * MEMBERS])
def test_the_budget_holds_what_looking_costs(left: int) -> None:
    state = _by_episodes()
    step = TOGETHER * (MEMBERS + 1) + TOGETHER // 2 * len(SHARES)
    _search(state, generations=100, budget=Budget(max_episodes=step + left))
    assert state.usage.episodes == step


def test_directions_are_those_in_which_what_is_done_on_an_episode_changes() -> None:
    state = _by_episodes(LINEAR)
    seeds = state.seeds.take(TOGETHER)
    foresee(state, seeds, _record)
    moves = state.optimizer.ask().reshape(TOGETHER, MEMBERS, -1)[:, 1] - state.optimizer.center
    steps = np.array([_record(lambda _: 0, int(seed)).observations[:-1] for seed in seeds])
    done = np.einsum("eti,eoi->eto", steps, moves.reshape(TOGETHER, 2, 3))
    assert (np.square(done).mean(axis=(1, 2)) > 0).all()
    alone = _by_episodes(LINEAR)
    foresee(alone, seeds, None)
    assert alone.usage.episodes == 0
    assert not np.array_equal(alone.optimizer.ask(), state.optimizer.ask())


def test_of_a_long_episode_some_observations_are_used_and_of_none_none() -> None:
    features = np.arange(3000.0).reshape(1000, 3)
    some = evenly(features, 100)
    assert some.shape == (100, 3)
    np.testing.assert_array_equal(some[[0, -1]], features[[0, -1]])
    np.testing.assert_array_equal(evenly(features[:7], 100), features[:7])
    assert evenly(features[:0], 100).shape == (0, 3)


def test_what_it_is_told_of_outputs_is_their_mean_square_each_by_itself() -> None:
    told: list[float] = []
    state = _by_episodes(LINEAR)
    state.optimizer.take_changes = lambda jacobians, size: told.append(size)  # type: ignore[method-assign]
    seeds = state.seeds.take(TOGETHER)
    foresee(state, seeds, _record)
    steps = np.concatenate([_record(lambda _: 0, int(seed)).observations[:-1] for seed in seeds])
    outputs = np.clip(steps @ state.optimizer.center.reshape(2, 3).T, -1, 1)
    assert told == [pytest.approx(np.square(outputs).mean())]


def test_an_episode_that_fails_has_no_directions() -> None:
    def record(act: ActFunction, seed: int) -> Recording:
        if seed == seeds[0]:
            raise EnvironmentFailureError("now and then")
        return _record(act, seed)

    state = _by_episodes()
    seeds = state.seeds.take(TOGETHER)
    foresee(state, seeds, record)
    members = state.optimizer.ask().reshape(TOGETHER, MEMBERS, -1)
    assert not np.ptp(members[0], axis=0).any()
    assert np.ptp(members[1], axis=0).any()


def test_outputs_beyond_the_bounds_of_an_action_are_no_more_than_these() -> None:
    outputs = np.array([[-3.0, 0.5], [2.0, 1.0]])
    np.testing.assert_array_equal(bounded(NETWORK, outputs), [[-1.0, 0.5], [1.0, 1.0]])
    choice = Architecture("mlp:2", SPACES[0], decode_space(spaces.Discrete(3)))
    np.testing.assert_array_equal(bounded(choice, outputs), outputs)


def test_interrupted_between_a_step_and_its_comparison_it_is_the_same_search(tmp_path: Path) -> None:
    whole, half = _by_episodes(), _by_episodes()
    _search(whole, generations=8)
    _search(half, generations=3)
    checkpoint.save(tmp_path / "checkpoint", Progress(half, SeedStream(0, Purpose.SELECTION)))
    taken_up = checkpoint.load(tmp_path / "checkpoint", LINEAR).search
    _search(taken_up, generations=5)
    assert taken_up.usage == whole.usage
    np.testing.assert_array_equal(taken_up.optimizer.ask(), whole.optimizer.ask())
