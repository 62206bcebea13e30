"""The ladder of probes has the answers it says it has, and poise climbs it."""

from __future__ import annotations

from collections.abc import Iterator

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from poise.evaluation import evaluate
from poise.optimizers import OPTIMIZERS
from poise.policies.architecture import Architecture
from poise.rollouts.environments import inspect
from poise.rollouts.in_process import InProcess
from poise.search import search
from poise.search_state import SearchState
from poise.seeding import Purpose, SeedStream, generator
from poise.selection import race
from poise.testing.engine_suite import Subject, check_engine
from poise.testing.probes import PROBES, Probe, register_probes, solution_of
from poise.types import Budget, Effort

IDS = [probe.spec.id for probe in PROBES]


@pytest.fixture(autouse=True)
def probes() -> Iterator[None]:
    register_probes()
    register_probes()  # once more changes nothing
    yield
    for identifier in IDS:
        del gymnasium.registry[identifier]


def _architecture(probe: Probe) -> Architecture:
    info = inspect(probe.spec)
    return Architecture(probe.policy, info.observation, info.action)


def test_importing_them_registers_nothing() -> None:
    assert all(identifier in gymnasium.registry for identifier in IDS)
    assert all(identifier.startswith("poise-probe/") for identifier in IDS)
    assert len(IDS) == 5


@pytest.mark.parametrize("probe", PROBES, ids=IDS)
def test_it_keeps_gymnasiums_contract_and_the_engine_its_own(probe: Probe) -> None:
    check_env(gymnasium.make(probe.spec.id).unwrapped, skip_render_check=True)
    check_engine(Subject(lambda: InProcess(probe.spec), _architecture(probe), probe.spec))


@pytest.mark.parametrize("probe", PROBES, ids=IDS)
def test_the_answers_are_right(probe: Probe) -> None:
    architecture, seeds = _architecture(probe), SeedStream(0, Purpose.SEARCH).take(200)
    with InProcess(probe.spec) as engine:
        solved = engine.run(architecture, solution_of(probe), seeds)
        blunder = engine.run(architecture, np.array([probe.blunder]), seeds)
    assert (solved.returns == probe.best_return).all()
    assert (solved.lengths == probe.length).all()
    assert blunder.returns.mean() == pytest.approx(probe.blunder_return, abs=0.5)
    assert (blunder.returns <= probe.best_return).all()


def test_what_ends_an_episode_is_told_apart() -> None:
    waiting, steering = PROBES[3], PROBES[4]
    seeds = np.arange(3, dtype=np.uint32)
    with InProcess(waiting.spec) as engine:
        there = engine.run(_architecture(waiting), solution_of(waiting), seeds)
        stuck = engine.run(_architecture(waiting), np.array([waiting.blunder]), seeds)
    with InProcess(steering.spec) as engine:
        still = engine.run(_architecture(steering), solution_of(steering), seeds)
    for batch, terminated in ((there, True), (stuck, False), (still, False)):
        assert (batch.terminated == terminated).all()
        assert (batch.truncated != terminated).all()


@pytest.mark.parametrize(
    "optimizer",
    ["cma_es", *(pytest.param(name, marks=pytest.mark.slow) for name in OPTIMIZERS.names() if name != "cma_es")],
)
@pytest.mark.parametrize("probe", PROBES, ids=IDS)
def test_search_selection_and_evaluation_climb_it(probe: Probe, optimizer: str) -> None:
    architecture = _architecture(probe)
    kind = OPTIMIZERS.get(optimizer)
    options = kind.make_options({"episodes": 4} if optimizer == "episode_newton" else {})  # a few steps, not one
    made = kind(architecture.parameter_count, generator(1, "optimizer"), options)
    state = SearchState(made, architecture, SeedStream(1, Purpose.SEARCH))
    with InProcess(probe.spec) as engine:
        search(state, engine, Budget(max_episodes=600), Effort((4,)), confirm=lambda _: False, observe=lambda _: None)
        result = race(engine, state.archive, SeedStream(1, Purpose.SELECTION), limit=30)
        assert result.winner is not None
        winner = state.archive[result.winner]
        seeds = SeedStream(1, Purpose.EVALUATION)
        evaluation, _ = evaluate(engine, architecture, winner.parameters, seeds, episodes=30)
    slack = 2.0 if probe is PROBES[4] else 0.0  # of -5 for standing still
    assert evaluation.mean >= probe.best_return - slack
