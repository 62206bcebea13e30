"""The course that a search takes: the running mean of its centres, which is often better than each of them.

Chance leads every centre astray, and the next one elsewhere; in their mean that cancels.

Source: Polyak and Juditsky (1992), "Acceleration of stochastic approximation by averaging", SIAM Journal on Control and
Optimization 30(4); here the last centres count for most, since a search has come from far away.
"""

from __future__ import annotations

from dataclasses import dataclass

from poise.types import FloatArray


@dataclass(frozen=True)
class Course:
    """Centres of one search for one kind of policy, one a generation.

    Attributes:
        mean: their running mean, shape (dimension,).
        count: how many there were.
    """

    mean: FloatArray
    count: int = 1

    def with_next(self, center: FloatArray, window: int) -> Course:
        """The course with one centre more, which counts for its share of all until these are as many as `window`."""
        count = self.count + 1
        return Course(self.mean + (center - self.mean) / min(count, window), count)
