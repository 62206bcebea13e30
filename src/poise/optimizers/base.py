"""The contract of an optimizer: ask for candidates, tell their scores; higher is better.

An algorithm writes `_sample`, `_update`, `_state` and `_restore`; the checks, the order of calls, the counting and
what a checkpoint must hold are here, once.
"""

from __future__ import annotations

import copy
import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from poise.errors import InvalidFileError, InvalidValueError, UnknownNameError
from poise.optimizers._options import BaseOptions
from poise.types import FloatArray, Json

State = dict[str, Any]
"""JSON values and arrays, nested in dictionaries; a checkpoint writes both exactly."""

_BIT_GENERATORS = {
    kind.__name__: kind
    for kind in (np.random.PCG64, np.random.PCG64DXSM, np.random.MT19937, np.random.Philox, np.random.SFC64)
}


class Optimizer(ABC):
    """Maximises a function of `dimension` real numbers that may be noisy.

    Args:
        dimension: length of a candidate, at least 1.
        rng: the one source of its random numbers.
        options: an instance of the class's `Options`; ``None`` takes the defaults.

    Attributes:
        Options: frozen dataclass of the algorithm's parameters, each with a default; the command line's
            ``--optimizer-arg NAME=VALUE`` and the documentation come from it.
        generation: number of generations told so far.

    Raises:
        InvalidValueError: for a dimension below 1 or beyond `most_parameters`, or options of another class.
    """

    @dataclasses.dataclass(frozen=True)
    class Options(BaseOptions):
        """Parameters of the algorithm; an algorithm's own `Options` inherit from these, which check them."""

    def __init__(self, dimension: int, rng: np.random.Generator, options: Any = None) -> None:
        if isinstance(dimension, bool) or not isinstance(dimension, int | np.integer) or dimension < 1:
            raise InvalidValueError(f"expected a dimension of at least 1, got {dimension!r}")
        if self.most_parameters is not None and dimension > self.most_parameters:
            raise InvalidValueError(
                f"expected at most {self.most_parameters:,} parameters for {self.name}, got {dimension:,}; take snes"
            )
        if options is not None and not isinstance(options, self.Options):
            raise InvalidValueError(f"expected {self.Options.__qualname__} or None as options, got {options!r}")
        self.dimension = int(dimension)
        self.options: Any = self.Options() if options is None else options
        self.generation = 0
        self._rng = rng
        self._pending: FloatArray | None = None
        self._start()

    name: ClassVar[str]
    center_is_estimate: ClassVar[bool] = True
    """Whether the centre is an estimate, which chance leads astray; else it is a candidate that was the best so far."""

    is_patient: ClassVar[bool] = False
    """Whether scores rise slowly for long, so that it takes more to say that they no longer do."""

    most_parameters: ClassVar[int | None] = None
    """The greatest dimension that it can search; ``None`` for any."""

    # What an algorithm writes -----------------------------------------------------------------

    @property
    @abstractmethod
    def population(self) -> int:
        """Number of candidates in the next generation."""

    @property
    @abstractmethod
    def center(self) -> FloatArray:
        """The algorithm's present best guess, shape (dimension,): the distribution's mean where there is one."""

    @property
    def stop_reason(self) -> str | None:
        """Why going on is of no use, in words; ``None`` while it is."""
        return None

    @property
    def looks_closer(self) -> bool:
        """Whether it was made to look closer, and did or can."""
        return False

    @property
    def can_look_closer(self) -> bool:
        """Whether `look_closer` would change anything."""
        return False

    def look_closer(self) -> None:
        """Told between generations that scores no longer rise: candidates may keep closer to the centre from now on."""
        return

    def settle(self) -> None:
        """Told between generations that it was chosen among many: candidates may keep closer to the centre at once."""
        return

    def average_more(self) -> None:
        """Told between generations that a score is the mean of more episodes from now on."""
        return

    @property
    def wants_metric(self) -> bool:
        """Whether it searches by what changes of the parameters do, and is to be told of that before the next `ask`."""
        return False

    def take_metric(self, metric: FloatArray, size: float) -> None:
        """Told between generations what a change of the parameters does to the policy at its centre.

        Args:
            metric: its Fisher information, shape (dimension, dimension): the mean of JᵀJ over what it observes, J being
                the derivatives of the outputs with respect to the parameters.
            size: mean of the squared norm of its outputs there.
        """
        return

    @property
    def groups(self) -> int:
        """Among how many episodes of its own the next generation is divided evenly; 0 where others decide that.

        The candidates of a group follow one another and play the same episode.
        """
        return 0

    @property
    def wants_changes(self) -> bool:
        """Whether it is to be told before the next `ask` what a change of the parameters does on each episode."""
        return False

    def take_changes(self, jacobians: Sequence[FloatArray], size: float) -> None:
        """Told between generations what a change of the parameters does to the policy at its centre.

        Args:
            jacobians: for each of its groups the derivatives of the outputs, step by step of its episode, with respect
                to the parameters, shape (outputs of some steps, dimension); without rows for one that failed.
            size: mean of the squared outputs, each by itself.
        """
        return

    @property
    def may_begin_anywhere(self) -> bool:
        """Whether it has not begun, and may be told where."""
        return False

    def begin_at(self, parameters: FloatArray) -> None:
        """Told before the first `ask` where to begin, shape (dimension,)."""
        return

    def _start(self) -> None:
        """Sets up the algorithm's own state from `dimension` and `options`."""
        return

    @abstractmethod
    def _sample(self) -> FloatArray:
        """New candidates, shape (population, dimension)."""

    @abstractmethod
    def _update(self, candidates: FloatArray, scores: FloatArray) -> None:
        """Learns from `scores`, shape (population,), finite; neither argument may be changed."""

    @abstractmethod
    def _state(self) -> State:
        """The algorithm's own state: JSON values and arrays."""

    @abstractmethod
    def _restore(self, state: State) -> None:
        """Takes back what `_state` gave."""

    # What everybody calls ---------------------------------------------------------------------

    def ask(self) -> FloatArray:
        """Candidates to be scored, float64, shape (population, dimension). The caller may keep them, not change them.

        Asking again before telling gives the same candidates.
        """
        if self._pending is None:
            self._pending = np.ascontiguousarray(self._sample(), dtype=np.float64)
            self._pending.setflags(write=False)
        return self._pending

    def tell(self, scores: FloatArray) -> None:
        """Takes the score of each candidate of the last `ask`, shape (population,); higher is better.

        A score that is not finite counts as worse than all others, by the least difference there is: a made-up
        distance would weigh on the algorithms that go by the scores themselves.

        Raises:
            InvalidValueError: without a pending `ask`, for another shape, or for what is not numbers. The pending ask
                stays.
        """
        if self._pending is None:
            raise InvalidValueError("tell() needs an ask() before it")
        try:
            array = np.array(scores, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise InvalidValueError(f"expected scores that are real numbers, got {scores!r}") from error
        if array.shape != (len(self._pending),):
            raise InvalidValueError(f"expected scores of shape ({len(self._pending)},), got {array.shape}")
        bad = ~np.isfinite(array)
        if bad.any():
            with np.errstate(over="ignore"):  # there may be nothing below the lowest
                lower = 0.0 if bad.all() else np.nextafter(array[~bad].min(), -np.inf)
            array[bad] = max(lower, -np.finfo(np.float64).max)
        array.setflags(write=False)
        self._update(self._pending, array)
        self._pending = None
        self.generation += 1

    def state(self) -> State:
        """All that `from_state` needs to go on to the bit: options, generator, and a pending ask if there is one."""
        return {
            "optimizer": self.name,
            "dimension": self.dimension,
            "options": dataclasses.asdict(self.options),
            "generation": self.generation,
            "rng": self._rng.bit_generator.state,
            "pending": None if self._pending is None else self._pending.copy(),
            "own": copy.deepcopy(self._state()),
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """An optimizer that goes on where the one that gave `state` stood.

        Raises:
            InvalidFileError: if the state is another optimizer's or incomplete.
        """
        try:
            if state["optimizer"] != cls.name:
                raise InvalidFileError(f"expected the state of {cls.name}, got that of {state['optimizer']}")
            bit_generator = _BIT_GENERATORS[state["rng"]["bit_generator"]]()
            bit_generator.state = state["rng"]
            options = cls.Options(**state["options"])
            restored = cls(state["dimension"], np.random.Generator(bit_generator), options)
            restored._restore(copy.deepcopy(state["own"]))
            bit_generator.state = state["rng"]
            restored.generation = state["generation"]
            if state["pending"] is not None:
                restored._pending = np.array(state["pending"], dtype=np.float64)
                restored._pending.setflags(write=False)
            restored._check_shapes()
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            if isinstance(error, InvalidFileError):
                raise
            raise InvalidFileError(
                f"the state of {cls.name} is incomplete or damaged, or another version's: {error!r}"
            ) from error
        return restored

    def _check_shapes(self) -> None:
        """Raises InvalidFileError where restored arrays do not fit the dimension."""
        shapes = [self.center.shape] + ([] if self._pending is None else [self._pending.shape[1:]])
        if any(shape != (self.dimension,) for shape in shapes):
            raise InvalidFileError(f"the state of {self.name} holds arrays that do not fit dimension {self.dimension}")

    @classmethod
    def make_options(cls, values: Mapping[str, Json]) -> Any:
        """`Options` from names and values, as a command line gives them.

        Raises:
            UnknownNameError: for a name that is no option.
            InvalidValueError: for a value of the wrong type or range.
        """
        fields = {field.name: field for field in dataclasses.fields(cls.Options)}
        for name in values:
            if name not in fields:
                raise UnknownNameError(f"option of {cls.name}", name, fields)
        try:
            return cls.Options(**values)
        except TypeError as error:
            raise InvalidValueError(f"options of {cls.name}: {error}") from error
