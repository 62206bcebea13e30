"""What a change of a policy's parameters does, over what it observes or episode by episode, for those that ask.

Source: Kakade (2001), "A natural policy gradient", for outputs with independent normal noise of one width: the noise is
nowhere added, since only the ratios of the metric matter.
"""

from __future__ import annotations

import numpy as np

from poise.errors import EnvironmentFailureError
from poise.policies.architecture import Architecture, typical_scale
from poise.policies.spaces import ActFunction
from poise.rollouts.base import Engine
from poise.rollouts.recording import Record
from poise.search_state import SearchState
from poise.trial import Rival
from poise.types import FloatArray, SeedArray, Usage

EPISODES = 24
"""Episodes that the centre plays."""

LEAST_LOOKED_AT, OBSERVATIONS = 8, 2_000
"""So many of them are looked at, and more until so many observations were seen."""

USED = 512
"""Observations that the metric is of, evenly taken from these."""

USED_OF_AN_EPISODE = 100
"""Most observations of an episode that is foreseen."""


def set_aside(state: SearchState) -> int:
    """Episodes of the budget that are kept for it, before the next generation."""
    if state.optimizer.wants_changes:
        begins = state.optimizer.may_begin_anywhere and state.best_left is not None
        return state.optimizer.groups + (EPISODES if begins else 0)
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
    seen = np.empty((0, 0))
    if record is not None:
        forerunner = _forerunner(state)
        if forerunner is not None:
            rescale(state, look(state, forerunner, engine, record))
        seen = look(state, state.present, engine, record)
    if not len(seen):
        state.optimizer.take_metric(np.zeros((len(centre), len(centre))), 0.0)
        return
    state.optimizer.take_metric(*fisher_information(state, evenly(seen, USED)))


def foresee(state: SearchState, seeds: SeedArray, record: Record | None) -> None:
    """Tells the optimizer what a change of its parameters does on each episode of the next generation.

    Args:
        state: a search; it pays for the episodes.
        seeds: of the generation's episodes, one for each of the optimizer's groups.
        record: plays an episode to look at it; ``None`` if that cannot be done, and nobody is told of anything.
    """
    if record is None:
        return
    act, centre = state.architecture.bind(state.optimizer.center), state.optimizer.center
    jacobians, squares, count = [], 0.0, 0
    with np.errstate(over="ignore", invalid="ignore"):
        for seed in seeds:
            features = _features(state, state.present, act, int(seed), record)
            state.usage += Usage(len(features), 1)  # one that failed will fail in the generation, and is counted there
            jacobian, outputs = _changes(state.architecture, centre, evenly(features, USED_OF_AN_EPISODE))
            jacobians.append(jacobian)
            squares, count = squares + float((bounded(state.architecture, outputs) ** 2).sum()), count + outputs.size
        state.optimizer.take_changes(jacobians, squares / max(count, 1))


def fisher_information(state: SearchState, features: FloatArray) -> tuple[FloatArray, float]:
    """Mean of JᵀJ at the centre, shape (parameters, parameters), and of the squared norm of the outputs.

    Args:
        state: a search.
        features: what was observed, shape (observations, features).
    """
    with np.errstate(over="ignore", invalid="ignore"):  # extreme parameters are no fault, and their metric not used
        jacobian, outputs = _changes(state.architecture, state.optimizer.center, features)
        return jacobian.T @ jacobian / len(features), float((outputs * outputs).sum(axis=1).mean())


def evenly(features: FloatArray, most: int) -> FloatArray:
    """At most so many observations, from the first to the last, shape (observations, features)."""
    return features[np.unique(np.linspace(0, len(features) - 1, most).astype(np.int64))] if len(features) else features


def bounded(architecture: Architecture, outputs: FloatArray) -> FloatArray:
    """Outputs no farther than an action's bounds: what goes beyond them does nothing more."""
    if architecture.action.kind != "box":
        return outputs
    _, _, lowest, highest = architecture.action.box_map
    return np.clip(outputs, lowest, highest)


def rescale(state: SearchState, seen: FloatArray) -> None:
    """Gives a policy the scale of what the best of an earlier stage observes: random ones were elsewhere.

    Args:
        state: a search whose scale does not follow it.
        seen: shape (observations, features).
    """
    if len(seen) and state.scale is not None and state.sums is None:
        state.architecture = state.architecture.scaled_by(typical_scale(state.architecture.observation, seen))


def look(state: SearchState, policy: Rival, engine: Engine, record: Record) -> FloatArray:
    """The features that a policy at its centre observes, in the order of its steps, shape (observations, features)."""
    seeds, centre = state.seeds.take(EPISODES), policy.optimizer.center
    horizon = None if state.horizon is None else state.horizon.steps
    batch = engine.run(policy.architecture, centre[np.newaxis], seeds, horizon=horizon)
    state.usage += batch.usage
    state.failures += batch.failures
    act = policy.architecture.bind(centre)
    seen = [np.empty((0, policy.architecture.observation.size))]
    for count, index in enumerate(np.flatnonzero(~batch.failed[0])):
        if count >= LEAST_LOOKED_AT and sum(map(len, seen)) >= OBSERVATIONS:
            break
        seen.append(_features(state, policy, act, int(seeds[index]), record))
    return np.concatenate(seen)


def _forerunner(state: SearchState) -> Rival | None:
    """The best of an earlier stage, if the scale of what it observes is to be that of a stage that begins."""
    begins = state.optimizer.generation == 0 and state.scale is not None and state.sums is None
    return state.best_left if begins else None


def _features(state: SearchState, policy: Rival, act: ActFunction, seed: int, record: Record) -> FloatArray:
    """What is observed on one episode, shape (steps, features); without steps if it failed."""
    encoding = policy.architecture.observation
    horizon = None if state.horizon is None else state.horizon.steps
    try:
        observations = record(act, seed).observations[:-1][:horizon]
    except EnvironmentFailureError:  # it fails now and then
        return np.empty((0, encoding.size))
    return np.array([encoding.encode(observation) for observation in observations])


def _changes(architecture: Architecture, centre: FloatArray, features: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Derivatives of the outputs, shape (outputs of all steps, parameters), and the outputs, shape (steps, outputs)."""
    if architecture.normalizer is not None:
        features = architecture.normalizer(features)
    jacobian = architecture.function.jacobian(centre, features)
    return jacobian.reshape(-1, len(centre)), architecture.function(centre, features)
