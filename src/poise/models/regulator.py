"""Keeps a system near where it begins: a linear model learnt while acting, and the best regulator of that model.

Identification by ridge regression and the discrete Riccati equation, refitted after every step: the certainty
equivalent adaptive regulator of Åström & Wittenmark, "Adaptive Control" (1995), chapter 4.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from poise.models.linear import LinearModel
from poise.models.whitening import Whitening
from poise.types import FloatArray

ControlLaw: TypeAlias = Callable[[FloatArray], FloatArray]
"""Controls for observations, a row each."""

DISCOUNT = 0.999
EXPLORING_STEPS = 3
"""Steps with random controls before the model is asked for advice."""

MAX_DOUBLINGS = 60
TOLERANCE = 1e-10


class Regulator:
    """Learns from transitions, and says how to return to the mean start observation.

    Args:
        starts: observations that episodes began with, shape (starts, features).
        controls: length of a control; each of its components is of the order of 1.
    """

    def __init__(self, starts: FloatArray, controls: int) -> None:
        self.whitening = Whitening.of(starts)
        self._model = LinearModel(starts.shape[1], controls)
        self._farthest = float(np.square(self.whitening(starts)).sum(axis=-1).max())
        self._foreseen: tuple[FloatArray, FloatArray] | None = None

    @property
    def ready(self) -> bool:
        """Whether there were enough transitions for a model."""
        return self._model.count >= EXPLORING_STEPS

    def learn(self, before: FloatArray, control: FloatArray, after: FloatArray) -> None:
        """Takes in one transition: observations of shape (features,), a control of shape (controls,)."""
        z, z_after = self.whitening(before), self.whitening(after)
        self._farthest = max(self._farthest, float(z @ z))
        self._model.add(z, control, z_after, self._foreseen_of(before))
        if self.ready:
            a, b, c = self._model.matrices()
            self._foreseen = after, a @ z + b @ control + c

    def _foreseen_of(self, observation: FloatArray) -> FloatArray | None:
        """What the step before let expect; nothing when an episode begins."""
        if self._foreseen is None or not np.array_equal(self._foreseen[0], observation):
            return None
        return self._foreseen[1]

    def law(self) -> tuple[FloatArray, FloatArray] | None:
        """The control law ``u = weights @ x + biases`` for an observation x as the environment gives it.

        Returns:
            weights of shape (controls, features) and biases of shape (controls,), zero where the mean start
            observation is zero; ``None`` if the model allows no regulator.
        """
        a, b, _ = self._model.matrices()
        gain = lqr_gain(a, b)
        if gain is None:
            return None
        weights = -gain @ self.whitening.matrix
        return weights, -weights @ self.whitening.mean

    def foresee(self, act: ControlLaw, starts: FloatArray, steps: int) -> FloatArray:
        """How many steps the model expects episodes to last: until they are farther out than any step so far.

        Args:
            act: controls of shape (episodes, controls) for observations of shape (episodes, features).
            starts: where to begin, shape (episodes, features).
            steps: when to stop.

        Returns:
            steps of each episode, shape (episodes,).
        """
        a, b, c = self._model.matrices()
        back = np.linalg.inv(self.whitening.matrix)
        z, alive = self.whitening(starts), np.ones(len(starts), dtype=np.bool_)
        lasted = np.zeros(len(starts))
        for _ in range(steps):
            z = z @ a.T + act(z @ back.T + self.whitening.mean) @ b.T + c
            alive &= np.square(z).sum(axis=-1) <= self._farthest
            if not alive.any():
                break
            z[~alive] = 0.0
            lasted += alive
        return lasted


def lqr_gain(a: FloatArray, b: FloatArray, discount: float = DISCOUNT) -> FloatArray | None:
    """The gain K of the law ``u = -K z`` that minimises the sum of ``discount**t (|z|² + |u|²)`` for z' = A z + B u.

    The Riccati equation is solved by the structure-preserving doubling algorithm (Chu, Fan, Lin & Wang, "Structure-
    preserving algorithms for periodic discrete-time algebraic Riccati equations", 2004), which converges quadratically.

    Args:
        a: shape (features, features).
        b: shape (features, controls).
        discount: between 0 and 1.

    Returns:
        shape (controls, features); ``None`` if the equation has no finite solution.
    """
    a, b = np.sqrt(discount) * a, np.sqrt(discount) * b
    h = _riccati(a, b)
    return None if h is None else np.asarray(np.linalg.solve(np.eye(b.shape[1]) + b.T @ h @ b, b.T @ h @ a))


def _riccati(a: FloatArray, b: FloatArray) -> FloatArray | None:
    step, g, h = a, b @ b.T, np.eye(len(a), dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):  # where there is no solution
        for _ in range(MAX_DOUBLINGS):
            try:
                inverse = np.linalg.inv(np.eye(len(a)) + g @ h)
            except np.linalg.LinAlgError:
                return None
            grown = h + step.T @ h @ inverse @ step
            g = g + step @ inverse @ g @ step.T
            step = step @ inverse @ step
            change, size = np.abs(grown - h).max(), np.abs(grown).max()
            g, h = (g + g.T) / 2, (grown + grown.T) / 2  # rounding must not make them asymmetric
            if not np.isfinite(size):
                return None
            if change <= TOLERANCE * size:
                break
    return h
