"""A stage may begin with a policy that does what the best of an earlier stage does."""

from __future__ import annotations

import numpy as np
import pytest
from gymnasium import spaces

from poise.imitation import begin_alike, fit
from poise.optimizers.base import Optimizer
from poise.optimizers.episode_newton import EpisodeNewton
from poise.optimizers.snes import Snes
from poise.policies.architecture import Architecture, Normalizer
from poise.policies.mlp import Mlp
from poise.policies.spaces import ActFunction, decode_space, encode_space
from poise.rollouts.recording import Recording
from poise.search_state import SearchState
from poise.seeding import Purpose, SeedStream, generator
from poise.succession import begin_stage
from poise.testing.fake_engine import FakeEngine
from poise.types import EnvironmentSpec, FloatArray

SPACES = encode_space(spaces.Box(-9, 9, (3,))), decode_space(spaces.Box(-1, 1, (2,)))
FIRST, NETWORK = Architecture("linear+bias", *SPACES), Architecture("mlp:8", *SPACES)
SPREAD = np.array([10.0, 1.0, 0.1])
UNIT = Normalizer(np.zeros(3), np.ones(3))


def _observations(seed: int) -> FloatArray:
    return np.asarray(np.random.default_rng(seed).normal(size=(11, 3)) * SPREAD)


def _record(act: ActFunction, seed: int) -> Recording:
    with np.errstate(over="ignore", invalid="ignore"):
        actions = tuple(act(observation) for observation in _observations(seed)[:-1])
    return Recording(EnvironmentSpec("Fake-v0"), seed, tuple(_observations(seed)), actions, (1.0,) * 10, False, True)


def _at_its_second_stage(second: type[Optimizer] = EpisodeNewton) -> SearchState:
    """The first ended with gains that are small where features are large."""
    snes = Snes(FIRST.parameter_count, generator(0, "optimizer"))
    snes._mu = np.array([0.05, 0.3, 2.0, -0.02, 0.5, -3.0, 0.1, -0.2])
    state = SearchState(snes, FIRST.scaled_by(UNIT), SeedStream(0, Purpose.SEARCH), scale=UNIT)
    state.trend.add(-5.0)
    begin_stage(state, NETWORK, second(NETWORK.parameter_count, generator(0, "optimizer", 1)))
    return state


def _engine() -> FakeEngine:
    return FakeEngine(lambda parameters, rng: 0.0)


def test_a_stage_that_begins_does_what_the_best_before_it_does_as_far_as_actions_go() -> None:
    state = _at_its_second_stage()
    forerunner = state.best_left
    assert forerunner is not None
    begin_alike(state, _engine(), _record)
    seen = np.concatenate([_observations(seed) for seed in range(1000, 1050)])
    wanted = np.clip(forerunner.architecture.outputs(forerunner.optimizer.center, seen), -1, 1)
    done = state.architecture.outputs(state.optimizer.center, seen)
    assert np.square(done - wanted).mean() < 0.03 * np.square(wanted).mean()
    assert state.architecture.normalizer is not None
    np.testing.assert_allclose(state.architecture.normalizer.scale, SPREAD, rtol=0.3)
    assert state.usage.episodes == 24


def test_a_kind_of_policy_that_begins_again_begins_anew() -> None:
    state, engine = _at_its_second_stage(), _engine()
    state.trend.add(-4.0)
    begin_stage(state, NETWORK, EpisodeNewton(NETWORK.parameter_count, generator(0, "optimizer", 2)))
    before = state.optimizer.center
    begin_alike(state, engine, _record)
    np.testing.assert_array_equal(state.optimizer.center, before)
    assert not engine.seen


def test_an_optimizer_that_begins_where_it_does_is_left_alone() -> None:
    state, engine = _at_its_second_stage(Snes), _engine()
    begin_alike(state, engine, _record)
    np.testing.assert_array_equal(state.optimizer.center, 0.0)
    assert not engine.seen


@pytest.mark.parametrize("why", ["nobody before it", "it has begun", "nothing can be looked at", "all failed"])
def test_where_there_is_nothing_to_be_like_it_begins_as_ever(why: str) -> None:
    state, engine = _at_its_second_stage(), _engine()
    before = state.optimizer.center
    if why == "nobody before it":
        state.best_left = None
    if why == "it has begun":
        state.optimizer.ask()
    if why == "all failed":
        engine = FakeEngine(lambda parameters, rng: np.nan)
    begin_alike(state, engine, None if why == "nothing can be looked at" else _record)
    np.testing.assert_array_equal(state.optimizer.center, before)
    assert state.failures.episodes == (24 if why == "all failed" else 0)


def test_what_goes_beyond_all_numbers_is_not_imitated() -> None:
    state = _at_its_second_stage()
    assert state.best_left is not None
    state.best_left.optimizer._mu[:] = 1e308  # type: ignore[attr-defined]
    before = state.optimizer.center
    begin_alike(state, _engine(), _record)
    np.testing.assert_array_equal(state.optimizer.center, before)


def test_what_a_network_does_another_can_be_fitted_to() -> None:
    rng, network = np.random.default_rng(1), Mlp(3, 2, (4,))
    features = rng.normal(size=(200, 3))
    targets = network(rng.normal(size=network.parameter_count), features)
    begun = 0.3 * rng.normal(size=network.parameter_count)
    fitted = fit(network, begun, features, targets)
    gaps = [np.square(network(parameters, features) - targets).mean() for parameters in (begun, fitted)]
    assert gaps[1] < 0.02 * gaps[0]


def test_a_fit_that_cannot_be_better_ends() -> None:
    network = Mlp(3, 2, (4,))
    begun = np.zeros(network.parameter_count)
    np.testing.assert_array_equal(fit(network, begun, np.ones((5, 3)), np.zeros((5, 2))), begun)
