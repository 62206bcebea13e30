"""Learning a table by playing: for environments whose observation is made of few choices, and an action of one.

A policy for such an environment is a table already, one row a state, and black-box search has nothing to go by: of
thousands of tables almost all earn the same. So the table is learnt as a model. Every episode heads for what is not
known yet, as if it were the best there is (R-max); when nothing unknown is met any more, the model's best policy is
found by value iteration. It is an ordinary policy: what stands in a state's row for an action is the action's value.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from poise.models.table import Table
from poise.policies.architecture import Architecture
from poise.policies.candidate import Candidate
from poise.policies.lookup import Lookup, combinations
from poise.rollouts.environments import EnvironmentInfo
from poise.rollouts.stepping import SteppedEnvironment
from poise.seeding import SeedStream, generator
from poise.types import INTERRUPTED, Budget, Event, FloatArray, Json, Observer, Usage

MAX_PAIRS = 20_000
"""Most pairs of state and action that a table is learnt for."""

EPISODES = 10
"""Episodes of a generation: a line of the metrics."""

FEWEST, MOST = 4, 256
"""Tries after which an action is known: where it always led to one state, and where it did not."""

EXPLORING_DISCOUNT, EXPLORING_SWEEPS, FINAL_SWEEPS = 0.99, 300, 100_000

KNOWN = "everything that can be reached is known"


@dataclass
class TabularState:
    """Where the learning stands.

    Attributes:
        seeds: gives out the episodes.
        table: what was learnt.
        known_after: tries after which an action now counts as known; it grows by four when nothing unknown is left.
        usage: what has been paid.
        generation: generations played.
        best: highest return of an episode so far.
        seconds: wall time spent, over all sessions.
        stopped_because: why it ended, in words; ``None`` while it may go on.
    """

    seeds: SeedStream
    table: Table
    known_after: int = 1
    usage: Usage = field(default_factory=Usage)
    generation: int = 0
    best: float = -np.inf
    seconds: float = 0.0
    stopped_because: str | None = None


def suits(info: EnvironmentInfo) -> bool:
    """Whether a table can be learnt: choices alone observed, one choice to make, and few pairs of both."""
    if info.observation.numbers.any() or info.action.kind != "discrete":
        return False
    return combinations(info.observation) * info.action.sizes[0] <= MAX_PAIRS


def policy_name(info: EnvironmentInfo) -> str:
    """The kind of policy that a table makes: of one choice, a weight for each is a table already."""
    leaves = info.observation.leaves
    return "linear" if len(leaves) == 1 and leaves[0].kind == "discrete" else "table"


def beginning(info: EnvironmentInfo, seeds: SeedStream) -> TabularState:
    """Nothing learnt yet."""
    return TabularState(seeds, Table(combinations(info.observation), info.action.sizes[0]))


def learn(
    state: TabularState,
    world: SteppedEnvironment,
    budget: Budget,
    *,
    observe: Observer,
    interrupted: Callable[[], bool] = lambda: False,
) -> TabularState:
    """Plays until everything that can be reached is known, or the budget is used.

    Args:
        state: where to begin; it is changed as the learning goes.
        world: the environment.
        budget: when to stop; the generation that crosses a limit is finished.
        observe: told after every generation; the state is then whole and may be saved.
        interrupted: asked between generations whether to stop there.

    Raises:
        EnvironmentFailureError: the environment failed.
    """
    began = time.monotonic() - state.seconds
    while True:
        state.stopped_because = state.stopped_because or budget.used_up(state.usage, state.seconds, EPISODES)
        if state.stopped_because is None and interrupted():
            state.stopped_because = INTERRUPTED
        if state.stopped_because is not None:
            return state
        scores, news = _generation(state, world)
        if not news:
            state.stopped_because = KNOWN if state.known_after >= _enough(state) else None
            state.known_after *= 4
        state.seconds = time.monotonic() - began
        observe(_event(state, scores, budget))


def candidate(state: TabularState, info: EnvironmentInfo) -> Candidate:
    """The best policy of the table as it is known now."""
    discount = 1.0 - 1.0 / info.max_episode_steps  # what lies beyond the time limit is worth little
    values = state.table.values(discount, sweeps=FINAL_SWEEPS)
    tried = (state.table.visits > 0).reshape(values.shape)
    values = np.where(tried, values, values[tried].min(initial=0.0) - 1.0)
    weights = values.T if info.action.outputs > 1 else (values[:, 1] - values[:, 0])[np.newaxis]
    return Candidate(Architecture(policy_name(info), info.observation, info.action), weights.ravel(), state.best)


def _generation(state: TabularState, world: SteppedEnvironment) -> tuple[list[float], int]:
    """Plays episodes towards the unknown; their returns, and how many unknown actions were tried."""
    row = Lookup.over(world.info.observation, world.info.action.outputs).row
    plan, news, scores = _towards_the_unknown(state), 0, []
    for index in range(EPISODES):
        rng = generator(state.seeds.seed, "exploring", state.generation * EPISODES + index)
        order = rng.permuted(np.tile(np.arange(state.table.actions), (state.table.states, 1)), axis=1)
        here = int(row(world.reset(int(state.seeds.take(1)[0]))))
        total, length, over = 0.0, 0, False
        while not over:
            action = int(order[here, plan[here, order[here]].argmax()])  # of equals a random one
            step = world.step(_outputs(action, world.info))
            there = int(row(step.features))
            tries = state.table.learn(here, action, step.reward, None if step.terminated else there)
            news += tries <= state.known_after
            if tries == state.known_after:
                plan = _towards_the_unknown(state)
            here, over = there, step.terminated or step.truncated
            total, length = total + step.reward, length + 1
        scores.append(total)
        state.usage += Usage(length, 1)
    state.generation += 1
    state.best = max(state.best, *scores)
    return scores, news


def _towards_the_unknown(state: TabularState) -> FloatArray:
    return state.table.values(
        EXPLORING_DISCOUNT, known_after=state.known_after, optimistic=True, sweeps=EXPLORING_SWEEPS
    )


def _enough(state: TabularState) -> int:
    """Tries after which an action is known for good."""
    return FEWEST if state.table.deterministic else MOST


def _share_done(state: TabularState, budget: Budget) -> float:
    """How near the end is, 0 to 1: of the budget, or of the tries that what was met so far may take."""
    visits = state.table.visits[state.table.visits > 0]
    tried = float(np.minimum(visits, _enough(state)).mean()) / _enough(state)
    return max(tried, budget.share_used(state.usage, state.seconds) or 0.0)


def _outputs(action: int, info: EnvironmentInfo) -> FloatArray:
    """Outputs of a policy that takes this action."""
    return np.array([2.0 * action - 1.0]) if info.action.outputs == 1 else np.eye(info.action.outputs)[action]


def _event(state: TabularState, scores: list[float], budget: Budget) -> Event:
    metrics: dict[str, Json] = {
        "generation": state.generation,
        "steps": state.usage.steps,
        "episodes": state.usage.episodes,
        "best": max(scores),
        "mean": float(np.mean(scores)),
        "best_so_far": state.best,
        "scores": scores,
        "known_after": state.known_after,
        "pairs_tried": int((state.table.visits > 0).sum()),
    }
    return Event("search", state.usage, _share_done(state, budget), metrics)
