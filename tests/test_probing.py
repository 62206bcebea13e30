"""What random policies live through is measured once, and paid for."""

from __future__ import annotations

import numpy as np
import pytest
from gymnasium import spaces

from poise.horizon import Horizon
from poise.optimizers.cma_es import CmaEs
from poise.policies.architecture import Architecture
from poise.policies.spaces import ActFunction, decode_space, encode_space
from poise.probing import LOOKED_AT, PROBES, probe
from poise.rollouts.recording import Recording
from poise.search import search
from poise.search_state import SearchState
from poise.seeding import Purpose, SeedStream, generator
from poise.testing.fake_engine import FakeEngine, ReturnFunction
from poise.types import Budget, Effort, EnvironmentSpec, FloatArray

ARCHITECTURE = Architecture("linear", encode_space(spaces.Box(-9, 9, (3,))), decode_space(spaces.Discrete(2)))


def _sphere(parameters: FloatArray, rng: np.random.Generator) -> float:
    return -float(np.square(parameters - 1.0).sum()) + 0.01 * rng.normal()


def _state(seed: int = 0) -> SearchState:
    return SearchState(CmaEs(3, generator(seed, "optimizer")), ARCHITECTURE, SeedStream(seed, Purpose.SEARCH))


def _record(act: ActFunction, seed: int) -> Recording:
    """An episode of ten observations, the first feature spread ten times as wide as the others."""
    observations = tuple(np.random.default_rng(seed).normal(size=(11, 3)) * [10.0, 1.0, 1.0])
    actions = tuple(act(observation) for observation in observations[:-1])
    return Recording(EnvironmentSpec("Fake-v0"), seed, observations, actions, (1.0,) * 10, False, True)


def _search(state: SearchState, budget: Budget) -> FakeEngine:
    engine = FakeEngine(_sphere)
    search(state, engine, budget, Effort(), confirm=lambda _: False, observe=lambda _: None)
    return engine


@pytest.mark.parametrize("budget", [Budget(max_steps=1), Budget(max_seconds=1e-9), Budget(max_episodes=PROBES + 7)])
def test_whatever_probing_took_the_first_generation_is_played(budget: Budget) -> None:
    state = _state()
    probe(state, FakeEngine(_sphere), generator(0, "probe"), _record, whole=10, short_at_first=False)
    _search(state, budget)
    assert state.usage.episodes == PROBES + 7
    assert len(state.archive) == 7


def test_probing_pays_for_its_episodes() -> None:
    state, engine = _state(), FakeEngine(_sphere)
    probe(state, engine, generator(0, "probe"), _record, whole=10, short_at_first=False)
    assert state.usage.episodes == len(set(engine.seen)) == PROBES
    engine_after = _search(state, Budget(max_episodes=PROBES + 70))
    assert not set(engine.seen) & set(engine_after.seen)


def test_probing_fits_the_normalizer_once_and_it_stays() -> None:
    state = _state()
    probe(state, FakeEngine(_sphere), generator(0, "probe"), _record, whole=10, short_at_first=False)
    fitted = state.architecture.normalizer
    assert fitted is not None
    assert np.allclose(fitted.scale, [10.0, 1.0, 1.0], rtol=0.4)
    _search(state, Budget(max_episodes=PROBES + 70))
    assert state.architecture.normalizer == fitted
    assert all(candidate.architecture.normalizer == fitted for candidate in state.archive)


@pytest.mark.parametrize("short", [True, False])
def test_probing_says_whether_episodes_may_begin_short(short: bool) -> None:
    state = _state()
    engine = FakeEngine(_sphere, length=1000, ceiling=-np.inf)
    probe(state, engine, generator(0, "probe"), _record, whole=1000, short_at_first=short)
    assert state.horizon == (Horizon(150, 1000) if short else None)


@pytest.mark.parametrize(
    ("returns", "looked_at"),
    [(_sphere, LOOKED_AT), (lambda p, rng: 0.0, PROBES), (lambda p, rng: float(p[0] > 2.0), PROBES)],
)
def test_those_that_equal_the_last_of_the_best_are_looked_at_too(returns: ReturnFunction, looked_at: int) -> None:
    played: list[int] = []

    def record(act: ActFunction, seed: int) -> Recording:
        played.append(seed)
        return _record(act, seed)

    probe(_state(), FakeEngine(returns), generator(0, "probe"), record, whole=10, short_at_first=False)
    assert len(set(played)) == len(played) == looked_at


@pytest.mark.parametrize(("ceiling", "known"), [(np.inf, True), (-np.inf, False)])
def test_probing_says_what_leaving_may_be_charged(ceiling: float, known: bool) -> None:
    state = _state()
    probe(state, FakeEngine(_sphere, ceiling=ceiling), generator(0, "probe"), _record, whole=40, short_at_first=False)
    assert (state.known_toll is not None) is known
    assert state.toll is None
    if state.known_toll is not None:
        assert state.known_toll.whole == 40
        assert 0.1 < state.known_toll.price < 10
