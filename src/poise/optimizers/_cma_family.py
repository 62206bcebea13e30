"""What CMA-ES and its separable form share: the mean, the step size, the paths, termination and restarts.

Sources: Hansen, "The CMA Evolution Strategy: A Tutorial", arXiv:1604.00772v2, whose equation numbers stand at the
lines; for the restarts Auger and Hansen (2005), "A restart CMA evolution strategy with increasing population size".
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass, field

import numpy as np

from poise.optimizers._cma_parameters import CmaParameters, default_population
from poise.optimizers._options import LARGEST, SMALLEST, about
from poise.optimizers._termination import ScoreHistory, distribution_stop_reason
from poise.optimizers.base import Optimizer, State
from poise.types import FloatArray

RESTART_GROWTH = 2  # of the population, as in the paper on restarts
SIGMA_RANGE = (1e-150, 1e32)  # beyond it the arithmetic of a step would leave float64
MEAN_LIMIT = 1e150


class CmaFamily(Optimizer):
    """A normal distribution N(m, σ²C) that moves to where the better half of its samples was.

    An algorithm of the family says what C may be: it stretches, whitens and adapts.
    """

    @dataclass(frozen=True)
    class Options(Optimizer.Options):
        """Parameters of the family; all others follow from the dimension and the population."""

        population: int | None = field(
            default=None, metadata=about("candidates a generation; none is 4 + floor(3 ln n)", low=2)
        )
        sigma0: float = field(
            default=1.0, metadata=about("first standard deviation around the start, zero", low=SMALLEST, high=LARGEST)
        )
        restarts: int = field(
            default=0, metadata=about("how often to begin anew, with twice the population, when a run is over", low=0)
        )

    # What an algorithm of the family writes ----------------------------------------------------

    @abstractmethod
    def _parameters(self, population: int) -> CmaParameters:
        """Weights and learning rates."""

    @abstractmethod
    def _reset_shape(self) -> None:
        """Sets C to the identity."""

    @abstractmethod
    def _stretch(self, z: FloatArray) -> FloatArray:
        """Rows of standard normal samples to rows of N(0, C)."""

    @abstractmethod
    def _whiten(self, y: FloatArray) -> FloatArray:
        """C^-1/2 y, for one vector or rows of them."""

    @abstractmethod
    def _adapt(self, y: FloatArray, h_sigma: float) -> None:
        """Learns C from the sorted steps `y`, shape (population, dimension), and the path."""

    @abstractmethod
    def _variances(self) -> FloatArray:
        """Diagonal of C."""

    @abstractmethod
    def _axes(self) -> FloatArray:
        """Principal axes of C times their standard deviations, as rows."""

    @abstractmethod
    def _shape_state(self) -> State:
        """What C is."""

    @abstractmethod
    def _restore_shape(self, state: State) -> None:
        """Takes back what `_shape_state` gave."""

    # What is the same for all ------------------------------------------------------------------

    def _start(self) -> None:
        self._restarts_done = 0
        self._stop_reason: str | None = None
        self._kept_mean: FloatArray | None = None
        self._kept_level: float | None = None
        self._begin(np.zeros(self.dimension), self.options.population or default_population(self.dimension))

    def _begin(self, mean: FloatArray, population: int) -> None:
        """Starts a run."""
        self._lambda = population
        self._p = self._parameters(population)
        self._m = mean
        self._sigma = float(self.options.sigma0)
        self._p_sigma = np.zeros(self.dimension)
        self._p_c = np.zeros(self.dimension)
        self._history = ScoreHistory(self.dimension, population)
        self._reset_shape()

    @property
    def population(self) -> int:
        """Candidates in the next generation; it doubles with each restart."""
        return self._lambda

    @property
    def center(self) -> FloatArray:
        """The distribution's mean; after a restart that of the best run before it, until the present one is better."""
        if self._kept_mean is None or self._kept_level is None:
            return self._m.copy()
        leads = self._history.generations > 0 and self._history.level > self._kept_level
        return self._m.copy() if leads else self._kept_mean.copy()

    @property
    def sigma(self) -> float:
        """The present step size σ."""
        return self._sigma

    @property
    def stop_reason(self) -> str | None:
        """The criterion that ended the last run, once no restarts are left."""
        return self._stop_reason

    def _sample(self) -> FloatArray:
        z = self._rng.standard_normal((self._lambda, self.dimension))  # (38)
        return self._m + self._sigma * self._stretch(z)  # (39), (40)

    def _update(self, candidates: FloatArray, scores: FloatArray) -> None:
        self._move(candidates[np.argsort(-scores, kind="stable")])
        self._history.add(scores)
        reason = self._history.stop_reason() or distribution_stop_reason(
            self._m, self._sigma, float(self.options.sigma0), self._variances(), self._p_c, self._axes()
        )
        if reason is not None and self._restarts_done < self.options.restarts:
            self._restart()
        else:
            self._stop_reason = reason

    def _move(self, ordered: FloatArray) -> None:
        """One step of the algorithm, from the candidates sorted with the best first; the first drawn of equals leads.

        Candidates are drawn alike, so the order among equals is a fair lot, and on a plain σ neither grows nor shrinks
        on average.
        """
        p, n = self._p, self.dimension
        y = (ordered - self._m) / self._sigma
        y_w = p.weights[: p.mu] @ y[: p.mu]  # (41)
        self._m = np.clip(self._m + p.c_m * self._sigma * y_w, -MEAN_LIMIT, MEAN_LIMIT)  # (42)
        gain = math.sqrt(p.c_sigma * (2 - p.c_sigma) * p.mu_eff)
        self._p_sigma = (1 - p.c_sigma) * self._p_sigma + gain * self._whiten(y_w)  # (43)
        length = float(np.linalg.norm(self._p_sigma))
        # h_σ halts the path p_c while σ is growing fast; the root corrects for the path's start at zero.
        started = math.sqrt(1 - (1 - p.c_sigma) ** (2 * (self._history.generations + 1)))
        h_sigma = 1.0 if length / started < (1.4 + 2 / (n + 1)) * p.chi_n else 0.0
        gain = math.sqrt(p.c_c * (2 - p.c_c) * p.mu_eff)
        self._p_c = (1 - p.c_c) * self._p_c + h_sigma * gain * y_w  # (45)
        self._adapt(y, h_sigma)  # (46), (47)
        grown = self._sigma * math.exp(min(p.c_sigma / p.d_sigma * (length / p.chi_n - 1), 100.0))  # (44)
        self._sigma = min(max(grown, SIGMA_RANGE[0]), SIGMA_RANGE[1])

    def _restart(self) -> None:
        """Begins anew with a larger population; the better of this run's mean and the one kept is kept.

        The paper draws the new start from the search region. Here there is none: the first distribution stands for it.
        """
        if self._kept_level is None or self._history.level > self._kept_level:
            self._kept_mean, self._kept_level = self._m, self._history.level
        self._restarts_done += 1
        start = self.options.sigma0 * self._rng.standard_normal(self.dimension)
        self._begin(start, RESTART_GROWTH * self._lambda)

    def _state(self) -> State:
        return {
            "population": self._lambda,
            "m": self._m,
            "sigma": self._sigma,
            "p_sigma": self._p_sigma,
            "p_c": self._p_c,
            "shape": self._shape_state(),
            "generations": self._history.generations,
            "history": self._history.rows,
            "restarts_done": self._restarts_done,
            "kept_mean": self._kept_mean,
            "kept_level": self._kept_level,
            "stop_reason": self._stop_reason,
        }

    def _restore(self, state: State) -> None:
        self._begin(state["m"], state["population"])
        self._sigma = state["sigma"]
        self._p_sigma, self._p_c = state["p_sigma"], state["p_c"]
        self._restore_shape(state["shape"])
        self._history.generations, self._history.rows = state["generations"], state["history"]
        self._restarts_done, self._stop_reason = state["restarts_done"], state["stop_reason"]
        self._kept_mean, self._kept_level = state["kept_mean"], state["kept_level"]
