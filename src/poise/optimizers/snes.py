"""SNES: separable natural evolution strategy, the natural gradient of the expected rank for independent parameters.

Source: Wierstra, Schaul, Glasmachers, Sun, Peters and Schmidhuber (2014), "Natural evolution strategies", JMLR 15,
Algorithm 6 with its names, and Table 1 for the defaults.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from poise.optimizers._cma_parameters import default_population
from poise.optimizers._options import LARGEST, SMALLEST, about
from poise.optimizers._ranking import by_rank
from poise.optimizers._termination import collapse_reason
from poise.optimizers.base import Optimizer, State
from poise.types import FloatArray

SIGMA_RANGE = (1e-150, 1e32)


class Snes(Optimizer):
    """Moves mean and deviation of each parameter, along the natural gradient."""

    name = "snes"

    @dataclass(frozen=True)
    class Options(Optimizer.Options):
        """Parameters of SNES."""

        population: int | None = field(
            default=None, metadata=about("candidates a generation; none is 4 + floor(3 ln n)", low=2)
        )
        sigma0: float = field(
            default=1.0, metadata=about("first deviation of each parameter around zero", low=SMALLEST, high=LARGEST)
        )
        mean_rate: float = field(default=1.0, metadata=about("learning rate eta_mu of the mean", above=0.0, high=10.0))
        sigma_rate: float | None = field(
            default=None,
            metadata=about(
                "learning rate eta_sigma of the deviations; none is (3 + ln n) / (5 sqrt n)", above=0.0, high=10.0
            ),
        )

    def _start(self) -> None:
        n = self.dimension
        self._lambda: int = self.options.population or default_population(n)
        self._eta_sigma: float = self.options.sigma_rate or (3 + math.log(n)) / (5 * math.sqrt(n))  # Table 1
        self._utilities = utilities(self._lambda)
        self._mu: FloatArray = np.zeros(n)
        self._sigma: FloatArray = np.full(n, self.options.sigma0)

    @property
    def population(self) -> int:
        """Number of candidates in every generation."""
        return self._lambda

    @property
    def center(self) -> FloatArray:
        """The distribution's mean μ, shape (dimension,)."""
        return self._mu.copy()

    @property
    def sigma(self) -> FloatArray:
        """The present deviation of each parameter, shape (dimension,)."""
        return self._sigma.copy()

    @property
    def stop_reason(self) -> str | None:
        """Set when the distribution has shrunk to a point."""
        return collapse_reason(self._sigma, self.options.sigma0)

    def _sample(self) -> FloatArray:
        s = self._rng.standard_normal((self._lambda, self.dimension))
        return self._mu + self._sigma * s

    def _update(self, candidates: FloatArray, scores: FloatArray) -> None:
        gradient_mu, gradient_sigma = self._gradients((candidates - self._mu) / self._sigma, scores)
        self._mu = self._mu + self.options.mean_rate * self._sigma * gradient_mu
        self._widen(gradient_sigma)

    def _gradients(self, s: FloatArray, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Natural gradients of mean and deviations, from standard normal samples, shape (population, dimension)."""
        u = by_rank(self._utilities, scores)
        return u @ s, u @ (s**2 - 1)

    def _widen(self, gradient_sigma: FloatArray) -> None:
        grown = self._sigma * np.exp(np.minimum(self._eta_sigma / 2 * gradient_sigma, 100.0))
        self._sigma = np.clip(grown, *SIGMA_RANGE)

    def _state(self) -> State:
        return {"mu": self._mu, "sigma": self._sigma}

    def _restore(self, state: State) -> None:
        self._mu, self._sigma = state["mu"], state["sigma"]


def utilities(population: int) -> FloatArray:
    """The utility of each rank, the best first, shape (population,); their sum is 0. Section 3.1, "fitness shaping"."""
    raw = np.maximum(0.0, math.log(population / 2 + 1) - np.log(np.arange(1, population + 1)))
    return np.asarray(raw / raw.sum() - 1 / population)
