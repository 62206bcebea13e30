"""The search: ask the optimizer for candidates, let the engine play them, tell the scores; again and again.

This loop is all that happens between ``poise train`` and the candidates that race in `selection` for being reported by
`evaluation`. It knows neither of those two, nor files, nor screens: what it finds, it says to its observers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from poise.errors import InvalidValueError
from poise.optimizers.base import Optimizer
from poise.policies.architecture import Architecture
from poise.policies.candidate import Candidate, candidates_of
from poise.rollouts.base import Engine
from poise.seeding import SeedStream
from poise.types import (
    BoolArray,
    Budget,
    EpisodeBatch,
    Event,
    FloatArray,
    Json,
    ObservationSums,
    Observer,
    SeedArray,
    Usage,
)

ARCHIVE_SIZE = 16
"""How many of the best candidates are kept for the race at the end."""

PROBES = 32
"""Random policies that are played to measure the scale of the features."""

Confirm = Callable[[Sequence[Candidate]], bool]
"""Plays candidates that claim to have reached the top on fresh episodes; whether one kept its word."""


@dataclass
class SearchState:
    """Where a search stands; with the optimizer's own state, all that a checkpoint needs.

    Attributes:
        optimizer: proposes vectors of parameters.
        architecture: the policy they are parameters of, with its present normaliser.
        seeds: gives out the episodes of the search.
        archive: the best candidates so far, best first; of equals the newer first, for a search improves as it goes.
        sums: over all observations so far, where the normaliser follows them.
        usage: what the search has paid.
        lowest, highest: the smallest and the largest return of any episode so far.
        seconds: wall time spent, over all sessions.
        stopped_because: why it ended, in words; ``None`` while it may go on.
    """

    optimizer: Optimizer
    architecture: Architecture
    seeds: SeedStream
    archive: list[Candidate] = field(default_factory=list)
    sums: ObservationSums | None = None
    usage: Usage = field(default_factory=Usage)
    lowest: float = np.inf
    highest: float = -np.inf
    seconds: float = 0.0
    stopped_because: str | None = None


@dataclass(frozen=True)
class Effort:
    """How a search spends its episodes.

    Attributes:
        episodes_per_candidate: episodes each candidate plays in a generation, over equal parts of the budget:
            (1, 3, 10) is 1 in its first third, then 3, then 10.
        common_episodes: whether the candidates of a generation meet the same episodes.
        running_normalizer: whether the normaliser follows the observations of the search, or stays as it is.
    """

    episodes_per_candidate: tuple[int, ...] = (1,)
    common_episodes: bool = True
    running_normalizer: bool = False

    def episodes_at(self, done: float | None) -> int:
        """Episodes a candidate when this share of the budget is used."""
        parts = len(self.episodes_per_candidate)
        return self.episodes_per_candidate[min(int((done or 0.0) * parts), parts - 1)]


def search(
    state: SearchState,
    engine: Engine,
    budget: Budget,
    effort: Effort,
    *,
    confirm: Confirm,
    observe: Observer,
    interrupted: Callable[[], bool] = lambda: False,
) -> SearchState:
    """Searches until the budget is used, the optimizer is done, or nothing is left to gain.

    Args:
        state: where to begin; it is changed as the search goes.
        engine: plays the episodes.
        budget: when to stop.
        effort: how to spend it.
        confirm: asked when candidates claim that nothing is left to gain; true ends the search.
        observe: told after every generation; the state is then whole and may be saved.
        interrupted: asked between generations whether to stop there.

    Raises:
        InvalidValueError: if the budget does not allow one generation.
    """
    check_budget(state, budget, effort)
    began = time.monotonic() - state.seconds
    while True:
        state.stopped_because = _out_of_budget(state, budget, effort) or state.optimizer.stop_reason
        if state.stopped_because is None and interrupted():
            state.stopped_because = INTERRUPTED
        if state.stopped_because is not None:
            return state

        parameters = state.optimizer.ask()
        seeds = _seeds(state, effort, _share_used(state, budget))
        batch = engine.run(state.architecture, parameters, seeds, sum_observations=effort.running_normalizer)
        state.optimizer.tell(batch.scores)

        claimants = _take_in(state, parameters, batch, budget.target)
        confirmed = bool(claimants) and confirm(claimants)
        state.seconds = time.monotonic() - began
        observe(_generation_event(state, batch, budget))
        if confirmed:
            state.stopped_because = CONFIRMED if budget.target is None else TARGET_CONFIRMED
            return state


def probe(state: SearchState, engine: Engine, rng: np.random.Generator) -> None:
    """Fits the normaliser to what random policies see, once, before the search; its episodes are paid for like all.

    A scale from before the search does not chase it: with statistics that follow, what a vector of parameters does
    changes while its score is still in use.

    Args:
        state: a search that has not begun.
        engine: plays the episodes.
        rng: makes the random policies, standard normal.
    """
    parameters = rng.standard_normal((PROBES, state.architecture.parameter_count))
    seeds = state.seeds.take(PROBES).reshape(PROBES, 1)
    batch = engine.run(state.architecture, parameters, seeds, sum_observations=True)
    state.usage += batch.usage
    if batch.observation_sums is not None:
        state.architecture = state.architecture.normalized_by(batch.observation_sums)


INTERRUPTED = "interrupted"
CONFIRMED = "nothing left to gain: every fresh episode lasted to the time limit with the same return"
TARGET_CONFIRMED = "the target is confirmed on fresh episodes"


def _seeds(state: SearchState, effort: Effort, done: float | None) -> SeedArray:
    """The episodes of the next generation."""
    population, episodes = state.optimizer.population, effort.episodes_at(done)
    if effort.common_episodes:
        return state.seeds.take(episodes)
    return state.seeds.take(episodes * population).reshape(population, episodes)


def _take_in(state: SearchState, parameters: FloatArray, batch: EpisodeBatch, target: float | None) -> list[Candidate]:
    """Adds a generation to the state; those that claim to be at the top, the optimizer's centre before them."""
    newcomers = candidates_of(state.architecture, parameters, batch.scores)
    state.usage += batch.usage
    state.archive = best_of([*newcomers, *state.archive])
    state.lowest = min(state.lowest, float(batch.returns.min()))
    state.highest = max(state.highest, float(batch.returns.max()))
    at_the_top = _at_the_top(batch, state, target)
    claimants = [candidate for candidate, claims in zip(newcomers, at_the_top, strict=True) if claims]
    if claimants:
        claimants.insert(0, Candidate(state.architecture, state.optimizer.center, float(batch.scores.max())))
    if batch.observation_sums is not None:
        state.sums = batch.observation_sums if state.sums is None else state.sums + batch.observation_sums
        state.architecture = state.architecture.normalized_by(state.sums)
    return claimants


