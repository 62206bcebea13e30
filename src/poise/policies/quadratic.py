"""Quadratic policies: linear in the features, their products of two, and a constant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from poise.policies.base import ParametricFunction, affine
from poise.types import FloatArray


@dataclass(frozen=True)
class Quadratic(ParametricFunction):
    """A linear function of x₀ … xₙ₋₁, then xᵢxⱼ for i ≤ j in the order of (i, j), then 1.

    The parameters are the weights of the first output over all of these terms, then of the second, and so on.
    """

    @property
    def terms(self) -> int:
        """Number of terms of one output."""
        return self.inputs + self.inputs * (self.inputs + 1) // 2 + 1

    @property
    def parameter_count(self) -> int:
        """One weight for each term of each output."""
        return self.outputs * self.terms

    def __call__(self, parameters: FloatArray, features: FloatArray) -> FloatArray:
        """The outputs; see the base class for shapes."""
        first, second = np.triu_indices(self.inputs)
        ones = np.ones((*features.shape[:-1], 1))
        terms = np.concatenate([features, features[..., first] * features[..., second], ones], axis=-1)
        return affine(parameters.reshape(*parameters.shape[:-1], self.outputs, self.terms), terms)
