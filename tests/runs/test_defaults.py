"""What a run has of everything that was not asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from poise.probing import PROBES, STILL
from poise.rollouts.environments import inspect
from poise.runs.auto import plan_for
from poise.runs.config import TrainConfig
from poise.runs.defaults import default_steps, resolved, steps_of_many
from poise.runs.plan import Plan
from poise.types import EnvironmentSpec


def _plan(env: str, **settings: Any) -> Plan:
    return plan_for(TrainConfig(env, **settings), inspect(EnvironmentSpec(env)))


@pytest.mark.parametrize(("env", "normalize"), [("BipedalWalker-v3", "running"), ("Pendulum-v1", "probe")])
def test_finite_differences_follow_what_is_observed_and_other_searches_measure_it_before(
    env: str, normalize: str
) -> None:
    info, config, plan = inspect(EnvironmentSpec(env)), TrainConfig(env), _plan(env)
    decided = resolved(config, info, plan, compiled=False)
    assert decided.normalize == normalize
    assert plan.effort(decided).running_normalizer is (normalize == "running")
    assert plan.probes(decided, info) == PROBES + STILL


@pytest.mark.parametrize(("limit", "steps"), [(1000, 5), (200, 5), (100, 10), (50, 20), (10, 20)])
def test_short_episodes_raise_the_least_budget(limit: int, steps: int) -> None:
    info = inspect(EnvironmentSpec("Pendulum-v1"))
    info = replace(info, spec=replace(info.spec, max_episode_steps=limit))
    plan = plan_for(TrainConfig("Pendulum-v1"), info)
    assert default_steps(info, plan, compiled=False) == steps * 1_000_000


@pytest.mark.parametrize(("env", "episodes"), [("LunarLander-v3", 500), ("Reacher-v5", 1_000), ("Blackjack-v1", 1_000)])
def test_an_evaluation_has_as_many_episodes_as_are_cheap(env: str, episodes: int) -> None:
    info = inspect(EnvironmentSpec(env))
    assert resolved(TrainConfig(env), info, _plan(env), compiled=False).evaluation_episodes == episodes


def test_the_turns_of_many_starts_and_what_makes_sure_of_the_best_come_on_top_of_the_budget() -> None:
    info = inspect(EnvironmentSpec("BipedalWalker-v3"))
    many, few = _plan("BipedalWalker-v3"), _plan("BipedalWalker-v3", max_episodes=100_000)
    steps = [default_steps(info, plan, compiled=False) for plan in (many, few)]
    assert steps == [16_000_000, 10_000_000]
    assert steps_of_many(few, 100) == 0
    more = len(many.stages[0].rivals) - len(few.stages[0].rivals)
    assert steps_of_many(many, 100) == 375_000 * more + 3_000_000
