"""Tables: an output for each combination of choices, where an observation is made of choices alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from poise.policies.base import ParametricFunction
from poise.policies.spaces import ObservationEncoding
from poise.types import FloatArray, IntArray


@dataclass(frozen=True)
class Lookup(ParametricFunction):
    """Outputs that stand in the row of a table that the features point at; nothing is added up.

    The parameters are the first output of every row, then the second, and so on.

    Attributes:
        strides: what each feature that is 1 adds to the number of the row. The last choice counts fastest: with 3 and
            2 choices the rows of (0, 0), (0, 1) and (1, 0) are 0, 1 and 2.
        rows: how many there are.
    """

    strides: tuple[int, ...]
    rows: int

    @classmethod
    def over(cls, observation: ObservationEncoding, outputs: int) -> Self:
        """A table with a row for each combination of choices.

        Args:
            observation: of choices alone.
            outputs: how many stand in a row.
        """
        strides: list[int] = []
        rows = 1
        for leaf in reversed(observation.leaves):
            for size in reversed(leaf.sizes):
                if leaf.kind == "multi_binary":
                    strides += [rows << bit for bit in range(size)]
                    rows <<= size
                else:
                    strides += [rows * choice for choice in reversed(range(size))]
                    rows *= size
        return cls(observation.size, outputs, tuple(reversed(strides)), rows)

    @property
    def parameter_count(self) -> int:
        """One number for each output of each row."""
        return self.outputs * self.rows

    @cached_property
    def _steps(self) -> FloatArray:
        return np.array(self.strides, dtype=np.float64)

    def row(self, features: FloatArray) -> IntArray:
        """The row that features stand for, from 0, shape (...) for features of shape (..., inputs)."""
        return np.asarray((features * self._steps).sum(axis=-1), dtype=np.int64)

    def __call__(self, parameters: FloatArray, features: FloatArray) -> FloatArray:
        """The outputs; see the base class for shapes."""
        table = parameters.reshape(*parameters.shape[:-1], self.outputs, self.rows)
        row = self.row(features)
        leading = np.broadcast_shapes(table.shape[:-2], row.shape)
        table = np.broadcast_to(table, (*leading, self.outputs, self.rows))
        place = np.broadcast_to(row, leading)[..., np.newaxis, np.newaxis]
        return np.take_along_axis(table, place, axis=-1)[..., 0]


def combinations(observation: ObservationEncoding) -> int:
    """How many combinations of choices an observation of choices alone may be."""
    return math.prod(
        2**leaf.size if leaf.kind == "multi_binary" else math.prod(leaf.sizes) for leaf in observation.leaves
    )