def best_of(candidates: Sequence[Candidate], count: int = ARCHIVE_SIZE) -> list[Candidate]:
    """The candidates with the highest claims; of equals those that come first."""
    return sorted(candidates, key=lambda candidate: -candidate.claim)[:count]


def _at_the_top(batch: EpisodeBatch, state: SearchState, target: float | None) -> BoolArray:
    """Which candidates claim that nothing is left to gain.

    With a target: those whose score reaches it. Without: those whose every episode lasted to the time limit with the
    highest return seen so far, where it is worth something to last (the return is positive, and others got less): a
    policy that never gets anywhere ends each episode by the time limit too.
    """
    if target is not None:
        return np.asarray(batch.scores >= target)
    if not (state.highest > 0 and state.highest > state.lowest):
        return np.zeros(len(batch.scores), dtype=np.bool_)
    lasted = (batch.returns == state.highest) & batch.truncated & ~batch.terminated
    return np.asarray(lasted.all(axis=1))


def check_budget(state: SearchState, budget: Budget, effort: Effort, probes: int = 0) -> None:
    """Raises `InvalidValueError` if the budget does not allow the search its first generation, after `probes`."""
    each = effort.episodes_at(_share_used(state, budget))
    needed, before = state.optimizer.population * each, state.usage.episodes + probes
    begun = state.optimizer.generation > 0
    if not begun and budget.max_episodes is not None and budget.max_episodes < before + needed:
        beside = f" beside the {before} that measure the scale of observations" if before else ""
        raise InvalidValueError(
            f"expected a budget of at least one generation, {needed} episodes ({state.optimizer.population} candidates "
            f"with {each} each){beside}, got max_episodes = {budget.max_episodes}"
        )


def _out_of_budget(state: SearchState, budget: Budget, effort: Effort) -> str | None:
    if state.optimizer.generation == 0:
        return None  # whatever probing took, a search that ends has found something
    next_generation = state.optimizer.population * effort.episodes_at(_share_used(state, budget))
    if budget.max_steps is not None and state.usage.steps >= budget.max_steps:
        return f"the budget of {budget.max_steps} steps is used"
    if budget.max_episodes is not None and state.usage.episodes + next_generation > budget.max_episodes:
        return f"the budget of {budget.max_episodes} episodes is used"
    if budget.max_seconds is not None and state.seconds >= budget.max_seconds:
        return f"the budget of {budget.max_seconds:g} seconds is used"
    return None


def _share_used(state: SearchState, budget: Budget) -> float | None:
    """How much of the budget is used, 0 to 1; ``None`` without a budget."""
    shares = [
        used / limit
        for used, limit in (
            (state.usage.steps, budget.max_steps),
            (state.usage.episodes, budget.max_episodes),
            (state.seconds, budget.max_seconds),
        )
        if limit is not None
    ]
    return min(max(shares), 1.0) if shares else None


def _generation_event(state: SearchState, batch: EpisodeBatch, budget: Budget) -> Event:
    metrics: dict[str, Json] = {
        "generation": state.optimizer.generation,
        "steps": state.usage.steps,
        "episodes": state.usage.episodes,
        "best": float(batch.scores.max()),
        "mean": float(batch.scores.mean()),
        "best_so_far": state.archive[0].claim,
        "scores": batch.scores.tolist(),
        "lengths_mean": float(batch.lengths.mean()),
    }
    return Event("search", state.usage, _share_used(state, budget), metrics)
