"""sep-CMA-ES: CMA-ES with a diagonal covariance, which learns faster and costs little in many dimensions.

Source: Ros and Hansen (2008), "A simple modification in CMA-ES achieving linear time and space complexity", PPSN X,
whose learning rates these are. What it shares with CMA-ES follows the tutorial, arXiv:1604.00772v2, whose equation
numbers stand at the lines.
"""

from __future__ import annotations

import math

import numpy as np

from poise.optimizers._cma_family import CmaFamily
from poise.optimizers._cma_parameters import CmaParameters, expected_length, selection_mass
from poise.optimizers.base import State
from poise.types import FloatArray

LEAST_VARIANCE = 1e-200


class SepCmaEs(CmaFamily):
    """Learns a scale for each parameter, not how they belong together."""

    name = "sep_cma_es"

    @property
    def variances(self) -> FloatArray:
        """Diagonal of C, shape (dimension,); the distribution's variances are σ² times it."""
        return self._diagonal.copy()

    def _parameters(self, population: int) -> CmaParameters:
        return sep_cma_parameters(self.dimension, population)

    def _reset_shape(self) -> None:
        self._diagonal: FloatArray = np.ones(self.dimension)

    def _stretch(self, z: FloatArray) -> FloatArray:
        return np.asarray(z * np.sqrt(self._diagonal))

    def _whiten(self, y: FloatArray) -> FloatArray:
        return np.asarray(y / np.sqrt(self._diagonal))

    def _adapt(self, y: FloatArray, h_sigma: float) -> None:
        p = self._p
        delta = (1 - h_sigma) * p.c_c * (2 - p.c_c)  # makes up for the path that h_σ halted
        keep = max(0.0, 1 + p.c_1 * delta - p.c_1 - p.c_mu)
        rank_mu = p.weights[: p.mu] @ y[: p.mu] ** 2
        self._diagonal = np.maximum(
            keep * self._diagonal + p.c_1 * self._p_c**2 + p.c_mu * rank_mu, LEAST_VARIANCE
        )  # the diagonal of (47)

    def _variances(self) -> FloatArray:
        return self._diagonal

    def _axes(self) -> FloatArray:
        return np.diag(np.sqrt(self._diagonal))

    def _shape_state(self) -> State:
        return {"C": self._diagonal}

    def _restore_shape(self, state: State) -> None:
        self._diagonal = state["C"]


def sep_cma_parameters(n: int, population: int) -> CmaParameters:
    """The paper's defaults for dimension `n`, at least 1, and λ = `population`, at least 2. No weight is negative."""
    mu = population // 2
    raw = math.log(mu + 1) - np.log(np.arange(1, mu + 1))
    positive = raw / raw.sum()
    mu_eff = selection_mass(positive)
    c_sigma = (mu_eff + 2) / (n + mu_eff + 3)
    full = 2 / (mu_eff * (n + math.sqrt(2)) ** 2)
    full += (1 - 1 / mu_eff) * min(1.0, (2 * mu_eff - 1) / ((n + 2) ** 2 + mu_eff))
    # The paper's one change: a diagonal has (n + 2) / 3 times fewer numbers to learn. Large populations would pass 1.
    c_cov = min(1.0, (n + 2) / 3 * full)
    return CmaParameters(
        weights=np.concatenate([positive, np.zeros(population - mu)]),
        mu=mu,
        mu_eff=mu_eff,
        c_m=1.0,
        c_sigma=c_sigma,
        d_sigma=1 + 2 * max(0.0, math.sqrt((mu_eff - 1) / (n + 1)) - 1) + c_sigma,
        c_c=4 / (n + 4),
        c_1=c_cov / mu_eff,
        c_mu=c_cov * (1 - 1 / mu_eff),
        chi_n=expected_length(n),
    )
