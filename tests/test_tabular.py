"""Learning a table by playing: optimal where that is known, of the right size, and only where there is one choice."""

from __future__ import annotations

import pytest

from poise import tabular
from poise.rollouts.environments import inspect
from poise.rollouts.stepping import SteppedEnvironment
from poise.seeding import Purpose, SeedStream, purpose_of
from poise.types import Budget, EnvironmentSpec, Event


@pytest.mark.parametrize(
    ("env", "suitable"),
    [("CliffWalking-v1", True), ("FrozenLake-v1", True), ("Blackjack-v1", False), ("CartPole-v1", False)],
)
def test_a_table_is_learnt_where_one_choice_is_seen_and_one_made(env: str, suitable: bool) -> None:
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
