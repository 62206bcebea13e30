"""The contract of a parametric function: features in, outputs out, all parameters in one flat vector.

The arithmetic is the same in every engine, to the bit: float64, and sums in the order of the index. A compiled kernel
and NumPy then agree, where a dot product (whose order is the library's affair) would not.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from poise.types import FloatArray

DIFFERENCE = 1e-4
"""Of a parameter, for derivatives that are measured."""


@dataclass(frozen=True)
class ParametricFunction(ABC):
    """A function from features to outputs with a vector of parameters.

    Attributes:
        inputs: number of features.
        outputs: number of outputs.
    """

    inputs: int
    outputs: int

    @property
    @abstractmethod
    def parameter_count(self) -> int:
        """Length of the parameter vector."""

    @abstractmethod
    def __call__(self, parameters: FloatArray, features: FloatArray) -> FloatArray:
        """The outputs.

        Args:
            parameters: shape (..., parameter_count).
            features: shape (..., inputs); the leading axes broadcast against those of `parameters`.

        Returns:
            float64, shape (..., outputs).
        """

    def jacobian(self, parameters: FloatArray, features: FloatArray) -> FloatArray:
        """How the outputs change with the parameters: by central differences, where a function knows no better.

        Args:
            parameters: shape (parameter_count,).
            features: shape (n, inputs).

        Returns:
            float64, shape (n, outputs, parameter_count).
        """
        columns = []
        for step in DIFFERENCE * np.eye(self.parameter_count):
            further, before = self(parameters + step, features), self(parameters - step, features)
            columns.append((further - before) / (2 * DIFFERENCE))
        return np.stack(columns, axis=-1)


def affine(weights: FloatArray, features: FloatArray, bias: FloatArray | None = None) -> FloatArray:
    """``weights @ features + bias`` with the sum over the features taken in their order, the bias last.

    Args:
        weights: shape (..., outputs, inputs).
        features: shape (..., inputs).
        bias: shape (..., outputs).

    Returns:
        float64, shape (..., outputs).
    """
    total: FloatArray = np.add.accumulate(weights * features[..., np.newaxis, :], axis=-1)[..., -1]
    return total if bias is None else total + bias
