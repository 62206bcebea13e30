"""Hill climbing: perturb the best so far, take a step size that succeeds about one time in five.

A (1+λ) evolution strategy with isotropic noise. The step-size rule is that of Igel, Hansen and Roth (2007), "Covariance
matrix adaptation for multi-objective optimization", Evolutionary Computation 15(1), Procedures 1-2 and Table 1, which
smooths the one-fifth success rule of Rechenberg (1973). Their covariance matrix is left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from poise.optimizers._options import LARGEST, SMALLEST, about
from poise.optimizers.base import Optimizer, State
from poise.types import FloatArray

SIGMA_RANGE = (1e-150, 1e32)  # beyond it the arithmetic of the step would leave float64


class HillClimbing(Optimizer):
    """Gaussian steps from an incumbent that is scored again beside its offspring.

    The incumbent is the first candidate of each generation. Its score is thus of the same episodes as its rivals', and
    one lucky score cannot keep it in place for ever.
    """

    name = "hill_climbing"
    center_is_estimate = False

    @dataclass(frozen=True)
    class Options(Optimizer.Options):
        """Parameters of hill climbing."""

        population: int = field(default=8, metadata=about("candidates a generation, the incumbent among them", low=2))
        sigma0: float = field(default=1.0, metadata=about("first deviation of a step", low=SMALLEST, high=LARGEST))

    def _start(self) -> None:
        n, lambda_ = self.dimension, self.options.population - 1
        self._d = 1 + n / (2 * lambda_)  # damping
        self._p_target = 1 / (5 + math.sqrt(lambda_) / 2)
        self._c_p = self._p_target * lambda_ / (2 + self._p_target * lambda_)
        self._incumbent = np.zeros(n)
        self._sigma = float(self.options.sigma0)
        self._p_succ = self._p_target

    @property
    def population(self) -> int:
        """Number of candidates in every generation: the incumbent and its offspring."""
        return int(self.options.population)

    @property
    def center(self) -> FloatArray:
        """The incumbent, shape (dimension,)."""
        return self._incumbent.copy()

    @property
    def sigma(self) -> float:
        """The present standard deviation of a step."""
        return self._sigma

    def _sample(self) -> FloatArray:
        steps = self._rng.standard_normal((self.population, self.dimension))
        steps[0] = 0.0
        return self._incumbent + self._sigma * steps

    def _update(self, candidates: FloatArray, scores: FloatArray) -> None:
        best = int(np.argmax(scores))  # the first of equals: the incumbent yields only to a better one
        # An equal score counts as a success of the step, or the step would shrink to nothing on a plain.
        success = float(np.mean(scores[1:] >= scores[0]))
        self._p_succ = (1 - self._c_p) * self._p_succ + self._c_p * success
        change = (self._p_succ - self._p_target) / (self._d * (1 - self._p_target))
        self._sigma = min(max(self._sigma * math.exp(change), SIGMA_RANGE[0]), SIGMA_RANGE[1])
        self._incumbent = candidates[best].copy()

    def _state(self) -> State:
        return {"incumbent": self._incumbent, "sigma": self._sigma, "p_succ": self._p_succ}

    def _restore(self, state: State) -> None:
        self._incumbent, self._sigma, self._p_succ = state["incumbent"], state["sigma"], state["p_succ"]
