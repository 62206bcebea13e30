"""OpenAI-ES: gradient of the score smoothed by Gaussian noise, mirrored samples, centered ranks, Adam.

Source: Salimans, Ho, Chen, Sidor and Sutskever, "Evolution strategies as a scalable alternative to reinforcement
learning", arXiv:1703.03864, Algorithm 1 and section 2.1.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from poise.errors import InvalidValueError
from poise.optimizers._ascent import Adam
from poise.optimizers._mirrored import mirrored, pairs
from poise.optimizers._options import LARGEST, SMALLEST, about
from poise.optimizers._ranking import centered_ranks
from poise.optimizers.base import Optimizer, State
from poise.types import FloatArray


class OpenaiEs(Optimizer):
    """Follows the rank gradient of an isotropic Gaussian whose width stays as it is."""

    name = "openai_es"

    @dataclass(frozen=True)
    class Options(Optimizer.Options):
        """Parameters of OpenAI-ES.

        Raises:
            InvalidValueError: if `population` is odd, or a value is outside its range.
        """

        population: int = field(default=32, metadata=about("candidates a generation, an even number", low=2))
        noise: float = field(default=0.1, metadata=about("deviation sigma of the samples", low=SMALLEST, high=LARGEST))
        step_size: float = field(default=0.05, metadata=about("Adam's step size alpha", above=0.0, high=LARGEST))
        weight_decay: float = field(
            default=0.005, metadata=about("pull to zero, times the parameters, in the gradient", low=0.0, high=LARGEST)
        )

        def __post_init__(self) -> None:
            super().__post_init__()
            if self.population % 2:
                raise InvalidValueError(f"option population: expected an even number, got {self.population}")

    def _start(self) -> None:
        self._theta: FloatArray = np.zeros(self.dimension)
        self._adam = Adam(self.dimension, self.options.step_size)

    @property
    def population(self) -> int:
        """Number of candidates in every generation."""
        return int(self.options.population)

    @property
    def center(self) -> FloatArray:
        """The Gaussian's mean θ, shape (dimension,)."""
        return self._theta.copy()

    def _sample(self) -> FloatArray:
        epsilon = self._rng.standard_normal((self.population // 2, self.dimension))
        return np.asarray(self._theta + self.options.noise * mirrored(epsilon))

    def _update(self, candidates: FloatArray, scores: FloatArray) -> None:
        sigma = self.options.noise
        plus, minus = pairs(centered_ranks(scores))
        epsilon = (candidates[: len(plus)] - self._theta) / sigma
        gradient = (plus - minus) @ epsilon / (len(scores) * sigma)  # Algorithm 1, line 5, summed over mirrored pairs
        self._theta = self._theta + self._adam.step(gradient - self.options.weight_decay * self._theta)

    def _state(self) -> State:
        return {"theta": self._theta, "adam": self._adam.state()}

    def _restore(self, state: State) -> None:
        self._theta = state["theta"]
        self._adam.restore(state["adam"])
