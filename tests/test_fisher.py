"""What a change of a policy's parameters does is measured on what its centre observes, and paid for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gymnasium import spaces

from poise.errors import EnvironmentFailureError
from poise.fisher import EPISODES, LEAST_LOOKED_AT, fisher_information, measure, set_aside
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
