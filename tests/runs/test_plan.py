"""A plan: it is decided once, and says which stage comes next."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import poise
from poise.errors import InvalidFileError
from poise.horizon import Horizon
from poise.policies.architecture import Architecture
from poise.rollouts.environments import inspect
from poise.runs.auto import FINE, POPULATION, plan_for
from poise.runs.config import TrainConfig
from poise.runs.plan import Plan
from poise.runs.stage import Stage
from poise.search_state import SearchState
from poise.seeding import Purpose, SeedStream
from poise.toll import Toll
from poise.trial import Rival
from poise.types import EnvironmentSpec


def _plan(env: str, **settings: Any) -> Plan:
    return plan_for(TrainConfig(env, **settings), inspect(EnvironmentSpec(env)))


@pytest.mark.parametrize(("first_horizon", "tried"), [(None, 9), (Horizon(240, 1600), 1)])
def test_many_starts_are_tried_only_where_an_episode_may_end_by_itself(
    first_horizon: Horizon | None, tried: int
) -> None:
    plan = _plan("BipedalWalker-v3")
    architecture = plan.first_architecture(inspect(EnvironmentSpec("BipedalWalker-v3")))
    state = SearchState(plan.stages[0].optimizer_for(architecture, 0, 0), architecture, SeedStream(0, Purpose.SEARCH))
    state.first_horizon = first_horizon
    plan.begin_trial(state, 0)
    assert state.trial is not None
    assert len(state.trial.waiting) == tried
    assert len({rival.optimizer.ask().tobytes() for rival in state.trial.waiting}) == tried  # each looks elsewhere


@pytest.mark.parametrize(("bonus", "optimizers"), [(0.0, ["snes"]), (0.5, ["snes", "ars"])])
def test_a_start_that_is_not_told_of_a_bonus_needs_one(bonus: float, optimizers: list[str]) -> None:
    plan = _plan("Pendulum-v1")
    architecture = plan.first_architecture(inspect(EnvironmentSpec("Pendulum-v1")))
    state = SearchState(plan.stages[0].optimizer_for(architecture, 0, 0), architecture, SeedStream(0, Purpose.SEARCH))
    plan.begin_trial(state, 0, bonus)
    assert state.trial is not None
    assert [(rival.optimizer.name, rival.survival_bonus) for rival in state.trial.waiting] == list(
        zip(optimizers, [0.0, bonus], strict=False)
    )


def test_who_names_an_optimizer_that_follows_its_observations_pays_for_no_probes() -> None:
    info, config = inspect(EnvironmentSpec("Pendulum-v1")), TrainConfig("Pendulum-v1", normalize="running")
    named = replace(config, policy="linear", optimizer="ars")
    assert plan_for(named, info).probes(named, info) == 0
    small = replace(config, max_episodes=100)
    assert plan_for(small, info).probes(small, info) == 0


def test_when_all_stages_are_through_the_best_begins_again_with_twice_the_population() -> None:
    plan = _plan("Acrobot-v1")
    levels = [-90.0, -80.0, -85.0]
    assert [plan.stage(index, levels[:index]) for index in range(3)] == [(index, 0) for index in range(3)]
    assert plan.stage(3, levels) == (1, 1)
    assert plan.stage(5, [*levels, -10.0, -5.0]) == (1, 3)
    populations = [plan.stages[1].optimizer_for(_architecture(), 0, 3, n).population for n in range(3)]
    assert populations == [POPULATION, 2 * POPULATION, 4 * POPULATION]
    assert Plan((Stage("linear", "snes"),), open_ended=False).stage(1, [0.0]) is None


def _architecture() -> Any:
    return poise.Policy.create("Acrobot-v1", "quadratic").architecture


@pytest.mark.parametrize("env", ["Pendulum-v1", "BipedalWalker-v3"])
def test_a_plan_is_set_down_and_taken_up_and_a_damaged_one_is_a_clear_error(env: str) -> None:
    plan = _plan(env)
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan
    for damaged in (None, {}, {"stages": [{"policy": "linear"}], "open_ended": True}, {"stages": 3}):
        with pytest.raises(InvalidFileError, match="with a plan"):
            Plan.from_json(damaged)


def test_a_run_goes_on_with_the_plan_it_began_with(tmp_path: Path) -> None:
    run = poise.train("Acrobot-v1", out=tmp_path / "run", max_episodes=60, evaluation_episodes=2, selection_episodes=2)
    config = json.loads((run.path / "config.json").read_text())
    assert config["plan"]["stages"][0] == {
        "policy": "linear+bias",
        "optimizer": "snes",
        "optimizer_args": {"population": 8},
        "rivals": [],
        "rung": 0,
    }
    config["plan"]["stages"] = config["plan"]["stages"][:1]
    (run.path / "config.json").write_text(json.dumps(config))
    resumed = poise.resume(run.path, max_episodes=90)
    assert resumed.result["episodes"]["search"] > 60
    assert json.loads((run.path / "config.json").read_text())["plan"] == config["plan"]


def test_a_repetition_begins_as_the_start_that_the_stage_went_on_with() -> None:
    info, plan = inspect(EnvironmentSpec("Pendulum-v1")), _plan("Pendulum-v1")
    last = plan.stages[2]
    architecture = Architecture(last.policy, info.observation, info.action)
    state = SearchState(last.optimizer_for(architecture, 0, 2), architecture, SeedStream(0, Purpose.SEARCH))
    state.stage, state.levels, state.starts = 3, [-900.0, -200.0, -900.0], [1, 2, 0]
    state.trend.add(-800.0)
    assert plan.proceed(state, architecture, 0)
    assert (state.architecture.name, state.start, state.rung) == ("quadratic", 2, 1)
    assert state.optimizer.options.sigma0 == FINE
    assert state.optimizer.population == 2 * POPULATION
    assert (state.starts, state.trial) == ([1, 2, 0, 0], None)


def test_when_all_stages_are_through_the_best_goes_on_before_it_begins_again() -> None:
    info, plan = inspect(EnvironmentSpec("Acrobot-v1")), _plan("Acrobot-v1")
    architecture = plan.first_architecture(info)
    state = SearchState(plan.stages[0].optimizer_for(architecture, 0, 0), architecture, SeedStream(0, Purpose.SEARCH))
    found, optimizers = [], []
    for level in (-90.0, -80.0, -85.0, -80.0, -80.0, -80.0):
        found.append((state.architecture.name, state.optimizer.population))
        optimizers.append(state.optimizer)
        state.trend.add(level)
        assert plan.proceed(state, architecture, 0)
    assert [name for name, _ in found] == ["linear+bias", "quadratic", "mlp:8", *["quadratic"] * 3]
    assert [population // POPULATION for _, population in found] == [1, 1, 1, 1, 2, 4]
    assert optimizers[3] is optimizers[1]


@pytest.mark.parametrize(("second", "stays"), [(-30.0, True), (-120.0, False)])
def test_a_first_stage_that_learnt_to_leave_is_searched_again_with_a_toll(second: float, stays: bool) -> None:
    info, plan = inspect(EnvironmentSpec("LunarLanderContinuous-v3")), _plan("LunarLanderContinuous-v3")
    architecture, toll = plan.first_architecture(info), Toll(3.0, 1000, 40.0)
    state = SearchState(plan.stages[0].optimizer_for(architecture, 0, 0), architecture, SeedStream(0, Purpose.SEARCH))
    state.known_toll, state.lasted = toll, 31.0
    found = []
    for level in (-97.0, second, -200.0, -200.0, -200.0):
        state.trend.add(level)
        state.trial = None
        assert plan.proceed(state, architecture, 0)
        waiting: list[Rival] = [] if state.trial is None else state.trial.waiting
        found.append((state.architecture.name, state.toll, {rival.toll for rival in waiting}))
    charge = toll if stays else None
    assert found[:3] == [("linear+bias", toll, {toll}), ("quadratic", charge, {charge}), ("mlp:8", charge, {charge})]
    assert found[3:] == [("linear+bias", charge, set())] * 2  # the best goes on, then begins again
    assert state.stage == 5


@pytest.mark.parametrize(
    ("level", "lasted", "known"),
    [(10.0, 31.0, Toll(3.0, 1000, 40.0)), (-97.0, 41.0, Toll(3.0, 1000, 40.0)), (-97.0, 31.0, None)],
)
def test_it_is_not_where_it_earns_or_stays_or_random_policies_do(
    level: float, lasted: float, known: Toll | None
) -> None:
    info, plan = inspect(EnvironmentSpec("LunarLanderContinuous-v3")), _plan("LunarLanderContinuous-v3")
    architecture = plan.first_architecture(info)
    state = SearchState(plan.stages[0].optimizer_for(architecture, 0, 0), architecture, SeedStream(0, Purpose.SEARCH))
    state.known_toll, state.lasted = known, lasted
    state.trend.add(level)
    assert plan.proceed(state, architecture, 0)
    assert (state.architecture.name, state.toll, state.again) == ("quadratic", None, False)
