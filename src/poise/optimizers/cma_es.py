"""CMA-ES: covariance matrix adaptation, with negative weights for the worse half.

Source: Hansen, "The CMA Evolution Strategy: A Tutorial", arXiv:1604.00772v2; its equation numbers stand at the lines.
The paper minimises; here the candidates come sorted with the highest score first.
"""

from __future__ import annotations

import numpy as np

from poise.optimizers._cma_family import CmaFamily
from poise.optimizers._cma_parameters import CmaParameters, cma_parameters
from poise.optimizers.base import State
from poise.types import FloatArray

LEAST_EIGENVALUE = 1e-20  # share of the greatest: what is below it is rounding, and may be negative
LEAST_NORM = 1e-300


class CmaEs(CmaFamily):
    """Learns a full covariance matrix: scales of the parameters and how they belong together."""

    name = "cma_es"

    @property
    def covariance(self) -> FloatArray:
        """The matrix C, shape (dimension, dimension); the distribution's is σ² times it."""
        return self._C.copy()

    def _parameters(self, population: int) -> CmaParameters:
        return cma_parameters(self.dimension, population)

    def _reset_shape(self) -> None:
        self._C = np.eye(self.dimension)
        self._B = np.eye(self.dimension)
        self._D = np.ones(self.dimension)
        self._stale = 0
        self._take_roots()

    def _take_roots(self) -> None:
        # The symmetric roots B D±1 Bᵀ do not depend on the signs and the order of the eigenvectors, which differ from
        # one linear algebra library to another; the paper's B D z has the same distribution.
        self._root = (self._B * self._D) @ self._B.T
        self._inverse_root = (self._B / self._D) @ self._B.T

    def _stretch(self, z: FloatArray) -> FloatArray:
        return np.asarray(z @ self._root)  # (39)

    def _whiten(self, y: FloatArray) -> FloatArray:
        return np.asarray(y @ self._inverse_root)

    def _adapt(self, y: FloatArray, h_sigma: float) -> None:
        p, n = self._p, self.dimension
        lengths = (self._whiten(y) ** 2).sum(axis=1)
        w = np.where(p.weights >= 0, p.weights, p.weights * n / np.maximum(lengths, LEAST_NORM))  # (46)
        delta = (1 - h_sigma) * p.c_c * (2 - p.c_c)  # makes up for the path that h_σ halted
        keep = 1 + p.c_1 * delta - p.c_1 - p.c_mu * p.weights.sum()
        self._C = keep * self._C + p.c_1 * np.outer(self._p_c, self._p_c) + p.c_mu * (y.T * w) @ y  # (47)
        self._stale += 1
        # Appendix B.2: decomposing costs O(n³), and C changes little in this many generations.
        if self._stale >= max(1, int(1 / (10 * n * (p.c_1 + p.c_mu)))):
            self._decompose()

    def _decompose(self) -> None:
        self._C = (self._C + self._C.T) / 2  # rounding must not make it asymmetric
        eigenvalues, self._B = np.linalg.eigh(self._C)
        self._D = np.sqrt(np.maximum(eigenvalues, LEAST_EIGENVALUE * eigenvalues.max()))
        self._stale = 0
        self._take_roots()

    def _variances(self) -> FloatArray:
        return np.maximum(np.diag(self._C), 0.0)

    def _axes(self) -> FloatArray:
        return np.asarray((self._B * self._D).T)

    def _shape_state(self) -> State:
        return {"C": self._C, "B": self._B, "D": self._D, "stale": self._stale}

    def _restore_shape(self, state: State) -> None:
        # B and D cannot be computed again: C may be younger than they are.
        self._C, self._B, self._D, self._stale = state["C"], state["B"], state["D"], state["stale"]
        self._take_roots()
