"""ARS: augmented random search, finite differences along random directions of which the best count.

Two things are not in the paper, and happen only where they are asked for. `halvings`: noise and step size are halved
when scores no longer rise; a policy that walks on the edge of what it can do falls if it is shaken as hard as one that
stands. With `settles` the first halving is when it was chosen among many: to find a gait takes large differences, to
make it a better one smaller ones. `winsorize`: no score counts for less than a fence below the median; where a fall
costs a hundred times what a step forward earns, the falls alone would say where to go, and all that is learnt is to
stand. It may hold for single episodes alone (`winsorize_means`): a policy that has come so far that its candidates play
several falls seldom, and what is left to learn is not to.

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
        halvings: int = field(default=0, metadata=about("how often noise and step size may be halved", low=0, high=30))
        settles: bool = field(
            default=False, metadata=about("whether it is halved as soon as it is chosen among many starts")
        )
        winsorize: float | None = field(
            default=None,
            metadata=about("fence below the median, in distances to the upper quartile", above=0.0, high=LARGEST),
        )
        winsorize_means: bool = field(
            default=True, metadata=about("whether winsorize holds where candidates play more than at first")
        )

        def __post_init__(self) -> None:
            super().__post_init__()
            if self.top is not None and self.top > self.directions:
                raise InvalidValueError(f"option top: expected at most directions={self.directions}, got {self.top}")

    def _start(self) -> None:
        self._m: FloatArray = np.zeros(self.dimension)
        self._halved = 0
        self._sees_falls = False

    @property
    def population(self) -> int:
        """Two candidates for each direction."""
        return 2 * int(self.options.directions)

    @property
    def center(self) -> FloatArray:
        """The parameters that the directions start from, shape (dimension,)."""
        return self._m.copy()

    @property
    def looks_closer(self) -> bool:
        """Whether there are halvings."""
        return bool(self.options.halvings)

    @property
    def can_look_closer(self) -> bool:
        """Whether noise and step size may be halved once more."""
        return bool(self._halved < self.options.halvings)

    def look_closer(self) -> None:
        """Halves noise and step size."""
        if self.can_look_closer and self._pending is None:
            self._halved += 1

    def settle(self) -> None:
        """Looks closer, if it is one that settles."""
        if self.options.settles:
            self.look_closer()

    def average_more(self) -> None:
        """Sees how deep a fall is from now on, if `winsorize_means` says so."""
        if not self.options.winsorize_means and self._pending is None:
            self._sees_falls = True

    @property
    def _share(self) -> float:
        """What is left of noise and step size."""
        return float(0.5**self._halved)

    def _sample(self) -> FloatArray:
        delta = self._rng.standard_normal((self.options.directions, self.dimension))  # line 4
        return np.asarray(self._m + self.options.noise * self._share * mirrored(delta))  # line 5

    def _update(self, candidates: FloatArray, scores: FloatArray) -> None:
        scale = np.abs(scores).max()
        if not scale > 0:
            return  # all scores are zero: no direction is better
        # The step does not depend on the scores' unit; in this one no sum can overflow.
        scores = scores / scale
        if self.options.winsorize is not None and not self._sees_falls:
            scores = winsorized(scores, self.options.winsorize)
        r_plus, r_minus = pairs(scores)
        b = self.options.top or (len(r_plus) + 1) // 2
        used = np.argsort(-np.maximum(r_plus, r_minus), kind="stable")[:b]  # line 6
        sigma_r = np.concatenate([r_plus[used], r_minus[used]]).std()
        if not sigma_r > 0:
            return  # equal scores, for which the paper's step is 0/0
        plus, minus = pairs(candidates)
        delta = (plus - minus)[used] / (2 * self.options.noise * self._share)
        weights = (r_plus - r_minus)[used] / (len(used) * sigma_r)
        self._m = self._m + self.options.step_size * self._share * (weights @ delta)  # line 7

    def _state(self) -> State:
        # Only where they were: states of the first versions have no such parts, and are read as those that never did.
        since = {"halved": self._halved, "sees_falls": self._sees_falls}
        return {"m": self._m, **{part: value for part, value in since.items() if value}}

    def _restore(self, state: State) -> None:
        self._m, self._halved, self._sees_falls = (
            state["m"],
            int(state.get("halved", 0)),
            bool(state.get("sees_falls", False)),
        )
        if not 0 <= self._halved <= self.options.halvings:
            raise ValueError(f"halved {self._halved} times of {self.options.halvings}")


def winsorized(scores: FloatArray, fence: float) -> FloatArray:
    """Scores of which none lies farther below the median than so many times the upper quartile lies above it.

    The better half says how much scores differ where nothing goes wrong. If a quarter of all is as good as the median,
    it says nothing, and every score stays as it is.

    Args:
        scores: finite, shape (population,).
        fence: greater than 0.

    Returns:
        The scores, shape (population,).
    """
    median, upper = np.percentile(scores, [50, 75])
    return np.maximum(scores, median - fence * (upper - median)) if upper > median else scores
