"""PGPE with ClipUp: a Gaussian with a width for each parameter, moved by symmetric samples at a limited speed.

Sources: Sehnke, Osendorfer, Rückstieß, Graves, Peters and Schmidhuber (2010), "Parameter-exploring policy gradients",
Neural Networks 23(4), for the gradients; Toklu, Liskowski and Srivastava, arXiv:2008.02387, for ClipUp, the ranking and
the rules by which one number, the first radius, sets the speeds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from poise.errors import InvalidValueError
from poise.optimizers._ascent import ClipUp
from poise.optimizers._mirrored import mirrored, pairs
from poise.optimizers._options import LARGEST, SMALLEST, about
from poise.optimizers._ranking import centered_ranks
from poise.optimizers.base import Optimizer, State
from poise.types import FloatArray

SPEEDS_IN_RADIUS = 15  # the paper's rule: the first radius is 15 times the greatest speed
STEPS_IN_SPEED = 2  # the paper's rule: the greatest speed is twice the step size


class Pgpe(Optimizer):
    """Learns mean and deviation of each parameter by the gradient of the expected rank."""

    name = "pgpe"

    @dataclass(frozen=True)
    class Options(Optimizer.Options):
        """Parameters of PGPE and ClipUp.

        Raises:
            InvalidValueError: if `population` is odd, or a value is outside its range.
        """

        population: int = field(default=32, metadata=about("candidates a generation, an even number", low=2))
        sigma0: float = field(default=0.5, metadata=about("first deviation of a parameter", low=SMALLEST, high=LARGEST))
        max_speed: float | None = field(
            default=None,
            metadata=about("greatest length of a step; none is sigma0 sqrt(n) / 15", low=SMALLEST, high=LARGEST),
        )
        step_size: float | None = field(
            default=None,
            metadata=about("length that a gradient adds to a step; none is max_speed / 2", low=SMALLEST, high=LARGEST),
        )
        momentum: float = field(default=0.9, metadata=about("share of the last step that is kept", low=0.0, below=1.0))
        sigma_step_size: float = field(default=0.1, metadata=about("step size of deviations", low=0.0, high=LARGEST))
        sigma_max_change: float = field(
            default=0.2, metadata=about("greatest change of a deviation in a generation, a share", low=0.0, below=1.0)
        )

        def __post_init__(self) -> None:
            super().__post_init__()
            if self.population % 2:
                raise InvalidValueError(f"option population: expected an even number, got {self.population}")

    def _start(self) -> None:
        options, n = self.options, self.dimension
        self._mu: FloatArray = np.zeros(n)
        self._sigma: FloatArray = np.full(n, options.sigma0)
        speed = options.max_speed or options.sigma0 * math.sqrt(n) / SPEEDS_IN_RADIUS
        self._clipup = ClipUp(n, options.step_size or speed / STEPS_IN_SPEED, speed, options.momentum)

    @property
    def population(self) -> int:
        """Number of candidates in every generation."""
        return int(self.options.population)

    @property
    def center(self) -> FloatArray:
        """The Gaussian's mean μ, shape (dimension,)."""
        return self._mu.copy()

    @property
    def sigma(self) -> FloatArray:
        """The present deviation of each parameter, shape (dimension,)."""
        return self._sigma.copy()

    def _sample(self) -> FloatArray:
        epsilon = self._sigma * self._rng.standard_normal((self.population // 2, self.dimension))
        return self._mu + mirrored(epsilon)

    def _update(self, candidates: FloatArray, scores: FloatArray) -> None:
        plus, minus = pairs(centered_ranks(scores))
        epsilon = candidates[: len(plus)] - self._mu
        # T and S of Sehnke et al., their matrices of symmetric samples. Centered ranks have mean 0: no baseline is due.
        mean_gradient = (plus - minus) / 2 @ epsilon / len(plus)
        s = (epsilon**2 - self._sigma**2) / self._sigma
        sigma_gradient = (plus + minus) / 2 @ s / len(plus)
        self._mu = self._mu + self._clipup.step(mean_gradient)
        limit = self.options.sigma_max_change * self._sigma
        change = np.clip(self.options.sigma_step_size * sigma_gradient, -limit, limit)
        self._sigma = np.clip(self._sigma + change, 1e-100, 1e32)

    def _state(self) -> State:
        return {"mu": self._mu, "sigma": self._sigma, "clipup": self._clipup.state()}

    def _restore(self, state: State) -> None:
        self._mu, self._sigma = state["mu"], state["sigma"]
        self._clipup.restore(state["clipup"])
