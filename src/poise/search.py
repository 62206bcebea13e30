"""The search: ask the optimizer for candidates, let the engine play them, tell the scores; again and again.

This loop is all that happens between ``poise train`` and the candidates among which `selection` chooses what
`evaluation` reports. It knows neither of those two, nor files, nor screens: what it finds, it says to its observers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from poise import fisher, imitation
from poise.checks import check_budget, check_failures
from poise.impatience import SMALL, is_impatient, makes_room, set_aside
from poise.policies.candidate import Candidate, best_of, candidates_of, merged
from poise.rollouts.base import Engine
from poise.rollouts.recording import Record
from poise.search_state import SearchState
from poise.statistics.plateau import SOON, SURE
from poise.succession import begin_rung, take_next_rung, take_turns
from poise.types import (
    INTERRUPTED,
    BoolArray,
    Budget,
    Effort,
    EpisodeBatch,
    Event,
    FloatArray,
    Json,
    Observer,
    SeedArray,
)

ARCHIVE_SIZE = 16
"""How many of the best candidates are kept for the choice at the end."""

MANY = 32
"""Least population of which most can be told from a few."""

Confirm = Callable[[Sequence[Candidate]], bool]
"""Plays candidates that claim to have reached the top on fresh episodes; whether one kept its word."""

Proceed = Callable[[SearchState], bool]
"""Begins the next stage in a state whose stage is over, as `succession` does it; false if there is none."""


def search(
    state: SearchState,
    engine: Engine,
    budget: Budget,
    effort: Effort,
    *,
    confirm: Confirm,
    observe: Observer,
    record: Record | None = None,
    proceed: Proceed = lambda _: False,
    interrupted: Callable[[], bool] = lambda: False,
) -> SearchState:
    """Searches until the budget is used, the last stage is over, or nothing is left to gain.

    Args:
        state: where to begin; it is changed as the search goes.
        engine: plays the episodes.
        budget: when to stop.
        effort: how to spend it.
        confirm: asked when candidates claim that nothing is left to gain; true ends the search.
        observe: told after every generation; the state is then whole and may be saved.
        record: plays an episode to look at it, for an optimizer that is to know what policies do.
        proceed: begins the next stage when one is over.
        interrupted: asked between generations whether to stop there.

    Raises:
        InvalidValueError: if the budget does not allow one generation.
        EnvironmentFailureError: the environment failed every candidate of a generation. One that it fails has the
            worst score.
    """
    if state.generation == 0:
        check_budget(budget, state.optimizer, effort, state.usage.episodes, fisher.set_aside(state))
    began = time.monotonic() - state.seconds
    while True:
        take_turns(state, engine)
        over = _climb(state, effort, engine)
        used_up = budget.used_up(state.usage, state.seconds, _next_episodes(state, effort))
        state.stopped_because = used_up if state.generation else None  # whatever probing took, something is to be found
        if state.stopped_because is None and over is not None:
            if proceed(state):
                continue
            state.stopped_because = over
        if state.stopped_because is None and interrupted():
            state.stopped_because = INTERRUPTED
        if state.stopped_because is not None:
            return state

        imitation.begin_alike(state, engine, record)
        if state.optimizer.wants_metric:
            fisher.measure(state, engine, record)
        parameters, batch = _play(state, engine, effort, record)
        claimants = _take_in(state, parameters, batch, budget.target)
        if effort.leave_plateaus:
            _look_for_luck(state, effort, batch)
        confirmed = bool(claimants) and confirm(claimants)
        state.seconds = time.monotonic() - began
        observe(_generation_event(state, batch, budget))
        if confirmed:
            state.stopped_because = CONFIRMED if budget.target is None else TARGET_CONFIRMED
            return state


def _play(state: SearchState, engine: Engine, effort: Effort, record: Record | None) -> tuple[FloatArray, EpisodeBatch]:
    """A generation: the optimizer's candidates and what they earned, of which it is told."""
    _lengthen(state)
    seeds = _seeds(state, effort)
    if state.optimizer.wants_changes:
        fisher.foresee(state, seeds[:: len(seeds) // state.optimizer.groups, 0], record)
    parameters = state.optimizer.ask()
    cut = None if state.horizon is None else state.horizon.steps
    batch = engine.run(
        state.architecture,
        parameters,
        seeds,
        sum_observations=effort.running_normalizer or state.follows,
        horizon=cut,
    )
    check_failures(batch, f"generation {state.generation + 1}")
    state.optimizer.tell(effort.training_scores(state.present.told(batch, cut), state.survival_bonus))
    return parameters, batch


def _climb(state: SearchState, effort: Effort, engine: Engine) -> str | None:
    """Looks closer or takes the next rung of the ladder when scores no longer rise; why the stage is over, if it is."""
    if state.trial is not None:
        return None
    if state.optimizer.stop_reason is not None:
        return state.optimizer.stop_reason
    least = SMALL * state.climb if is_impatient(state, effort) else -np.inf
    if not state.trend.reached(SURE if state.rare or state.optimizer.is_patient else SOON, least):
        return None
    if effort.leave_plateaus and state.falls_short:
        return FALLS_SHORT
    if effort.leave_plateaus and state.has_learnt_to_leave:
        return LEAVES
    if state.optimizer.can_look_closer:
        state.finalists += state.centres
        state.optimizer.look_closer()
        begin_rung(state, state.rung)
        return None
    if _has_next_rung(state, effort):
        if makes_room(state, effort, engine, _episodes_per_candidate(state, effort)):
            return NO_PROGRESS
        take_next_rung(state)
        return None
    return NO_PROGRESS if effort.leave_plateaus else None


def _look_for_luck(state: SearchState, effort: Effort, batch: EpisodeBatch) -> None:
    """Takes the second rung where most candidates share the lowest score and some do not: they may have been lucky.

    A few candidates do not say what most of many would earn.
    """
    if state.rung or state.trial is not None or state.horizon is not None or len(batch.scores) < MANY:
        return
    scores = batch.scores[~batch.failed.any(axis=1)]
    lowest = int((scores == scores.min()).sum())
    if len(scores) / 2 < lowest < len(scores):
        state.rare = True
        if _has_next_rung(state, effort):
            take_next_rung(state)


def _has_next_rung(state: SearchState, effort: Effort) -> bool:
    return not state.optimizer.groups and state.rung + 1 < len(effort.episodes_per_candidate)


def _lengthen(state: SearchState) -> None:
    """Plays longer episodes than in the last generation, if it cut them off; its claims do not count there."""
    if state.horizon is not None and state.archive:
        state.horizon, state.archive = state.horizon.longer, []


NO_PROGRESS = "the scores no longer rise"
FALLS_SHORT = "the scores no longer rise, and are far below what another policy reached"
LEAVES = "the scores no longer rise, and most episodes are ended early, at a loss"
CONFIRMED = "nothing left to gain: every fresh episode lasted to the time limit with the same return"
TARGET_CONFIRMED = "the target is confirmed on fresh episodes"


def _episodes_per_candidate(state: SearchState, effort: Effort) -> int:
    """Those of the present rung; a start may begin on one that a ladder does not have, which is then the last."""
    if state.optimizer.groups:
        return 1
    ladder = effort.episodes_per_candidate
    return ladder[min(state.rung, len(ladder) - 1)]


def _next_episodes(state: SearchState, effort: Effort) -> int:
    """What the budget must have left for the next generation, with what may be asked after it."""
    generation = state.optimizer.population * _episodes_per_candidate(state, effort)
    comparison = 0 if state.trial is None else state.trial.set_aside
    return generation + set_aside(state, effort) + comparison + fisher.set_aside(state)


def _seeds(state: SearchState, effort: Effort) -> SeedArray:
    """The episodes of the next generation."""
    population, episodes = state.optimizer.population, _episodes_per_candidate(state, effort)
    if groups := state.optimizer.groups:
        return np.repeat(state.seeds.take(groups), population // groups)[:, np.newaxis]
    if effort.common_episodes and episodes > 1:
        return state.seeds.take(episodes)
    return state.seeds.take(episodes * population).reshape(population, episodes)


def _take_in(state: SearchState, parameters: FloatArray, batch: EpisodeBatch, target: float | None) -> list[Candidate]:
    """Adds a generation to the state; those that claim to be at the top, the optimizer's centre before them."""
    whole = ~batch.failed.any(axis=1)
    newcomers = candidates_of(state.architecture, parameters[whole], batch.scores[whole])
    known = merged(newcomers) if state.optimizer.groups else newcomers
    state.usage += batch.usage
    state.failures += batch.failures
    state.generation += 1
    state.lasted = float(batch.lengths.mean())
    state.archive = best_of([*known, *state.archive], ARCHIVE_SIZE)
    claimants: list[Candidate] = []
    if state.horizon is None:
        mean = float(state.present.told(batch, None).scores[whole].mean())
        state.trend.add(mean)
        state.first_level = mean if state.first_level is None else state.first_level
        state.lowest = min(state.lowest, float(np.nanmin(batch.returns)))
        state.highest = max(state.highest, float(np.nanmax(batch.returns)))
        at_the_top = _at_the_top(batch, state, target)[whole]
        claimants = [candidate for candidate, claims in zip(newcomers, at_the_top, strict=True) if claims]
    if claimants:
        claimants.insert(0, state.centre)
    if batch.observation_sums is not None:
        state.sums = batch.observation_sums if state.sums is None else state.sums + batch.observation_sums
        state.architecture = state.architecture.normalized_by(state.sums)
    state.follow_course()
    return claimants


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


def _generation_event(state: SearchState, batch: EpisodeBatch, budget: Budget) -> Event:
    scores = batch.scores[~batch.failed.any(axis=1)]
    metrics: dict[str, Json] = {
        "generation": state.generation,
        "stage": state.stage,
        "policy": state.architecture.name,
        "optimizer": state.optimizer.name,
        "episodes_per_candidate": batch.returns.shape[1],
        "steps": state.usage.steps,
        "episodes": state.usage.episodes,
        "best": float(scores.max()),
        "mean": float(scores.mean()),
        "best_so_far": state.best_claim,
        "scores": scores.tolist(),
        "failed_episodes": state.failures.episodes,
        "lengths_mean": float(batch.lengths.mean()),
    }
    if state.horizon is not None:
        metrics["horizon"] = state.horizon.steps
    if state.trial is not None:
        metrics["start"] = state.start + 1
    return Event("search", state.usage, budget.share_used(state.usage, state.seconds), metrics)
