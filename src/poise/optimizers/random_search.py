"""Pure random search: the line that every other optimizer has to beat.

The tutorial's first ranges, U(0, 1) and U(-0.5, 0.5), are options: ``low=0 high=1`` and ``low=-0.5 high=0.5``.
Source: Anderson, R. L. (1953), "Recent advances in finding best operating conditions", J. Am. Stat. Assoc. 48.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from poise.errors import InvalidValueError
from poise.optimizers._options import about
from poise.optimizers.base import Optimizer, State
from poise.types import FloatArray


class RandomSearch(Optimizer):
    """Candidates uniform in a box; the best scored so far is kept."""

    name = "random_search"
    center_is_estimate = False

    @dataclass(frozen=True)
    class Options(Optimizer.Options):
        """Parameters of random search.

        Raises:
            InvalidValueError: if `low` is not less than `high`, or a value is outside its range.
        """

        low: float = field(default=-1.0, metadata=about("least value of a parameter"))
        high: float = field(default=1.0, metadata=about("greatest value of a parameter; more than low"))
        population: int = field(default=10, metadata=about("candidates a generation", low=1))

        def __post_init__(self) -> None:
            super().__post_init__()
            if not self.low < self.high or not np.isfinite(self.high - self.low):
                raise InvalidValueError(f"option low: expected less than high={self.high!r}, got {self.low!r}")

    def _start(self) -> None:
        middle = (self.options.low + self.options.high) / 2
        self._best: FloatArray = np.full(self.dimension, middle)
        self._best_score: float | None = None

    @property
    def population(self) -> int:
        """Number of candidates in every generation."""
        return int(self.options.population)

    @property
    def center(self) -> FloatArray:
        """The best candidate scored so far, the first of equals; the middle of the box before any."""
        return self._best.copy()

    def _sample(self) -> FloatArray:
        return self._rng.uniform(self.options.low, self.options.high, size=(self.population, self.dimension))

    def _update(self, candidates: FloatArray, scores: FloatArray) -> None:
        first = int(np.argmax(scores))
        if self._best_score is None or scores[first] > self._best_score:
            self._best, self._best_score = candidates[first].copy(), float(scores[first])

    def _state(self) -> State:
        return {"best": self._best, "best_score": self._best_score}

    def _restore(self, state: State) -> None:
        self._best, self._best_score = state["best"], state["best_score"]
