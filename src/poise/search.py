"""The search: ask the optimizer for candidates, let the engine play them, tell the scores; again and again.

This loop is all that happens between ``poise train`` and the candidates that race in `selection` for being reported by
`evaluation`. It knows neither of those two, nor files, nor screens: what it finds, it says to its observers.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from poise.errors import InvalidValueError
from poise.optimizers.base import Optimizer
from poise.policies.architecture import Architecture
from poise.rollouts.base import Engine
from poise.seeding import SeedStream
from poise.types import BoolArray, Budget, EpisodeBatch, Event, FloatArray, Json, Observer, Usage

ARCHIVE_SIZE = 16
"""How many of the best candidates are kept for the race at the end."""

Confirm = Callable[[FloatArray, FloatArray], bool]
"""Plays candidates (candidates × parameters) that claim these scores on fresh episodes; whether one kept its word."""


@dataclass
class Archive:
    """The best candidates of a search, best first; of equals the newer first, for a search improves as it goes.

    Attributes:
        parameters: shape (at most `ARCHIVE_SIZE`, parameters).
        scores: what each scored when it was found, on the few episodes of its generation: a claim, not a result.
    """

    parameters: FloatArray
    scores: FloatArray

    def add(self, parameters: FloatArray, scores: FloatArray) -> None:
        """Takes in a generation and keeps the best of all."""
        everyone = np.concatenate([parameters, self.parameters])
        claims = np.concatenate([scores, self.scores])
        order = np.argsort(-claims, kind="stable")[:ARCHIVE_SIZE]
        self.parameters, self.scores = everyone[order], claims[order]


@dataclass
class SearchState:
    """Where a search stands; with the optimizer's own state, all that a checkpoint needs.

    Attributes:
        optimizer: proposes candidates.
        seeds: gives out the episodes of the search.
        archive: the best candidates so far.
        usage: what the search has paid.
        lowest, highest: the smallest and the largest return of any episode so far.
        seconds: wall time spent, over all sessions.
        stopped_because: why it ended, in words; ``None`` while it may go on.
    """

    optimizer: Optimizer
    seeds: SeedStream
    archive: Archive
    usage: Usage = field(default_factory=Usage)
    lowest: float = np.inf
    highest: float = -np.inf
    seconds: float = 0.0
    stopped_because: str | None = None

    @classmethod
    def start(cls, optimizer: Optimizer, seeds: SeedStream) -> SearchState:
        """The state before the first generation."""
        return cls(optimizer, seeds, Archive(np.empty((0, optimizer.dimension)), np.empty(0)))


def search(
    state: SearchState,
    engine: Engine,
    architecture: Architecture,
    budget: Budget,
    *,
    episodes_per_candidate: int = 1,
    common_episodes: bool = True,
    confirm: Confirm,
    observe: Observer,
    interrupted: Callable[[], bool] = lambda: False,
) -> SearchState:
    """Searches until the budget is used, the optimizer is done, or nothing is left to gain.

    Args:
        state: where to begin; it is changed as the search goes.
        engine: plays the episodes.
        architecture: the policy whose parameters are sought.
        budget: when to stop.
        episodes_per_candidate: episodes each candidate plays in a generation.
        common_episodes: whether the candidates of a generation meet the same episodes.
        confirm: asked when a candidate claims that nothing is left to gain; true ends the search.
        observe: told after every generation; the state is then whole and may be saved.
        interrupted: asked between generations whether to stop there.

    Raises:
        InvalidValueError: if the budget does not allow one generation.
    """
    check_budget(state, budget, episodes_per_candidate)
    began = time.monotonic() - state.seconds
    while True:
        state.stopped_because = _out_of_budget(state, budget, episodes_per_candidate) or state.optimizer.stop_reason
        if state.stopped_because is None and interrupted():
            state.stopped_because = INTERRUPTED
        if state.stopped_because is not None:
            return state

        parameters = state.optimizer.ask()
        count = episodes_per_candidate * (1 if common_episodes else len(parameters))
        seeds = state.seeds.take(count)
        batch = engine.run(architecture, parameters, seeds if common_episodes else seeds.reshape(len(parameters), -1))
        state.optimizer.tell(batch.scores)

        state.usage += batch.usage
        state.archive.add(parameters, batch.scores)
        state.lowest = min(state.lowest, float(batch.returns.min()))
        state.highest = max(state.highest, float(batch.returns.max()))
        claimants = _claimants(batch, state, budget.target)
        confirmed = bool(claimants.any()) and confirm(
            np.concatenate([state.optimizer.center[np.newaxis], parameters[claimants]]),
            np.concatenate([[batch.scores.max()], batch.scores[claimants]]),
        )
        state.seconds = time.monotonic() - began
        observe(_generation_event(state, batch, budget))
        if confirmed:
            state.stopped_because = CONFIRMED if budget.target is None else TARGET_CONFIRMED
            return state


INTERRUPTED = "interrupted"
CONFIRMED = "nothing left to gain: every fresh episode lasted to the time limit with the same return"
TARGET_CONFIRMED = "the target is confirmed on fresh episodes"


def _claimants(batch: EpisodeBatch, state: SearchState, target: float | None) -> BoolArray:
    """Which candidates claim that nothing is left to gain.

    With a target: those whose score reaches it. Without: those whose every episode lasted to the time limit with the
    highest return seen so far, where it is worth something to last (the return is positive, and others got less): a
    policy that never gets anywhere ends each episode by the time limit too.
    """
    if target is not None:
        return np.asarray(batch.scores >= target)
    if not (state.highest > 0 and state.highest > state.lowest):
        return np.zeros(len(batch.scores), dtype=np.bool_)
    at_the_top = (batch.returns == state.highest) & batch.truncated & ~batch.terminated
    return np.asarray(at_the_top.all(axis=1))


def check_budget(state: SearchState, budget: Budget, episodes_per_candidate: int) -> None:
    """Raises `InvalidValueError` if the budget does not allow the search its first generation."""
    needed = state.optimizer.population * episodes_per_candidate
    if state.usage.episodes == 0 and budget.max_episodes is not None and budget.max_episodes < needed:
        raise InvalidValueError(
            f"expected a budget of at least one generation, {needed} episodes ({state.optimizer.population} candidates "
            f"with {episodes_per_candidate} each), got max_episodes = {budget.max_episodes}"
        )


def _out_of_budget(state: SearchState, budget: Budget, episodes_per_candidate: int) -> str | None:
    next_generation = state.optimizer.population * episodes_per_candidate
    if budget.max_steps is not None and state.usage.steps >= budget.max_steps:
        return f"the budget of {budget.max_steps} steps is used"
    if budget.max_episodes is not None and state.usage.episodes + next_generation > budget.max_episodes:
        return f"the budget of {budget.max_episodes} episodes is used"
    if budget.max_seconds is not None and state.seconds >= budget.max_seconds:
        return f"the budget of {budget.max_seconds:g} seconds is used"
    return None


def _generation_event(state: SearchState, batch: EpisodeBatch, budget: Budget) -> Event:
    metrics: dict[str, Json] = {
        "generation": state.optimizer.generation,
        "steps": state.usage.steps,
        "episodes": state.usage.episodes,
        "best": float(batch.scores.max()),
        "mean": float(batch.scores.mean()),
        "best_so_far": float(state.archive.scores[0]),
        "scores": batch.scores.tolist(),
        "lengths_mean": float(batch.lengths.mean()),
    }
    shares = [
        used / limit
        for used, limit in (
            (state.usage.steps, budget.max_steps),
            (state.usage.episodes, budget.max_episodes),
            (state.seconds, budget.max_seconds),
        )
        if limit is not None
    ]
    return Event("search", state.usage, min(max(shares), 1.0) if shares else None, metrics)
