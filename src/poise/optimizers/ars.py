"""ARS: augmented random search, finite differences along random directions of which the best count.

Source: Mania, Guy and Recht, "Simple random search provides a competitive approach to reinforcement learning",
arXiv:1803.07055, Algorithm 2 with its names. This is the update of V1-t; normalised observations, which make it V2-t,
belong to the policy.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from poise.errors import InvalidValueError
from poise.optimizers._mirrored import mirrored, pairs
from poise.optimizers._options import LARGEST, SMALLEST, about
from poise.optimizers.base import Optimizer, State
from poise.types import FloatArray


class Ars(Optimizer):
    """Steps along differences of scores, divided by the scores' own deviation; it goes by the scores, not by ranks."""

    name = "ars"

    @dataclass(frozen=True)
    class Options(Optimizer.Options):
        """Parameters of ARS.

        Raises:
            InvalidValueError: if `top` is more than `directions`, or a value is outside its range.
        """

        directions: int = field(default=8, metadata=about("directions N a generation, two candidates each", low=1))
        top: int | None = field(default=None, metadata=about("directions b that count; none is the better half", low=1))
        step_size: float = field(default=0.05, metadata=about("step size alpha", above=0.0, high=LARGEST))
        noise: float = field(default=0.05, metadata=about("deviation nu of the directions", low=SMALLEST, high=LARGEST))

        def __post_init__(self) -> None:
            super().__post_init__()
            if self.top is not None and self.top > self.directions:
                raise InvalidValueError(f"option top: expected at most directions={self.directions}, got {self.top}")

    def _start(self) -> None:
        self._m: FloatArray = np.zeros(self.dimension)

    @property
    def population(self) -> int:
        """Two candidates for each direction."""
        return 2 * int(self.options.directions)

    @property
    def center(self) -> FloatArray:
        """The parameters that the directions start from, shape (dimension,)."""
        return self._m.copy()

    def _sample(self) -> FloatArray:
        delta = self._rng.standard_normal((self.options.directions, self.dimension))  # line 4
        return np.asarray(self._m + self.options.noise * mirrored(delta))  # line 5

    def _update(self, candidates: FloatArray, scores: FloatArray) -> None:
        scale = np.abs(scores).max()
        if not scale > 0:
            return  # all scores are zero: no direction is better
        # The step does not depend on the scores' unit; in this one no sum can overflow.
        r_plus, r_minus = pairs(scores / scale)
        b = self.options.top or (len(r_plus) + 1) // 2
        used = np.argsort(-np.maximum(r_plus, r_minus), kind="stable")[:b]  # line 6
        sigma_r = np.concatenate([r_plus[used], r_minus[used]]).std()
        if not sigma_r > 0:
            return  # equal scores, for which the paper's step is 0/0
        plus, minus = pairs(candidates)
        delta = (plus - minus)[used] / (2 * self.options.noise)
        weights = (r_plus - r_minus)[used] / (len(used) * sigma_r)
        self._m = self._m + self.options.step_size * (weights @ delta)  # line 7

    def _state(self) -> State:
        return {"m": self._m}

    def _restore(self, state: State) -> None:
        self._m = state["m"]
