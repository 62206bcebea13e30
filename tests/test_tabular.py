"""Learning a table by playing: optimal where that is known, of the right size, and only where there are few choices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

import poise
from poise import tabular
from poise.rollouts.environments import inspect
from poise.rollouts.stepping import SteppedEnvironment
from poise.seeding import Purpose, SeedStream, purpose_of
from poise.types import Budget, EnvironmentSpec, Event


@pytest.mark.parametrize(
    ("env", "suitable"),
    [("CliffWalking-v1", True), ("FrozenLake-v1", True), ("Blackjack-v1", True), ("CartPole-v1", False)],
)
def test_a_table_is_learnt_where_choices_are_seen_and_one_is_made(env: str, suitable: bool) -> None:
    assert tabular.suits(inspect(EnvironmentSpec(env))) is suitable


def test_the_shortest_way_along_the_cliff_is_found_and_every_step_paid_for() -> None:
    info = inspect(EnvironmentSpec("CliffWalking-v1"))
    seeds, events = SeedStream(0, Purpose.SEARCH), list[Event]()
    state = tabular.beginning(info, seeds)
    with SteppedEnvironment(info) as world:
        tabular.learn(state, world, Budget(max_steps=100_000), observe=events.append)
        assert state.stopped_because == tabular.KNOWN
        policy = tabular.candidate(state, info)
        act = policy.architecture.bind(policy.parameters)
        features, total = world.reset(1), 0.0
        for _ in range(13):
            action = act(int(features.argmax()))
            step = world.step(tabular._outputs(action, info))
            features, total = step.features, total + step.reward
    assert step.terminated
    assert total == -13.0
    assert events[-1].usage == state.usage
    assert state.usage.steps == int(state.table.visits.sum())
    assert state.usage.episodes == sum(len(event.metrics["scores"]) for event in events)
    assert purpose_of(int(seeds.take(1)[0])) is Purpose.SEARCH


def test_a_small_budget_stops_after_a_generation_with_what_is_known() -> None:
    info = inspect(EnvironmentSpec("FrozenLake-v1"))
    state = tabular.beginning(info, SeedStream(0, Purpose.SEARCH))
    with SteppedEnvironment(info) as world:
        tabular.learn(state, world, Budget(max_steps=1), observe=lambda _: None)
    assert state.generation == 1
    assert "budget of 1 steps" in str(state.stopped_because)
    assert tabular.candidate(state, info).parameters.shape == (64,)


def test_the_share_that_is_done_is_of_what_there_is_to_know_not_of_a_budget_that_is_never_used() -> None:
    info, events = inspect(EnvironmentSpec("CliffWalking-v1")), list[Event]()
    state = tabular.beginning(info, SeedStream(0, Purpose.SEARCH))
    with SteppedEnvironment(info) as world:
        tabular.learn(state, world, Budget(max_steps=10**9), observe=events.append)
    shares = [event.done for event in events]
    assert shares[0] is not None
    assert shares[-1] is not None
    assert shares[0] < 0.6 < shares[-1] <= 1.0


class Riddle(gymnasium.Env[Any, Any]):
    """To be solved by doing what the two choices that are seen say together: their sum, modulo 3."""

    observation_space = spaces.Tuple((spaces.Discrete(3), spaces.MultiDiscrete([4])))
    action_space = spaces.Discrete(3)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.seen: Any = (int(self.np_random.integers(3)), self.np_random.integers(0, 4, 1))
        return self.seen, {}

    def step(self, action: int) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        return self.seen, float(action == (self.seen[0] + int(self.seen[1][0])) % 3), True, False, {}


def test_what_only_the_choices_together_say_is_learnt_exactly(tmp_path: Path) -> None:
    run = poise.train(Riddle, out=tmp_path / "run", evaluation_episodes=200)
    assert run.policy.architecture.name == "table"
    assert run.result["evaluation"]["mean"] == 1.0
    taken_up = poise.load(tmp_path / "run" / "policy.json")
    assert {taken_up.act((one, np.array([two]))) - (one + two) % 3 for one in range(3) for two in range(4)} == {0}
