"""Where episodes end: a classifier of terminal states, learnt from the few that were met."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from poise.types import BoolArray, FloatArray

RIDGE = 1e-4
"""Penalty of the squared weights, an observation."""

NEWTON_STEPS, TOLERANCE = 30, 1e-6
LARGEST_LOGIT = 30.0


@dataclass(frozen=True)
class Ending:
    """Terminal where a quadratic function of the observation is positive.

    Logistic regression by Newton's method, terminal and other states weighing the same in all (Hastie, Tibshirani &
    Friedman, "The Elements of Statistical Learning" (2009), section 4.4.1).

    Attributes:
        weights: of `quadratic_terms`, shape (terms,).
    """

    weights: FloatArray

    @classmethod
    def fit(cls, observations: FloatArray, terminal: BoolArray) -> Ending | None:
        """The classifier of a sample; ``None`` if no state of it is terminal.

        Args:
            observations: of the order of 1, shape (samples, features).
            terminal: which of them ended an episode, shape (samples,).
        """
        share = terminal.mean() if len(terminal) else 0.0
        if not 0 < share < 1:
            return None
        terms = quadratic_terms(observations)
        each = np.where(terminal, 0.5 / share, 0.5 / (1 - share))
        weights = np.zeros(terms.shape[1])
        penalty = RIDGE * len(terminal) * np.eye(len(weights))
        for _ in range(NEWTON_STEPS):
            logits = np.clip(terms @ weights, -LARGEST_LOGIT, LARGEST_LOGIT)
            likely = 1.0 / (1.0 + np.exp(-logits))
            curvature = terms.T @ (terms * (each * likely * (1 - likely))[:, np.newaxis]) + penalty
            step = np.linalg.solve(curvature, terms.T @ (each * (terminal - likely)) - penalty @ weights)
            weights = weights + step
            if np.abs(step).max() < TOLERANCE:
                break
        return cls(weights)

    def __call__(self, observations: npt.NDArray[np.floating]) -> BoolArray:
        """Which observations are terminal; shape (..., features) to (...)."""
        terms = quadratic_terms(observations)
        return np.asarray(terms @ self.weights.astype(terms.dtype) > 0)


def quadratic_terms(values: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Each number, the products of two of them in the order of (i, j) with i ≤ j, and 1: shape (..., terms)."""
    first, second = np.triu_indices(values.shape[-1])
    ones = np.ones((*values.shape[:-1], 1), dtype=values.dtype)
    return np.concatenate([values, values[..., first] * values[..., second], ones], axis=-1)
