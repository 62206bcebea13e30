"""CEM: the cross-entropy method, a Gaussian fitted again and again to the best of its own samples.

Sources: de Boer, Kroese, Mannor and Rubinstein (2005), "A tutorial on the cross-entropy method", Annals of Operations
Research 134, Algorithm 4.1 with normal updating; Szita and Lőrincz (2006), "Learning Tetris using the noisy
cross-entropy method", Neural Computation 18(12), for the extra variance that falls to zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from poise.optimizers._options import LARGEST, SMALLEST, about
from poise.optimizers._termination import collapse_reason
from poise.optimizers.base import Optimizer, State
from poise.types import FloatArray

DEVIATION_RANGE = (1e-150, 1e32)


class Cem(Optimizer):
    """Keeps mean and deviation of each parameter, those of the elite."""

    name = "cem"

    @dataclass(frozen=True)
    class Options(Optimizer.Options):
        """Parameters of the cross-entropy method."""

        population: int = field(default=50, metadata=about("candidates a generation", low=2))
        elite: float = field(
            default=0.2, metadata=about("share of the candidates that are fitted", above=0.0, high=1.0)
        )
        sigma0: float = field(default=1.0, metadata=about("first deviation of a parameter", low=SMALLEST, high=LARGEST))
        extra_noise: float = field(
            default=0.2, metadata=about("deviation added at first, in units of sigma0", low=0.0, high=1e6)
        )
        noise_generations: int = field(
            default=50, metadata=about("generations in which the added variance falls to zero", low=1)
        )

    def _start(self) -> None:
        self._mean: FloatArray = np.zeros(self.dimension)
        self._deviation: FloatArray = np.full(self.dimension, self.options.sigma0)

    @property
    def population(self) -> int:
        """Number of candidates in every generation."""
        return int(self.options.population)

    @property
    def center(self) -> FloatArray:
        """The Gaussian's mean, shape (dimension,)."""
        return self._mean.copy()

    @property
    def sigma(self) -> FloatArray:
        """The present deviation of each parameter, shape (dimension,)."""
        return self._deviation.copy()

    @property
    def stop_reason(self) -> str | None:
        """Set when the Gaussian has shrunk to a point."""
        return collapse_reason(self._deviation, self.options.sigma0)

    def _sample(self) -> FloatArray:
        return self._mean + self._deviation * self._rng.standard_normal((self.population, self.dimension))

    def _update(self, candidates: FloatArray, scores: FloatArray) -> None:
        count = max(1, math.floor(self.options.elite * len(scores)))
        gamma = np.sort(scores)[-count]  # the quantile that a candidate must reach, so that equals are treated alike
        chosen = candidates[scores >= gamma]
        left = max(0.0, 1 - (self.generation + 1) / self.options.noise_generations)
        extra = (self.options.extra_noise * self.options.sigma0) ** 2 * left
        self._mean = chosen.mean(axis=0)
        self._deviation = np.clip(np.sqrt(chosen.var(axis=0) + extra), *DEVIATION_RANGE)

    def _state(self) -> State:
        return {"mean": self._mean, "deviation": self._deviation}

    def _restore(self, state: State) -> None:
        self._mean, self._deviation = state["mean"], state["deviation"]
