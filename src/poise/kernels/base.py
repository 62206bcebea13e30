"""The contract of a kernel: an environment as three pure functions of numbers, which can be compiled.

``reset(draws, settings) -> state``, ``step(state, action, settings) -> (state, reward, terminated)`` and
``observe(state) -> observation``. A state, an observation and a continuous action are tuples of float64; a discrete
action is the number of the choice, as a float64. `draws` are numbers from [0, 1), the ones that the environment's
generator ``np_random.random()`` would give after ``reset(seed=seed)``; after the reset there is no chance. `settings`
are the values of the environment's keyword arguments, in the order of `Kernel.settings`.

The functions are plain Python: they run as they stand, for a check or for `as_environment`, and the drivers compile
them. They must use floats, tuples, ``if`` expressions and the functions of `poise.kernels.elementary`, and neither
lists, dictionaries nor exceptions. A step without branches and loops runs side by side with those of other episodes in
one vector instruction; ``if`` expressions of plain values (``a if x > 0 else b``) are no branches in this sense.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from poise.errors import InvalidValueError, PoiseError

Numbers: TypeAlias = tuple[float, ...]


class KernelUnavailableError(PoiseError):
    """A kernel cannot be compiled or loaded on this machine; Gymnasium can play instead."""


@dataclass(frozen=True)
class Discrete:
    """Actions that are one of `count` choices, 0 to count - 1."""

    count: int


@dataclass(frozen=True)
class Box:
    """Numbers between bounds; an infinite bound is none.

    Attributes:
        low, high: bounds of each number.
    """

    low: Numbers
    high: Numbers

    def __post_init__(self) -> None:
        if len(self.low) != len(self.high) or not self.low:
            raise InvalidValueError(f"expected as many lower as upper bounds, got {self.low} and {self.high}")
        if not all(low < high for low, high in zip(self.low, self.high, strict=True)):
            raise InvalidValueError(f"expected lower bounds below the upper ones, got {self.low} and {self.high}")

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return len(self.low)


@dataclass(frozen=True)
class Kernel:
    """An environment that can be compiled. See the module for the three functions.

    Attributes:
        name: short name for messages and files: letters, digits and underscores.
        reset, step, observe: the functions.
        state_size: length of a state.
        draw_count: how many random numbers a reset takes.
        observation: bounds of each number of an observation. Gymnasium's observation is float32; the rounding is the
            driver's affair, not that of `observe`.
        action: what the actions are.
        time_limit: steps after which an episode is cut; ``None`` if only `identifiers` know.
        identifiers: Gymnasium's names of the environments it is equal to, for instance ``("CartPole-v1",)``.
        settings: keyword arguments of the environment that the kernel knows, with their defaults.
        constants: attributes of the environment and the values for which the kernel was written.
        largest_angle: bound of the absolute value of every argument of ``sin`` and ``cos``, radians; a polynomial can
            then take the place of the C library's functions where speed is asked for. ``None``: unknown.
        covers: why a keyword argument's value is not covered, or ``None`` if all are; gets the settings by name.
    """

    name: str
    reset: Callable[[Any, Any], Any]
    step: Callable[[Any, Any, Any], Any]
    observe: Callable[[Any], Any]
    state_size: int
    draw_count: int
    observation: Box
    action: Discrete | Box
    time_limit: int | None = None
    identifiers: tuple[str, ...] = ()
    settings: Mapping[str, float] = field(default_factory=dict)
    constants: Mapping[str, float] = field(default_factory=dict)
    largest_angle: float | None = None
    covers: Callable[[Mapping[str, float]], str | None] | None = None

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise InvalidValueError(f"expected a kernel's name of letters, digits and underscores, got {self.name!r}")
        if self.state_size < 1 or self.draw_count < 0:
            raise InvalidValueError(f"{self.name}: expected a state of at least one number and no negative draw_count")
        if isinstance(self.action, Discrete) and self.action.count < 2:
            raise InvalidValueError(f"{self.name}: expected at least two actions, got {self.action.count}")
        if self.time_limit is not None and self.time_limit < 1:
            raise InvalidValueError(f"{self.name}: expected a time limit of at least one step, got {self.time_limit}")

    def with_settings(self, arguments: Mapping[str, Any]) -> Numbers:
        """The settings for keyword arguments of the environment, in order.

        Raises:
            InvalidValueError: for an argument or a value that the kernel does not cover.
        """
        values = dict(self.settings)
        for key, value in arguments.items():
            if key not in values:
                raise InvalidValueError(f"the compiled {self.name} does not cover the argument {key!r}")
            if not isinstance(value, bool | int | float) or not math.isfinite(value):
                raise InvalidValueError(f"the compiled {self.name} does not cover {key}={value!r}")
            values[key] = float(value)
        reason = self.covers(values) if self.covers is not None else None
        if reason is not None:
            raise InvalidValueError(f"the compiled {self.name} does not cover {reason}")
        return tuple(values.values())


def between(low: float, high: float, draw: float) -> float:
    """The number that NumPy's ``Generator.uniform(low, high)`` makes of a draw from [0, 1)."""
    return low + (high - low) * draw
