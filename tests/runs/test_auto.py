"""What auto decides, for spaces of every kind and budgets of every size."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from gymnasium import spaces

from poise.errors import InvalidValueError
from poise.horizon import SLOW_GROWTH, Horizon
from poise.policies.architecture import Architecture
from poise.policies.spaces import decode_space, encode_space
from poise.rollouts.environments import inspect
from poise.runs.auto import FINE, NARROW, POPULATION, TOGETHER, plan_for, with_last_stage
from poise.runs.config import TrainConfig
from poise.runs.defaults import resolved
from poise.runs.plan import Plan
from poise.runs.stage import Stage
from poise.types import EnvironmentSpec


def _plan(env: str, **settings: Any) -> Plan:
    return plan_for(TrainConfig(env, **settings), inspect(EnvironmentSpec(env)))


@pytest.mark.parametrize(
    ("env", "policies"),
    [
        ("CartPole-v1", ["linear", "quadratic", "mlp:8"]),
        ("Acrobot-v1", ["linear+bias", "quadratic", "mlp:8"]),
        ("Pendulum-v1", ["linear+bias", "quadratic", "mlp:8"]),
        ("BipedalWalker-v3", ["linear+bias", "mlp:16"]),
        ("Ant-v5", ["linear+bias", "mlp:16"]),
        ("FrozenLake-v1", ["linear"]),
        ("Blackjack-v1", ["table"]),
    ],
)
def test_policies_follow_from_the_spaces_the_smallest_first(env: str, policies: list[str]) -> None:
    plan = _plan(env)
    assert [stage.policy for stage in plan.stages] == policies
    assert plan.open_ended is not plan.learns_a_table
    assert plan.learns_a_table is (env in ("FrozenLake-v1", "Blackjack-v1"))


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


@pytest.mark.parametrize(
    ("budget", "directions", "top"), [({}, 64, 21), ({"max_steps": 1_000_000}, 25, 8), ({"max_steps": 100_000}, 4, 1)]
)
def test_very_large_ones_need_more_directions_and_smaller_differences(
    budget: dict[str, Any], directions: int, top: int
) -> None:
    stage = _plan("Ant-v5", **budget).stages[0]
    assert (stage.policy, stage.optimizer) == ("linear+bias", "ars")
    assert (stage.optimizer_args["directions"], stage.optimizer_args["top"]) == (directions, top)
    assert stage.optimizer_args["noise"] == stage.optimizer_args["step_size"] == 0.0146
    if stage.rivals:
        rival = next(start for start in stage.rivals if start.without_survival_bonus)
        assert rival.optimizer_args == stage.optimizer_args


def _whole(env: str, *, compiled: bool, **settings: Any) -> Plan:
    info, config = inspect(EnvironmentSpec(env)), TrainConfig(env, **settings)
    plan = plan_for(config, info)
    return with_last_stage(plan, resolved(config, info, plan, compiled=compiled), info, compiled=compiled)


def test_the_last_stage_searches_for_a_network_by_what_it_does() -> None:
    last = Stage("mlp:16", "fisher_snes", {"population": POPULATION}, rung=1)
    assert _whole("Acrobot-v1", compiled=True).stages[-1] == last
    assert _whole("Pendulum-v1", compiled=True).stages[-1] == last
    assert _whole("Acrobot-v1", compiled=True, policy="mlp:4").stages[-1] == replace(last, policy="mlp:4")
    enough = 300 * 3 * POPULATION
    assert _whole("Acrobot-v1", compiled=False, max_steps=enough * 500).stages[-1] == last  # its actions are choices
    for kept in (
        {"policy": "mlp:4", "max_episodes": 100},
        {"policy": "mlp:200"},
        {"policy": "quadratic"},
        {"optimizer": "snes"},
        {"optimizer": "fisher_snes"},
    ):
        info, config = inspect(EnvironmentSpec("Acrobot-v1")), TrainConfig("Acrobot-v1", **kept)
        assert _whole("Acrobot-v1", compiled=True, **kept) == plan_for(config, info)


def test_where_a_step_costs_much_and_actions_are_numbers_every_episode_is_looked_at() -> None:
    last = Stage("mlp:16,16", "episode_newton", {"episodes": TOGETHER})
    assert _whole("Reacher-v5", compiled=False).stages[-1] == last
    assert _whole("Reacher-v5", compiled=False, policy="mlp:4").stages[-1] == replace(last, policy="mlp:4")
    info = inspect(EnvironmentSpec("Pendulum-v1"))
    network = Architecture("mlp:4", info.observation, info.action)
    assert last.optimizer_for(network, 0, 0, doublings=1).options.episodes == 2 * TOGETHER


@pytest.mark.parametrize(
    ("env", "compiled", "budget", "stages"),
    [
        ("Pendulum-v1", True, {}, 4),
        ("Acrobot-v1", True, {}, 4),
        ("Reacher-v5", False, {}, 4),
        ("Pendulum-v1", False, {}, 3),
        ("Pendulum-v1", False, {"max_steps": 300 * 3 * POPULATION * 200}, 4),
        ("Pendulum-v1", False, {"max_steps": 300 * 3 * POPULATION * 200 - 1}, 3),
        ("Pendulum-v1", True, {"max_episodes": 300 * 3 * POPULATION - 1}, 3),
        ("Pendulum-v1", True, {"max_seconds": 9.0}, 4),
        ("LunarLander-v3", False, {}, 3),
        ("Ant-v5", False, {}, 2),
    ],
)
def test_a_last_stage_that_could_only_begin_is_left_out(
    env: str, compiled: bool, budget: dict[str, Any], stages: int
) -> None:
    plan = _whole(env, compiled=compiled, **budget)
    assert len(plan.stages) == stages
    assert (plan.stages[-1].optimizer in ("fisher_snes", "episode_newton")) == (stages == 4)


@pytest.mark.parametrize(("features", "policy"), [(42, "mlp:16,16"), (43, "mlp:16"), (59, "mlp:16")])
def test_of_many_features_the_network_that_is_not_too_large_is_taken(features: int, policy: str) -> None:
    pendulum = inspect(EnvironmentSpec("Pendulum-v1"))
    box = encode_space(spaces.Box(-1, 1, (features,))), decode_space(spaces.Box(-1, 1, (2,)))
    info = replace(pendulum, observation=box[0], action=box[1])
    config = TrainConfig("Pendulum-v1", max_steps=100_000_000)
    last = with_last_stage(plan_for(config, info), config, info, compiled=False).stages[-1]
    assert (last.policy, last.optimizer) == (policy, "episode_newton")


def test_a_table_that_is_learnt_has_no_network_behind_it() -> None:
    assert len(_whole("FrozenLake-v1", compiled=False).stages) == 1


def test_where_actions_are_numbers_more_than_one_start_is_tried() -> None:
    swimmer, walker, lander = _plan("Pendulum-v1"), _plan("BipedalWalker-v3"), _plan("Acrobot-v1")
    assert [start.optimizer for start in swimmer.stages[0].rivals] == ["snes", "ars"]
    assert [start.optimizer for start in swimmer.stages[1].rivals] == ["snes", "snes"]
    assert [start.optimizer_args["sigma0"] for start in swimmer.stages[1].rivals] == [NARROW, FINE]
    assert [start.rung for start in swimmer.stages[1].rivals] == [0, 1]
    first, second, *more = walker.stages[0].rivals
    assert {start.optimizer_args["halvings"] for start in walker.stages[0].rivals} == {2}
    assert {start.optimizer_args["winsorize"] for start in walker.stages[0].rivals} == {2.0}
    assert (first.without_survival_bonus, second.without_survival_bonus) == (False, True)
    assert [start.optimizer_args["noise"] for start in more] == [0.2] * 8
    sees_falls = [not start.optimizer_args.get("winsorize_means", True) for start in walker.stages[0].rivals]
    assert sees_falls == [False] * 2 + [True] * 8
    assert [start.optimizer_args.get("settles", False) for start in walker.stages[0].rivals] == [False] * 2 + [True] * 8
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


def test_episodes_too_short_to_be_cut_off_show_no_gait_to_choose() -> None:
    info = inspect(EnvironmentSpec("BipedalWalker-v3"))
    info = replace(info, spec=replace(info.spec, max_episode_steps=100))
    assert not any(start.where_episodes_end for start in plan_for(TrainConfig("x"), info).stages[0].rivals)
