"""What a change of a policy's parameters does: its Fisher information over what it observes, for `fisher_snes`.

Source: Kakade (2001), "A natural policy gradient", for outputs with independent normal noise of one width: the noise is
nowhere added, since only the ratios of the metric matter.
"""

from __future__ import annotations

import numpy as np

from poise.errors import EnvironmentFailureError
from poise.policies.architecture import typical_scale
from poise.rollouts.base import Engine
from poise.rollouts.recording import Record
from poise.search_state import SearchState
from poise.trial import Rival
from poise.types import FloatArray

EPISODES = 24
"""Episodes that the centre plays."""

LEAST_LOOKED_AT, OBSERVATIONS = 8, 2_000
"""So many of them are looked at, and more until so many observations were seen."""

USED = 512
"""Observations that the metric is of, evenly taken from these."""


def set_aside(state: SearchState) -> int:
    """Episodes of the budget that are kept for it, before the next generation."""
    if not state.optimizer.wants_metric:
        return 0
    return EPISODES if _forerunner(state) is None else 2 * EPISODES


def measure(state: SearchState, engine: Engine, record: Record | None) -> None:
    """Tells the optimizer the metric of the policy at its centre; that of nothing where nothing can be looked at.

    Args:
        state: a search; it pays for the episodes, of which some are played once more to be looked at.
        engine: plays them.
        record: plays an episode to look at it; ``None`` if that cannot be done.
    """
    centre = state.optimizer.center
    seen: list[FloatArray] = []
    if record is not None:
        _rescale(state, engine, record)
        seen = _look(state, state.present, engine, record)
    if not seen:
        state.optimizer.take_metric(np.zeros((len(centre), len(centre))), 0.0)
        return
    some = np.unique(np.linspace(0, len(seen) - 1, USED).astype(np.int64))
    state.optimizer.take_metric(*fisher_information(state, np.array(seen)[some]))


def fisher_information(state: SearchState, features: FloatArray) -> tuple[FloatArray, float]:
    """Mean of JᵀJ at the centre, shape (parameters, parameters), and of the squared norm of the outputs.

    Args:
        state: a search.
        features: what was observed, shape (observations, features).
    """
    architecture, centre = state.architecture, state.optimizer.center
    if architecture.normalizer is not None:
        features = architecture.normalizer(features)
    with np.errstate(over="ignore", invalid="ignore"):  # extreme parameters are no fault, and their metric not used
        outputs = architecture.function(centre, features)
        jacobian = architecture.function.jacobian(centre, features).reshape(-1, len(centre))
        return jacobian.T @ jacobian / len(features), float((outputs * outputs).sum(axis=1).mean())


def _forerunner(state: SearchState) -> Rival | None:
    """The best of an earlier stage, if the scale of what it observes is to be that of a stage that begins."""
    begins = state.optimizer.generation == 0 and state.scale is not None and state.sums is None
    return state.best_left if begins else None


def _rescale(state: SearchState, engine: Engine, record: Record) -> None:
    """Gives a policy the scale of what the best of an earlier stage observes: random ones were elsewhere."""
    forerunner = _forerunner(state)
    seen = [] if forerunner is None else _look(state, forerunner, engine, record)
    if seen:
        state.architecture = state.architecture.scaled_by(typical_scale(state.architecture.observation, np.array(seen)))


def _look(state: SearchState, policy: Rival, engine: Engine, record: Record) -> list[FloatArray]:
    """The features that a policy at its centre observes, in the order of its steps."""
    seeds, centre = state.seeds.take(EPISODES), policy.optimizer.center
    horizon = None if state.horizon is None else state.horizon.steps
    batch = engine.run(policy.architecture, centre[np.newaxis], seeds, horizon=horizon)
    state.usage += batch.usage
    state.failures += batch.failures
    act = policy.architecture.bind(centre)
    seen: list[FloatArray] = []
    for count, index in enumerate(np.flatnonzero(~batch.failed[0])):
        if count >= LEAST_LOOKED_AT and len(seen) >= OBSERVATIONS:
            break
        try:
            observations = record(act, int(seeds[index])).observations[:-1]
        except EnvironmentFailureError:
            continue  # it fails now and then
        seen += [policy.architecture.observation.encode(observation) for observation in observations[:horizon]]
    return seen
