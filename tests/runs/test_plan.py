"""What auto decides, for spaces of every kind and budgets of every size, and that it is decided once."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import poise
from poise.errors import InvalidFileError, InvalidValueError
from poise.horizon import SLOW_GROWTH, Horizon
from poise.policies.architecture import Architecture
from poise.probing import PROBES, STILL
from poise.rollouts.environments import inspect
from poise.runs.config import TrainConfig
from poise.runs.plan import FINE, NARROW, POPULATION, Plan, default_steps, plan_for, resolved
from poise.runs.stage import Stage
from poise.runs.train import dry_run
from poise.search_state import SearchState
from poise.seeding import Purpose, SeedStream
from poise.types import EnvironmentSpec


def _plan(env: str, **settings: Any) -> Plan:
    return plan_for(TrainConfig(env, **settings), inspect(EnvironmentSpec(env)))


@pytest.mark.parametrize(
    ("env", "policies"),
    [
        ("CartPole-v1", ["linear", "quadratic", "mlp:8"]),
        ("Acrobot-v1", ["linear+bias", "quadratic", "mlp:8"]),
        ("Pendulum-v1", ["linear+bias", "quadratic", "mlp:8"]),
        ("FrozenLake-v1", ["linear"]),
        ("Blackjack-v1", ["linear"]),
    ],
)
def test_policies_follow_from_the_spaces_the_smallest_first(env: str, policies: list[str]) -> None:
    plan = _plan(env)
    assert [stage.policy for stage in plan.stages] == policies
    assert plan.open_ended is not plan.learns_a_table
    assert plan.learns_a_table is (env == "FrozenLake-v1")


def test_what_is_named_is_taken_at_its_word() -> None:
    assert _plan("CartPole-v1", policy="mlp:4", optimizer="ars") == Plan((Stage("mlp:4", "ars"),), open_ended=False)
    assert {stage.optimizer for stage in _plan("CartPole-v1", optimizer="cem").stages} == {"cem"}
    assert [stage.policy for stage in _plan("CartPole-v1", policy="quadratic").stages] == ["quadratic"]


@pytest.mark.parametrize(
    ("env", "numbers", "optimizer"), [("BipedalWalker-v3", 100, "ars"), ("Acrobot-v1", 21, "snes")]
)
def test_large_weighted_sums_are_found_by_finite_differences(env: str, numbers: int, optimizer: str) -> None:
    info, stage = inspect(EnvironmentSpec(env)), _plan(env).stages[0]
    architecture = Architecture(stage.policy, info.observation, info.action)
    assert (architecture.parameter_count, stage.optimizer) == (numbers, optimizer)
    assert [stage.optimizer_for(architecture, 0, 1, n).population for n in (0, 1)] == (
        [POPULATION // 2, POPULATION] if optimizer == "ars" else [POPULATION, 2 * POPULATION]
    )


def test_where_actions_are_numbers_more_than_one_start_is_tried() -> None:
    swimmer, walker, lander = _plan("Pendulum-v1"), _plan("BipedalWalker-v3"), _plan("Acrobot-v1")
    assert [start.optimizer for start in swimmer.stages[0].rivals] == ["snes", "ars"]
    assert [start.optimizer for start in swimmer.stages[1].rivals] == ["snes", "snes"]
    assert [start.optimizer_args["sigma0"] for start in swimmer.stages[1].rivals] == [NARROW, FINE]
    assert [start.rung for start in swimmer.stages[1].rivals] == [0, 1]
    first, second, *more = walker.stages[0].rivals
    assert [start.optimizer_args["halvings"] for start in walker.stages[0].rivals] == [2, 2] + [1] * 8
    assert {start.optimizer_args["winsorize"] for start in walker.stages[0].rivals} == {2.0}
    assert (first.without_survival_bonus, second.without_survival_bonus) == (False, True)
    assert [start.optimizer_args["noise"] for start in more] == [0.2] * 8
    assert [start.optimizer_args.get("winsorize_until") for start in (first, second, *more)] == [None] * 2 + [1] * 8
    assert {start.horizon for start in more} == {first.horizon}
    assert walker.stages[0].rivals[0].horizon == Horizon(240, 1600, SLOW_GROWTH)
    assert lander.stages[0].rivals == ()


@pytest.mark.parametrize(
    ("budget", "tried"),
    [({}, True), ({"max_steps": 2_000_000}, True), ({"max_steps": 1_999_999}, False), ({"max_episodes": 500}, False)],
)
def test_a_small_budget_bears_no_trial(budget: dict[str, Any], tried: bool) -> None:
    assert bool(_plan("Pendulum-v1", **budget).stages[0].rivals) is tried


@pytest.mark.parametrize(
    ("budget", "rivals"),
    [
        ({}, 10),
        ({"max_steps": 10_000_000}, 10),
        ({"max_steps": 9_999_999}, 2),
        ({"max_episodes": 100_000}, 2),
        ({"max_seconds": 1e4}, 2),
    ],
)
def test_many_starts_take_the_budget_that_is_the_default(budget: dict[str, Any], rivals: int) -> None:
    assert len(_plan("BipedalWalker-v3", **budget).stages[0].rivals) == rivals


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


@pytest.mark.parametrize(("env", "normalize"), [("BipedalWalker-v3", "running"), ("Pendulum-v1", "probe")])
def test_finite_differences_follow_what_is_observed_and_other_searches_measure_it_before(
    env: str, normalize: str
) -> None:
    info, config, plan = inspect(EnvironmentSpec(env)), TrainConfig(env), _plan(env)
    decided = resolved(config, info, plan, compiled=False)
    assert decided.normalize == normalize
    assert plan.effort(decided).running_normalizer is (normalize == "running")
    assert plan.probes(decided, info) == PROBES + STILL


def test_who_names_an_optimizer_that_follows_its_observations_pays_for_no_probes() -> None:
    info, config = inspect(EnvironmentSpec("Pendulum-v1")), TrainConfig("Pendulum-v1", normalize="running")
    named = replace(config, policy="linear", optimizer="ars")
    assert plan_for(named, info).probes(named, info) == 0
    small = replace(config, max_episodes=100)
    assert plan_for(small, info).probes(small, info) == 0


def test_options_without_an_optimizer_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="name it, for instance snes"):
        _plan("CartPole-v1", optimizer_args={"sigma0": 1.0})


@pytest.mark.parametrize(
    ("budget", "population", "normalize"),
    [
        ({}, POPULATION, "probe"),
        ({"max_seconds": 1.0}, POPULATION, "probe"),
        ({"max_episodes": 25}, 8, "none"),
        ({"max_episodes": 600}, 30, "none"),
        ({"max_episodes": 640}, 32, "probe"),
        ({"max_steps": 200 * 400}, 20, "none"),
        ({"max_steps": 10**9}, POPULATION, "probe"),
    ],
)
def test_a_small_budget_gets_a_small_population_and_no_probes(
    budget: dict[str, Any], population: int, normalize: str
) -> None:
    info = inspect(EnvironmentSpec("Pendulum-v1"))
    config = TrainConfig("Pendulum-v1", **budget)
    plan = plan_for(config, info)
    assert plan.stages[0].optimizer_args["population"] == population
    assert resolved(config, info, plan, compiled=False).normalize == normalize


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
    }
    config["plan"]["stages"] = config["plan"]["stages"][:1]
    (run.path / "config.json").write_text(json.dumps(config))
    resumed = poise.resume(run.path, max_episodes=90)
    assert resumed.result["episodes"]["search"] > 60
    assert json.loads((run.path / "config.json").read_text())["plan"] == config["plan"]


@pytest.mark.parametrize(("env", "said"), [("BipedalWalker-v3", True), ("CartPole-v1", False)])
def test_the_plan_says_what_is_halved_where_something_is(env: str, said: bool) -> None:
    for word in "closer", "outliers":
        assert any(line.startswith(word) for line in dry_run(env)) is said


def test_the_plan_is_explained_with_its_reasons_and_nothing_is_written(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    text = "\n".join(dry_run("Pendulum-v1", engine="gymnasium"))
    for words in ("3 features", "quadratic, 10 numbers", "population 64", "1, then 3, then 10", "5,000,000 steps"):
        assert words in text
    assert not list(tmp_path.iterdir())


def test_where_a_table_is_learnt_nothing_is_said_of_a_choice() -> None:
    text = "\n".join(dry_run("FrozenLake-v1"))
    assert "by value_iteration:" in text
    assert "being sure   1,000 fresh episodes for the result" in text


@pytest.mark.parametrize(("limit", "steps"), [(1000, 5), (200, 5), (100, 10), (50, 20), (10, 20)])
def test_short_episodes_raise_the_least_budget(limit: int, steps: int) -> None:
    info = inspect(EnvironmentSpec("Pendulum-v1"))
    info = replace(info, spec=replace(info.spec, max_episode_steps=limit))
    plan = plan_for(TrainConfig("Pendulum-v1"), info)
    assert default_steps(info, plan, compiled=False) == steps * 1_000_000


def test_the_turns_of_many_starts_and_what_makes_sure_of_the_best_come_on_top_of_the_budget() -> None:
    info = inspect(EnvironmentSpec("BipedalWalker-v3"))
    many, few = _plan("BipedalWalker-v3"), _plan("BipedalWalker-v3", max_episodes=100_000)
    steps = [default_steps(info, plan, compiled=False) for plan in (many, few)]
    assert steps == [16_000_000, 10_000_000]
    assert few.steps_of_many(100) == 0
    more = len(many.stages[0].rivals) - len(few.stages[0].rivals)
    assert many.steps_of_many(100) == 375_000 * more + 3_000_000


def test_episodes_too_short_to_be_cut_off_show_no_gait_to_choose() -> None:
    info = inspect(EnvironmentSpec("BipedalWalker-v3"))
    info = replace(info, spec=replace(info.spec, max_episode_steps=100))
    assert not any(start.where_episodes_end for start in plan_for(TrainConfig("x"), info).stages[0].rivals)


def test_the_plan_in_words_counts_equal_starts() -> None:
    text = "\n".join(dry_run("BipedalWalker-v3"))
    assert text.count("if an episode can end before the time limit, 8 times") == 1
    assert "of more than 3 each has 75% of it, and then the best 3 have another" in text


def test_a_repetition_begins_as_the_start_that_the_stage_went_on_with() -> None:
    info, plan = inspect(EnvironmentSpec("Pendulum-v1")), _plan("Pendulum-v1")
    last = plan.stages[2]
    architecture = Architecture(last.policy, info.observation, info.action)
    state = SearchState(last.optimizer_for(architecture, 0, 2), architecture, SeedStream(0, Purpose.SEARCH))
    state.stage, state.levels, state.starts = 2, [-900.0, -200.0], [1, 2]
    state.trend.add(-800.0)
    assert plan.proceed(state, architecture, 0)
    assert (state.architecture.name, state.start, state.rung) == ("quadratic", 2, 1)
    assert state.optimizer.options.sigma0 == FINE
    assert state.optimizer.population == 2 * POPULATION
    assert (state.starts, state.trial) == ([1, 2, 0], None)
