"""A policy of one kind that does what one of another kind does: where a stage begins that need not find out again.

Its parameters are fitted to the other's outputs on what that observes, by least squares: no episode is played for it
but those that are looked at.

Source: Levenberg (1944) and Marquardt (1963), as in Nocedal and Wright (2006), "Numerical optimization", section 10.3.
"""

from __future__ import annotations

import numpy as np

from poise import fisher
from poise.policies.base import ParametricFunction
from poise.rollouts.base import Engine
from poise.rollouts.recording import Record
from poise.search_state import SearchState
from poise.types import FloatArray

OBSERVATIONS = 1_000
"""Most observations that are fitted."""

ROUNDS, ATTEMPTS = 100, 6
"""Steps of the fit, and dampings that each is tried with."""

ENOUGH = 1e-4
"""Gain of a step, as a share of what is left, below which the fit is over."""


def begin_alike(state: SearchState, engine: Engine, record: Record | None) -> None:
    """Lets a stage that begins do what the best of the earlier ones does, if there is one, and its optimizer allows it.

    One that is begun again begins anew: a policy is not fitted to another of its own kind.

    Args:
        state: a search; it pays for the episodes.
        engine: plays them.
        record: plays an episode to look at it; ``None`` if that cannot be done.
    """
    forerunner = state.best_left
    if not state.optimizer.may_begin_anywhere or forerunner is None or record is None:
        return
    if forerunner.architecture.name == state.architecture.name:
        return
    features = fisher.look(state, forerunner, engine, record)
    if not len(features):
        return
    fisher.rescale(state, features)
    some = fisher.evenly(features, OBSERVATIONS)
    architecture, normalizer = forerunner.architecture, state.architecture.normalizer
    with np.errstate(over="ignore", invalid="ignore"):  # extreme parameters are no fault, and not imitated
        outputs = fisher.bounded(architecture, architecture.outputs(forerunner.optimizer.center, some))
        own = some if normalizer is None else normalizer(some)
        if not (np.isfinite(outputs).all() and np.isfinite(own).all()):
            return
        fitted = fit(state.architecture.function, state.optimizer.center, own, outputs)
    if np.isfinite(fitted).all():
        state.optimizer.begin_at(fitted)


def fit(function: ParametricFunction, start: FloatArray, features: FloatArray, targets: FloatArray) -> FloatArray:
    """Parameters whose outputs are near given ones, shape (parameter_count,).

    Args:
        function: of these parameters.
        start: where to begin, shape (parameter_count,).
        features: shape (n, inputs).
        targets: shape (n, outputs).
    """
    parameters, damping = start, 1.0
    left = function(parameters, features) - targets
    for _ in range(ROUNDS):
        jacobian = function.jacobian(parameters, features).reshape(-1, len(parameters))
        hessian, slope = jacobian.T @ jacobian, jacobian.T @ left.reshape(-1)
        scale = np.diag(np.diag(hessian) + 1e-12 * np.trace(hessian) + np.finfo(np.float64).tiny)
        before = float((left * left).sum())
        for _ in range(ATTEMPTS):
            nearer = parameters - np.linalg.solve(hessian + damping * scale, slope)
            still_left = function(nearer, features) - targets
            after = float((still_left * still_left).sum())
            if after < before:
                break
            damping *= 3
        else:
            return parameters
        parameters, left, damping = nearer, still_left, max(damping / 2, 1e-6)
        if before - after < ENOUGH * before:
            break
    return parameters
