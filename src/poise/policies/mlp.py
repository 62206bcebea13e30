"""Small networks: layers of tanh units and a linear output, each with biases."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from poise.policies.base import ParametricFunction, affine
from poise.types import FloatArray

_tanh = np.frompyfunc(math.tanh, 1, 1)
"""The C library's tanh, number by number: NumPy's own vectorised one differs from it in the last bit."""


@dataclass(frozen=True)
class Mlp(ParametricFunction):
    """A network with tanh in its hidden layers.

    The parameters are, layer by layer from the input: the weights of the first unit, of the second, and so on; then
    the layer's biases.

    Attributes:
        hidden: units of each hidden layer.
    """

    hidden: tuple[int, ...] = (8,)

    @cached_property
    def layers(self) -> tuple[tuple[int, int], ...]:
        """(inputs, outputs) of each layer."""
        widths = (self.inputs, *self.hidden, self.outputs)
        return tuple(itertools.pairwise(widths))

    @property
    def parameter_count(self) -> int:
        """Weights and biases of all layers."""
        return sum(outputs * (inputs + 1) for inputs, outputs in self.layers)

    def _unpacked(self, parameters: FloatArray) -> list[tuple[FloatArray, FloatArray]]:
        """Weights, shape (..., outputs, inputs), and biases, shape (..., outputs), of each layer."""
        layers, offset = [], 0
        for inputs, outputs in self.layers:
            split, end = offset + inputs * outputs, offset + (inputs + 1) * outputs
            weights = parameters[..., offset:split].reshape(*parameters.shape[:-1], outputs, inputs)
            layers.append((weights, parameters[..., split:end]))
            offset = end
        return layers

    def __call__(self, parameters: FloatArray, features: FloatArray) -> FloatArray:
        """The outputs; see the base class for shapes."""
        values = features
        *hidden, (weights, biases) = self._unpacked(parameters)
        for inner, inner_biases in hidden:
            values = np.asarray(_tanh(affine(inner, values, inner_biases)), dtype=np.float64)
        return affine(weights, values, biases)

    def jacobian(self, parameters: FloatArray, features: FloatArray) -> FloatArray:
        """How the outputs change with the parameters; see the base class. By the chain rule from the output on."""
        layers, values = self._unpacked(parameters), [features]
        for weights, biases in layers[:-1]:
            values.append(np.tanh(values[-1] @ weights.T + biases))
        slopes = np.broadcast_to(np.eye(self.outputs), (len(features), self.outputs, self.outputs))
        parts: list[FloatArray] = []
        for (weights, _), before in zip(reversed(layers), reversed(values), strict=True):
            of_weights = slopes[..., np.newaxis] * before[:, np.newaxis, np.newaxis, :]
            parts = [of_weights.reshape(len(features), self.outputs, weights.size), slopes, *parts]
            slopes = slopes @ weights * (1.0 - before * before)[:, np.newaxis, :]
        return np.concatenate(parts, axis=-1)

    def gradients(self, parameters: FloatArray, features: FloatArray) -> FloatArray:
        """How the outputs change with the features: the Jacobian, by the chain rule from the input on.

        Args:
            parameters: shape (parameter_count,).
            features: shape (n, inputs).

        Returns:
            float64, shape (n, outputs, inputs).
        """
        slopes = np.broadcast_to(np.eye(self.inputs), (len(features), self.inputs, self.inputs))
        values = features
        *hidden, (weights, _) = self._unpacked(parameters)
        for inner, biases in hidden:
            values = np.tanh(values @ inner.T + biases)
            slopes = (1.0 - values * values)[:, :, np.newaxis] * (inner @ slopes)
        return np.asarray(weights @ slopes)
