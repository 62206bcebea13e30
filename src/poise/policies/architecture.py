"""A whole policy but for its parameters: observation to features, features to outputs, outputs to an action."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from poise.errors import InvalidValueError, UnknownNameError
from poise.policies.base import ParametricFunction
from poise.policies.linear import Linear
from poise.policies.lookup import Lookup, combinations
from poise.policies.mlp import Mlp
from poise.policies.quadratic import Quadratic
from poise.policies.spaces import ActFunction, ActionDecoding, ObservationEncoding
from poise.types import FloatArray, ObservationSums

POLICY_NAMES = ("linear", "linear+bias", "quadratic", "table", "mlp:8", "mlp:16,16")
"""Names as a user writes them; after ``mlp:`` any widths may stand."""

MAX_ROWS = 20_000
"""Most rows of a table."""

MIN_SPREAD = 1e-6
"""A feature that varies less than this, relative to its size, is a constant."""

NORMAL_HALF, NORMAL_NINE_TENTHS = 1.349, 3.290
"""Width of the middle half and of the middle nine tenths of a normal distribution, in standard deviations."""

DEGENERATE = 0.2
"""A middle half narrower than this share of what nine tenths would give says nothing of the scale."""

_MLP = re.compile(r"mlp:(\d{1,4}(?:,\d{1,4}){0,3})")


@dataclass(frozen=True, eq=False)
class Normalizer:
    """Shifts and scales features before the policy sees them: ``(features - mean) / scale``.

    Attributes:
        mean: shape (features,).
        scale: shape (features,), all greater than 0.
    """

    mean: FloatArray
    scale: FloatArray

    def __post_init__(self) -> None:
        if self.mean.shape != self.scale.shape or self.mean.ndim != 1:
            raise InvalidValueError(f"expected mean and scale of one shape, got {self.mean.shape}, {self.scale.shape}")
        if not (np.isfinite(self.mean).all() and np.isfinite(self.scale).all() and (self.scale > 0).all()):
            raise InvalidValueError("expected finite means and finite scales greater than 0")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Normalizer):
            return NotImplemented
        return np.array_equal(self.mean, other.mean) and np.array_equal(self.scale, other.scale)

    def __hash__(self) -> int:
        return hash((*self.mean.tolist(), *self.scale.tolist()))

    def __call__(self, features: FloatArray) -> FloatArray:
        """The normalised features, same shape."""
        return (features - self.mean) / self.scale


@dataclass(frozen=True)
class Architecture:
    """A policy apart from its parameters.

    Attributes:
        name: its kind, for instance ``"linear"`` or ``"mlp:16,16"``.
        observation: how observations become features.
        action: how outputs become actions.
        normalizer: what is done to the features first, if anything.
    """

    name: str
    observation: ObservationEncoding
    action: ActionDecoding
    normalizer: Normalizer | None = None

    def __post_init__(self) -> None:
        check_policy_name(self.name)
        if self.name == "table":
            _check_table(self.observation)
        if self.normalizer is not None and self.normalizer.mean.size != self.observation.size:
            raise InvalidValueError(
                f"expected a normaliser for {self.observation.size} features, got one for {self.normalizer.mean.size}"
            )

    @cached_property
    def function(self) -> ParametricFunction:
        """What maps features to outputs."""
        inputs, outputs = self.observation.size, self.action.outputs
        if self.name.startswith("mlp:"):
            return Mlp(inputs, outputs, tuple(int(width) for width in self.name[4:].split(",")))
        if self.name == "quadratic":
            return Quadratic(inputs, outputs)
        if self.name == "table":
            return Lookup.over(self.observation, outputs)
        return Linear(inputs, outputs, bias=self.name == "linear+bias")

    @property
    def parameter_count(self) -> int:
        """Length of the parameter vector."""
        return self.function.parameter_count

    def with_normalizer(self, normalizer: Normalizer | None) -> Architecture:
        """The same architecture with other normalisation."""
        return replace(self, normalizer=normalizer)

    def normalized_by(self, sums: ObservationSums) -> Architecture:
        """The same architecture, its normaliser fitted to observations.

        Features are divided by their standard deviation after their mean is taken away, if the policy has a constant
        with which it could undo that shift; by their root mean square if it has not. Features that are choices
        (one-hot) or never changed stay as they are.
        """
        mean = sums.total / sums.count
        mean_square = sums.squares / sums.count
        shift = mean if self.name != "linear" else np.zeros_like(mean)
        spread = np.sqrt(np.maximum(mean_square - shift * shift, 0.0))
        usable = self.observation.numbers & (spread > MIN_SPREAD * np.sqrt(mean_square + MIN_SPREAD))
        return self.with_normalizer(Normalizer(np.where(usable, shift, 0.0), np.where(usable, spread, 1.0)))

    def scaled_by(self, scale: Normalizer) -> Architecture:
        """The same architecture with this normaliser, but for its shift if the policy has no constant to undo it."""
        return self.with_normalizer(scale if self.name != "linear" else Normalizer(0.0 * scale.mean, scale.scale))

    def unscaled(self, parameters: FloatArray) -> tuple[Architecture, FloatArray]:
        """A policy without a normaliser that does the same, but for rounding; itself where there is none.

        The weights of a linear policy take the scale in, its biases the shift, so that they can be read as they are:
        ``w (x - mean) / scale + b = (w / scale) x + (b - w mean / scale)``.

        Args:
            parameters: shape (parameter_count,).
        """
        function = self.function
        if self.normalizer is None or not isinstance(function, Linear):
            return self, parameters
        split = function.outputs * function.inputs
        weights = parameters[:split].reshape(function.outputs, function.inputs) / self.normalizer.scale
        biases = parameters[split:]
        if function.bias:
            biases = biases - (weights * self.normalizer.mean).sum(axis=1)
        return self.with_normalizer(None), np.concatenate([weights.reshape(-1), biases])

    def check_parameters(self, parameters: Any, dimensions: int = 1) -> FloatArray:
        """`parameters` as a float64 array whose last axis has `parameter_count` entries.

        Raises:
            InvalidValueError: if the shape is another, or a number is not finite.
        """
        try:
            array = np.asarray(parameters, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise InvalidValueError(f"expected parameters that are numbers: {error}") from error
        if array.ndim != dimensions or array.shape[-1] != self.parameter_count:
            axes = "" if dimensions == 1 else "candidates, "
            raise InvalidValueError(
                f"expected parameters of shape ({axes}{self.parameter_count}) for a {self.name} policy with "
                f"{self.observation.size} features and {self.action.outputs} outputs, got shape {array.shape}"
            )
        if not np.isfinite(array).all():
            raise InvalidValueError("expected finite parameters, got NaN or infinity among them")
        return array

    def outputs(self, parameters: FloatArray, features: FloatArray) -> FloatArray:
        """Outputs before they become an action; leading axes broadcast."""
        return self.function(parameters, features if self.normalizer is None else self.normalizer(features))

    def act(self, parameters: FloatArray, observation: Any) -> Any:
        """The action of one policy for one observation."""
        return self.action.decode(self.outputs(parameters, self.observation.encode(observation)))

    def act_batch(self, parameters: FloatArray, observations: Sequence[Any]) -> list[list[Any]]:
        """The actions of every candidate for every observation, ``[candidate][observation]``.

        Args:
            parameters: shape (candidates, parameter_count).
            observations: observations of the environment.
        """
        features = np.stack([self.observation.encode(observation) for observation in observations])
        outputs = self.outputs(parameters[:, np.newaxis, :], features[np.newaxis, :, :])
        return [[self.action.decode(vector) for vector in row] for row in outputs]

    def bind(self, parameters: FloatArray) -> ActFunction:
        """`act` with its parameters fixed, quicker where plain Python numbers are quicker than NumPy."""
        few = isinstance(self.function, Linear) and self.action.kind == "discrete" and self.action.sizes == (2,)
        if few and self.observation.is_plain_box and self.normalizer is None and self.observation.size <= 16:
            return self._bind_sign(parameters)
        return lambda observation: self.act(parameters, observation)

    def _bind_sign(self, parameters: FloatArray) -> ActFunction:
        size, start = self.observation.size, self.action.starts[0]
        weights, biases = parameters[:size].tolist(), parameters[size:].tolist()

        def act(observation: Any) -> int:
            if type(observation) is not np.ndarray or observation.ndim != 1:
                observation = self.observation.encode(observation)
            values = observation.tolist()
            if len(values) != size:
                self.observation.encode(observation)  # raises, and says what was expected
            total = 0.0
            for weight, value in zip(weights, values, strict=True):
                total += weight * value
            for bias in biases:
                total += bias
            if not math.isfinite(total):  # by weights so large that they overflow, or by the observation
                self.observation.encode(observation)  # which raises
            return start + 1 if total > 0 else start

        return act


def typical_scale(observation: ObservationEncoding, features: FloatArray) -> Normalizer:
    """A normaliser fitted to typical observations, robustly.

    Features are shifted by their median and divided by their interquartile range, as a multiple of a normal
    distribution's: a body that tumbles now and then does not set the scale for one that flies. Where the middle half of
    the values is almost one value, the middle nine tenths take its place. Features that are choices (one-hot), or took
    two values at most, stay as they are.

    Args:
        observation: how observations become features.
        features: shape (observations, features), at least one observation.
    """
    lowest, low, median, high, highest = np.quantile(features, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0)
    spread, wide = (high - low) / NORMAL_HALF, (highest - lowest) / NORMAL_NINE_TENTHS
    spread = np.where(spread < DEGENERATE * wide, wide, spread)
    flag = np.array([len(np.unique(column)) <= 2 for column in features.T])
    usable = observation.numbers & ~flag & (spread > MIN_SPREAD * (1 + np.abs(median)))
    return Normalizer(np.where(usable, median, 0.0), np.where(usable, spread, 1.0))


def _check_table(observation: ObservationEncoding) -> None:
    if observation.numbers.any():
        raise InvalidValueError(
            "expected observations that are choices alone for a table, got numbers; take another kind"
        )
    rows = combinations(observation)
    if rows > MAX_ROWS:
        raise InvalidValueError(
            f"expected at most {MAX_ROWS:,} combinations of choices for a table, got {rows:,}; take another kind"
        )


def check_policy_name(name: str) -> None:
    """Raises `UnknownNameError` unless `name` is a kind of policy."""
    match = _MLP.fullmatch(name)
    if name not in POLICY_NAMES and (match is None or any(int(w) == 0 for w in match[1].split(","))):
        raise UnknownNameError("policy", name, POLICY_NAMES, "After mlp: one to four widths may stand (mlp:32,32).")
