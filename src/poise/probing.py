"""Before the search: what some random policies live through says how to scale observations, and how long to play."""

from __future__ import annotations

import numpy as np

from poise.checks import check_failures
from poise.horizon import first_horizon
from poise.policies.architecture import typical_scale
from poise.rollouts.base import Engine
from poise.rollouts.recording import Record
from poise.search_state import SearchState
from poise.toll import toll_of
from poise.trial import survival_bonus
from poise.types import Budget, EpisodeBatch, IntArray

PROBES = 64
"""Random policies that are played to measure the scale of the features."""

PROBE_SHARE = 0.1
"""Largest share of a budget that may go into them."""

LOOKED_AT = 8
"""So many of these, the best and what equals them, are taken for typical in what they observe."""

STILL = 8
"""Episodes of a policy that does nothing, which show what a task pays for lasting."""


def affordable(budget: Budget, longest: int) -> bool:
    """Whether random policies are a small part of a budget, where an episode may take `longest` steps."""
    return PROBE_SHARE * budget.episodes(longest) >= PROBES


def probe(
    state: SearchState,
    engine: Engine,
    rng: np.random.Generator,
    record: Record,
    *,
    whole: int,
    short_at_first: bool,
    fixes_scale: bool = True,
) -> float:
    """Measures the scale of the observations on random policies, once, before the search, and how long they last.

    The scale is that of what the best of them saw: a random policy mostly falls, and a fall is not where the features
    of a good one lie. From before the search it cannot chase the search: with statistics that follow, what a vector of
    parameters does changes while its score is still in use. The episodes are paid for like all; those of the best are
    played once more to be looked at.

    Args:
        state: a search that has not begun.
        engine: plays the episodes.
        rng: makes the random policies, standard normal.
        record: plays an episode to look at it.
        whole: steps of an episode that lasts to the time limit.
        short_at_first: whether the episodes of a stage may begin short; see `horizon`.
        fixes_scale: whether the search keeps this scale; one that follows its observations does not need it.

    Returns:
        What a step is paid for in which nothing is done, where the task pays for more than that; 0 where it does not,
        and where choices are made, of which none is to do nothing.
    """
    architecture = state.architecture
    parameters = rng.standard_normal((PROBES, architecture.parameter_count))
    seeds = state.seeds.take(PROBES)
    batch = engine.run(architecture, parameters, seeds.reshape(PROBES, 1))
    check_failures(batch, "the random policies that measure the scale of observations")
    state.usage += batch.usage
    state.failures += batch.failures
    state.known_toll = toll_of(batch, whole)
    if short_at_first:
        state.horizon = state.first_horizon = first_horizon(batch)
    bonus = _survival_bonus(state, engine, batch) if architecture.action.kind == "box" else 0.0
    if fixes_scale:
        best = _best(batch)
        episodes = [record(architecture.bind(parameters[index]), int(seeds[index])) for index in best]
        seen = [architecture.observation.encode(o) for episode in episodes for o in episode.observations[:-1]]
        state.scale = typical_scale(architecture.observation, np.array(seen))
        state.architecture = architecture.scaled_by(state.scale)
    return bonus


def _best(batch: EpisodeBatch) -> IntArray:
    """Which policies are looked at, those that came first of all and whoever equals the last of them.

    Where a reward is rare, nearly all earn the same: the first eight of those say no more than any, and may all lean
    on one wall.
    """
    whole = np.flatnonzero(~batch.failed[:, 0])
    ranked = whole[np.argsort(-batch.scores[whole], kind="stable")]
    least = batch.scores[ranked[:LOOKED_AT][-1]]
    return np.asarray(ranked[batch.scores[ranked] >= least])


def _survival_bonus(state: SearchState, engine: Engine, random: EpisodeBatch) -> float:
    if not random.terminated.any():
        return 0.0  # nothing has to be survived
    still = engine.run(state.architecture, np.zeros((1, state.optimizer.dimension)), state.seeds.take(STILL))
    state.usage += still.usage
    state.failures += still.failures
    return 0.0 if still.failed.any() else survival_bonus(random, still)
