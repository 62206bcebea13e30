"""Linear policies: each output is a weighted sum of the features; with CartPole, the four numbers of the tutorial."""

from __future__ import annotations

from dataclasses import dataclass

from poise.policies.base import ParametricFunction, affine
from poise.types import FloatArray


@dataclass(frozen=True)
class Linear(ParametricFunction):
    """Weights times features, and a bias if asked for.

    The parameters are the weights of the first output, then of the second, and so on; then the biases.

    Attributes:
        bias: whether each output has a constant added.
    """

    bias: bool = False

    @property
    def parameter_count(self) -> int:
        """One weight for each feature of each output, and the biases."""
        return self.outputs * (self.inputs + self.bias)

    def __call__(self, parameters: FloatArray, features: FloatArray) -> FloatArray:
        """The outputs; see the base class for shapes."""
        split = self.outputs * self.inputs
        weights = parameters[..., :split].reshape(*parameters.shape[:-1], self.outputs, self.inputs)
        return affine(weights, features, parameters[..., split:] if self.bias else None)
