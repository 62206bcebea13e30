"""SNES in the Fisher metric of the policy: it searches in directions that all change what a policy does by as much.

What a change of one parameter does to a network depends on all the others, and on what is observed. The Fisher
information of a policy whose outputs have independent normal noise is the mean of JᵀJ over what it observes, J being
the derivatives of its outputs with respect to its parameters. In coordinates in which that is the identity, candidates
differ by what they do. The metric is measured anew as the search goes on; until then, and where nobody measures it,
this is SNES itself.

Sources: for the metric Amari (1998), "Natural gradient works efficiently in learning", Neural Computation 10(2), and
Kakade (2001), "A natural policy gradient", eq. 2 to 4; for the search Wierstra et al. (2014), as in `snes`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from poise.optimizers._metric import MOST_PARAMETERS, whitened
from poise.optimizers._options import LARGEST, SMALLEST, about
from poise.optimizers.base import State
from poise.optimizers.snes import Snes
from poise.types import FloatArray


class FisherSnes(Snes):
    """SNES whose deviations are along the axes of the policy's Fisher information."""

    name = "fisher_snes"
    is_patient = True
    most_parameters = MOST_PARAMETERS

    @dataclass(frozen=True)
    class Options(Snes.Options):
        """Parameters of SNES, and of its metric."""

        sigma0: float = field(
            default=0.5,
            metadata=about("first deviation, as a share of what the outputs are", low=SMALLEST, high=LARGEST),
        )
        mean0: float = field(
            default=0.3,
            metadata=about(
                "deviation around zero of the random start: at zero a network does nothing", low=0.0, high=1e6
            ),
        )
        every: int = field(
            default=20, metadata=about("generations after which the metric is measured anew", low=1, high=1_000_000)
        )

    def _start(self) -> None:
        super()._start()
        self._mu = self.options.mean0 * self._rng.standard_normal(self.dimension)
        self._basis: FloatArray = np.eye(self.dimension)
        self._measured: int | None = None

    @property
    def wants_metric(self) -> bool:
        """Whether the metric is as old as it may become."""
        return self._measured is None or self.generation - self._measured >= self.options.every

    def take_metric(self, metric: FloatArray, size: float) -> None:
        """Searches along the axes of the metric from now on, in every one of them as far as in all in the mean.

        A deviation of 1 along all axes changes the outputs by as much as they are. A metric of nothing changes
        nothing, and so does one beyond all numbers.
        """
        self._measured = self.generation
        basis = whitened(metric)
        if basis is None or not (np.isfinite(size) and size > 0):
            return
        self._basis = basis * np.sqrt(size / np.einsum("ij,ik,kj->", basis, metric, basis, optimize=True))
        self._sigma = np.full(self.dimension, np.exp(np.log(self._sigma).mean()))

    def _sample(self) -> FloatArray:
        s = self._rng.standard_normal((self._lambda, self.dimension))
        return self._mu + (self._sigma * s) @ self._basis.T

    def _update(self, candidates: FloatArray, scores: FloatArray) -> None:
        coordinates = np.linalg.solve(self._basis, (candidates - self._mu).T).T
        gradient_mu, gradient_sigma = self._gradients(coordinates / self._sigma, scores)
        self._mu = self._mu + self._basis @ (self.options.mean_rate * self._sigma * gradient_mu)
        self._widen(gradient_sigma)

    def _state(self) -> State:
        return {**super()._state(), "basis": self._basis, "measured": self._measured}

    def _restore(self, state: State) -> None:
        super()._restore(state)
        self._basis, self._measured = state["basis"], state["measured"]
        if self._basis.shape != (self.dimension, self.dimension):
            raise ValueError(f"a basis of shape {self._basis.shape}")
