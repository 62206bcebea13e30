"""The one file that knows Gymnasium's spaces: it turns them into plain data that a policy can compute with.

An observation of any supported space becomes a flat float64 vector of *features*; the *outputs* of a policy become an
action. Both descriptions are values that go into the policy's file, so that a policy acts without its environment.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from poise.errors import InvalidValueError, UnsupportedSpaceError
from poise.types import BoolArray, FloatArray, Json

if TYPE_CHECKING:
    import gymnasium

MAX_FEATURES = 10_000
IMAGE = 1_000
"""Numbers from which on a box of uint8 with rows and columns is an image; of fewer it is taken number by number."""

UNBOUNDED = 1e30
"""Bounds beyond this (float32's largest number, say) mean that there is none."""

ActFunction: TypeAlias = Callable[[Any], Any]
"""A policy with its parameters fixed: observation to action."""

LeafKind: TypeAlias = Literal["box", "discrete", "multi_discrete", "multi_binary"]
ActionKind: TypeAlias = Literal["box", "discrete", "multi_discrete", "multi_binary"]


@dataclass(frozen=True)
class Leaf:
    """One basic space within an observation.

    Attributes:
        path: keys that lead to it through Dict and Tuple spaces; empty when it is the whole observation.
        kind: what space it is.
        sizes: features it gives: ``(n,)`` for all but multi_discrete, which has one size a part.
        starts: the smallest value of each part of a discrete or multi_discrete space.
        low, high: bounds of each feature of a box, ``None`` where there is none.
    """

    path: tuple[str | int, ...]
    kind: LeafKind
    sizes: tuple[int, ...]
    starts: tuple[int, ...] = ()
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()

    def __post_init__(self) -> None:
        parts = len(self.sizes) if self.kind in ("discrete", "multi_discrete") else 0
        bounds = self.size if self.kind == "box" else 0
        _check_lengths(self.kind, starts=(self.starts, parts), low=(self.low, bounds), high=(self.high, bounds))

    @property
    def size(self) -> int:
        """Number of features."""
        return sum(self.sizes)

    def encode(self, value: Any) -> FloatArray:
        """Features of one observation of this leaf, shape (size,)."""
        for key in self.path:
            value = value[key]
        array = np.asarray(value).reshape(-1)
        if self.kind in ("box", "multi_binary"):
            return array.astype(np.float64)
        if array.size != len(self.sizes):
            raise InvalidValueError(f"expected {len(self.sizes)} numbers for {self.kind}, got {array.size}")
        one_hot = np.zeros(self.size)
        offset = 0
        for part, size, start in zip(array.tolist(), self.sizes, self.starts, strict=True):
            index = int(part) - start
            if not 0 <= index < size or int(part) != part:
                raise InvalidValueError(f"expected an integer from {start} to {start + size - 1}, got {part}")
            one_hot[offset + index] = 1.0
            offset += size
        return one_hot


@dataclass(frozen=True)
class ObservationEncoding:
    """How an observation becomes features.

    Attributes:
        leaves: the basic spaces, in the order of their features.
    """

    leaves: tuple[Leaf, ...]

    @cached_property
    def size(self) -> int:
        """Number of features."""
        return sum(leaf.size for leaf in self.leaves)

    @cached_property
    def is_plain_box(self) -> bool:
        """The observation is one array of numbers, its features are those numbers."""
        return len(self.leaves) == 1 and self.leaves[0].kind == "box" and not self.leaves[0].path

    @cached_property
    def numbers(self) -> BoolArray:
        """Which features are numbers, and not choices (one-hot), shape (size,)."""
        return np.concatenate([np.full(leaf.size, leaf.kind == "box") for leaf in self.leaves])

    def encode(self, observation: Any) -> FloatArray:
        """Features of one observation, float64, shape (size,).

        Raises:
            InvalidValueError: if the observation has another number of features, or one is NaN or infinite.
        """
        try:
            if self.is_plain_box:
                features = np.asarray(observation, dtype=np.float64).reshape(-1)
            else:
                features = np.concatenate([leaf.encode(observation) for leaf in self.leaves])
        except (TypeError, KeyError, IndexError, ValueError) as error:
            raise InvalidValueError(f"expected an observation of {self.size} features: {error}") from error
        if features.shape != (self.size,):
            raise InvalidValueError(
                f"expected an observation of {self.size} features, got one of {features.size}; "
                "is it from another environment?"
            )
        if not np.isfinite(features).all():
            raise InvalidValueError(f"expected a finite observation, got {features.tolist()}")
        return features

    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """Lowest and highest value of each feature, shape (size,); infinite where there is none."""
        low = [b for leaf in self.leaves for b in (leaf.low if leaf.kind == "box" else (0.0,) * leaf.size)]
        high = [b for leaf in self.leaves for b in (leaf.high if leaf.kind == "box" else (1.0,) * leaf.size)]
        return (
            np.array([-math.inf if b is None else b for b in low]),
            np.array([math.inf if b is None else b for b in high]),
        )

    def to_json(self) -> Json:
        """As plain data for a policy's file."""
        return [
            {
                "path": list(leaf.path),
                "kind": leaf.kind,
                "sizes": list(leaf.sizes),
                "starts": list(leaf.starts),
                "low": list(leaf.low),
                "high": list(leaf.high),
            }
            for leaf in self.leaves
        ]

    @classmethod
    def from_json(cls, data: Json) -> ObservationEncoding:
        """The encoding that `to_json` described."""
        return cls(tuple(Leaf(**_tuples(leaf)) for leaf in data))


@dataclass(frozen=True)
class ActionDecoding:
    """How the outputs of a policy become an action.

    ``discrete``: the largest output, the first of equals; with two actions one output and its sign, as in
    ``1 if output > 0 else 0``. ``multi_discrete``: the same for each part. ``multi_binary``: each output's sign.
    ``box``: an output from -1 to 1 spans the range between finite bounds and is clipped there; where a bound is
    missing the output itself is taken, clipped at the other.

    Attributes:
        kind: what space it is.
        shape: shape of an action; ``()`` for discrete.
        sizes: number of choices of each part (discrete and multi_discrete).
        starts: smallest value of each part.
        low, high: bounds of each component of a box, ``None`` where there is none.
        dtype: type of a box's numbers.
    """

    kind: ActionKind
    shape: tuple[int, ...] = ()
    sizes: tuple[int, ...] = ()
    starts: tuple[int, ...] = ()
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()
    dtype: str = "float32"

    def __post_init__(self) -> None:
        parts = {"discrete": 1, "multi_discrete": math.prod(self.shape)}.get(self.kind, 0)
        bounds = math.prod(self.shape) if self.kind == "box" else 0
        sized, started = (self.sizes, parts), (self.starts, parts)
        _check_lengths(self.kind, sizes=sized, starts=started, low=(self.low, bounds), high=(self.high, bounds))

    @cached_property
    def outputs(self) -> int:
        """Number of outputs a policy needs."""
        if self.kind in ("discrete", "multi_discrete"):
            return sum(1 if n == 2 else n for n in self.sizes)
        return math.prod(self.shape)

    @cached_property
    def box_map(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Centre, half-width, lowest and highest clip of each component: action = centre + half * clip(output)."""
        low = np.array([-math.inf if b is None else b for b in self.low])
        high = np.array([math.inf if b is None else b for b in self.high])
        finite = np.isfinite(low) & np.isfinite(high)
        with np.errstate(invalid="ignore"):
            centre = np.where(finite, low + (high - low) / 2, 0.0)
            half = np.where(finite, (high - low) / 2, 1.0)
        while (beyond := self._beyond(centre - half, centre + half, low, high) & finite).any():
            half = np.where(beyond, np.nextafter(half, 0.0), half)
        largest = float(np.finfo(self.dtype).max)  # what is clipped here alone stays finite in the action's own type
        lowest, highest = np.maximum(low, -largest), np.minimum(high, largest)
        return centre, half, np.where(finite, -1.0, lowest), np.where(finite, 1.0, highest)

    def _beyond(self, least: FloatArray, most: FloatArray, low: FloatArray, high: FloatArray) -> BoolArray:
        """Where rounding carries the ends of an action's range over its bounds."""
        return np.asarray((most.astype(self.dtype) > high) | (least.astype(self.dtype) < low))

    def decode(self, outputs: FloatArray) -> Any:
        """The action for one vector of outputs, shape (outputs,)."""
        if self.kind == "discrete":
            if self.sizes[0] == 2:
                return self.starts[0] + (1 if outputs[0] > 0 else 0)
            return self.starts[0] + int(outputs.argmax())
        if self.kind == "box":
            centre, half, lowest, highest = self.box_map
            # Outputs that overflowed into NaN become the lowest action, as in the compiled kernels.
            clipped = np.fmin(np.fmax(outputs, lowest), highest)
            return (centre + half * clipped).astype(self.dtype).reshape(self.shape)
        if self.kind == "multi_binary":
            return (outputs > 0).astype(np.int8).reshape(self.shape)
        return np.array(list(self._parts(outputs)), dtype=np.int64).reshape(self.shape)

    def _parts(self, outputs: FloatArray) -> Iterator[int]:
        offset = 0
        for size, start in zip(self.sizes, self.starts, strict=True):
            width = 1 if size == 2 else size
            part = outputs[offset : offset + width]
            yield start + (int(part[0] > 0) if size == 2 else int(part.argmax()))
            offset += width

    def to_json(self) -> Json:
        """As plain data for a policy's file."""
        return {
            "kind": self.kind,
            "shape": list(self.shape),
            "sizes": list(self.sizes),
            "starts": list(self.starts),
            "low": list(self.low),
            "high": list(self.high),
            "dtype": self.dtype,
        }

    @classmethod
    def from_json(cls, data: Json) -> ActionDecoding:
        """The decoding that `to_json` described."""
        return cls(**_tuples(data))


def _check_lengths(kind: str, **fields: tuple[tuple[Any, ...], int]) -> None:
    for name, (values, expected) in fields.items():
        if len(values) != expected:
            raise InvalidValueError(f"a {kind} space: expected {expected} entries in {name}, got {len(values)}")


def _tuples(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}


def encode_space(space: gymnasium.Space[Any]) -> ObservationEncoding:
    """The encoding of an observation space.

    Raises:
        UnsupportedSpaceError: for images, text, graphs, sequences, and more than 10,000 features.
    """
    encoding = ObservationEncoding(tuple(_leaves(space, ())))
    if not 1 <= encoding.size <= MAX_FEATURES:
        raise UnsupportedSpaceError(
            f"expected an observation of 1 to {MAX_FEATURES:,} features, got {encoding.size:,} in {space}; "
            "wrap the environment so that it observes less"
        )
    return encoding


def _leaves(space: gymnasium.Space[Any], path: tuple[str | int, ...]) -> Iterator[Leaf]:
    from gymnasium import spaces

    if isinstance(space, spaces.Dict):
        for key, child in space.spaces.items():
            yield from _leaves(child, (*path, key))
    elif isinstance(space, spaces.Tuple):
        for index, child in enumerate(space.spaces):
            yield from _leaves(child, (*path, index))
    elif isinstance(space, spaces.Box):
        if space.dtype == np.uint8 and len(space.shape) >= 2 and math.prod(space.shape) >= IMAGE:
            raise UnsupportedSpaceError(
                f"image observations are not supported, got {space}; poise takes vectors of numbers "
                "(Box, Discrete, MultiDiscrete, MultiBinary, and Dict or Tuple of these)"
            )
        low, high = _bounds(space)
        yield Leaf(path, "box", (math.prod(space.shape),), low=low, high=high)
    elif isinstance(space, spaces.Discrete):
        yield Leaf(path, "discrete", (int(space.n),), starts=(int(space.start),))
    elif isinstance(space, spaces.MultiDiscrete):
        sizes, starts = _multi_discrete(space)
        yield Leaf(path, "multi_discrete", sizes, starts=starts)
    elif isinstance(space, spaces.MultiBinary):
        yield Leaf(path, "multi_binary", (math.prod(space.shape),))
    else:
        raise UnsupportedSpaceError(
            f"observations of {type(space).__name__} are not supported; supported are Box, Discrete, MultiDiscrete, "
            "MultiBinary, and Dict or Tuple of these; leave the others out with gymnasium.wrappers.FilterObservation"
        )


def decode_space(space: gymnasium.Space[Any]) -> ActionDecoding:
    """The decoding of an action space.

    Raises:
        UnsupportedSpaceError: for any but Discrete, Box of floats, MultiDiscrete and MultiBinary.
    """
    from gymnasium import spaces

    if isinstance(space, spaces.Discrete):
        return ActionDecoding("discrete", sizes=(int(space.n),), starts=(int(space.start),))
    if isinstance(space, spaces.Box) and np.issubdtype(space.dtype, np.floating):
        low, high = _bounds(space)
        return ActionDecoding("box", shape=tuple(space.shape), low=low, high=high, dtype=str(space.dtype))
    if isinstance(space, spaces.MultiDiscrete):
        sizes, starts = _multi_discrete(space)
        return ActionDecoding("multi_discrete", shape=tuple(space.shape), sizes=sizes, starts=starts)
    if isinstance(space, spaces.MultiBinary):
        return ActionDecoding("multi_binary", shape=tuple(space.shape))
    raise UnsupportedSpaceError(
        f"actions of {space} are not supported; supported are Discrete, Box of floats, MultiDiscrete and MultiBinary"
    )


def _bounds(space: gymnasium.spaces.Box) -> tuple[tuple[float | None, ...], tuple[float | None, ...]]:
    def finite(values: Any) -> tuple[float | None, ...]:
        return tuple(float(v) if abs(v) < UNBOUNDED else None for v in np.asarray(values, dtype=np.float64).reshape(-1))

    return finite(space.low), finite(space.high)


def _multi_discrete(space: gymnasium.spaces.MultiDiscrete) -> tuple[tuple[int, ...], tuple[int, ...]]:
    def integers(values: Any) -> tuple[int, ...]:
        return tuple(int(v) for v in np.asarray(values).reshape(-1))

    return integers(space.nvec), integers(space.start)


FEATURE_NAMES: Mapping[str, tuple[str, ...]] = {
    "CartPole": ("cart position", "cart velocity", "pole angle", "pole angular velocity"),
    "MountainCar": ("position", "velocity"),
    "MountainCarContinuous": ("position", "velocity"),
    "Acrobot": ("cos θ₁", "sin θ₁", "cos θ₂", "sin θ₂", "θ₁ velocity", "θ₂ velocity"),
    "Pendulum": ("cos θ", "sin θ", "angular velocity"),
}
"""What the numbers of an observation mean, by the environment's name without its version."""


def feature_names(environment_id: str, encoding: ObservationEncoding) -> tuple[str, ...]:
    """A name for each feature: the environment's own where it is known, else its place in the observation."""
    name = environment_id.rpartition("/")[2].rpartition(":")[2].rpartition("-v")[0]
    known = FEATURE_NAMES.get(name)
    if known is not None and len(known) == encoding.size:
        return known
    return tuple(f"{'.'.join(map(str, leaf.path)) or 'x'}[{i}]" for leaf in encoding.leaves for i in range(leaf.size))
