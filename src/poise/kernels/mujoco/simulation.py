"""An environment's own simulation, played on by compiled code. Neither numba nor Gymnasium is imported here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from poise.kernels._cache import Announce
from poise.kernels._fingerprint import fingerprint
from poise.kernels._program import loaded
from poise.kernels.base import KernelUnavailableError
from poise.kernels.mujoco import _library
from poise.kernels.mujoco.base import Mechanism
from poise.policies.architecture import Architecture
from poise.policies.linear import Linear
from poise.policies.mlp import Mlp
from poise.policies.quadratic import Quadratic
from poise.types import FloatArray, IntArray

PAUSE_STEPS = 1_000
"""Steps after which Python has a word: for Ctrl-C, for an alarm."""

CUT, TERMINATED = 1, 2
"""How an episode ends for the driver, beside what is left to Gymnasium."""


class Ended(NamedTuple):
    """How an episode ended: its return, its steps, whether in a terminal state, whether at a limit."""

    total: float
    length: int
    terminated: bool
    truncated: bool


@dataclass(frozen=True)
class PolicyArrays:
    """An architecture as the driver takes it.

    Attributes:
        shape: sizes and switches, as `poise.kernels.mujoco._policy` names them.
        normal: means, then scales.
        box: centres, half-widths, lowest and highest outputs of the action's numbers.
        values: room for the inputs and the outputs of all layers.
    """

    shape: IntArray
    normal: FloatArray
    box: FloatArray
    values: FloatArray

    @classmethod
    def of(cls, architecture: Architecture, mechanism: Mechanism) -> PolicyArrays | None:
        """The arrays; ``None`` for policies that are left to Python."""
        observation, action = architecture.observation, architecture.action
        if not observation.is_plain_box or observation.size != mechanism.features:
            return None
        if (action.kind, action.shape, action.dtype) != ("box", (mechanism.actions,), "float32"):
            return None
        widths = _widths(architecture)
        if widths is None:
            return None
        function, normalizer = architecture.function, architecture.normalizer
        bias = isinstance(function, Mlp) or (isinstance(function, Linear) and function.bias)
        switches = isinstance(function, Quadratic), bias, normalizer is not None
        mean, scale = (
            (normalizer.mean, normalizer.scale)
            if normalizer is not None
            else (np.zeros(observation.size), np.ones(observation.size))
        )
        return cls(
            np.array([observation.size, *switches, len(widths) - 1, *widths], dtype=np.int64),
            np.concatenate([mean, scale]),
            np.concatenate(action.box_map).astype(np.float64),
            np.empty(sum(widths)),
        )


def _widths(architecture: Architecture) -> tuple[int, ...] | None:
    """The numbers that go into the first layer of a policy, and that come out of each."""
    function = architecture.function
    if isinstance(function, Mlp):
        return (function.inputs, *function.hidden, function.outputs)
    if isinstance(function, Quadratic):
        return function.terms, function.outputs
    return (function.inputs, function.outputs) if isinstance(function, Linear) else None


class Simulation:
    """Plays the steps of an environment that has just been reset.

    It keeps the environment, and with it the memory that the compiled code works in.

    Args:
        mechanism: what the environment is equal to.
        environment: the environment without its wrappers.
        limit: steps of an episode at most.
        progress: a number that goes up by one with each step, shape (1,).
        compile_now: whether to compile what is not on disk.
        announce: is told if something has to be compiled.

    Raises:
        KernelUnavailableError: it cannot be compiled or loaded here, or the environment's memory cannot be reached.
    """

    def __init__(
        self,
        mechanism: Mechanism,
        environment: Any,
        limit: int,
        progress: IntArray,
        *,
        compile_now: bool,
        announce: Announce,
    ) -> None:
        self.mechanism = mechanism
        self._limit, self._progress, self._environment = limit, progress, environment
        try:
            self._views = mechanism.views(environment)
            model, data = environment.model._address, environment.data._address
            control = environment.data.ctrl
            skip, dt = int(environment.frame_skip), float(environment.dt)
        except (AttributeError, KeyError, IndexError) as error:
            raise KernelUnavailableError(f"{mechanism.identifier} is not what was expected: {error}") from error
        self._control = _checked(control)
        places = [number for view in self._views for number in (_checked(view).ctypes.data, view.size)]
        addresses = [*_library.functions(), model, data, skip, control.ctypes.data, *places]
        self._addresses = np.array(addresses, dtype=np.int64)
        self._numbers, self._counts = np.array([0.0, dt]), np.zeros(6, dtype=np.int64)
        self._seen, self._action = np.empty(mechanism.features), np.empty(mechanism.actions, dtype=np.float32)
        self._nothing = np.empty(1)
        self._policy: tuple[Architecture, PolicyArrays | None] | None = None
        self._run = _program(mechanism, len(self._views), compile_now, announce)

    def play(
        self,
        architecture: Architecture,
        parameters: FloatArray,
        horizon: int | None = None,
        sums: FloatArray | None = None,
        trace: FloatArray | None = None,
    ) -> Ended | None:
        """Plays on from the state that the environment is in.

        Args:
            architecture: the policy.
            parameters: shape (parameter_count,).
            horizon: steps after which it is cut off; ``None`` for the environment's own limit.
            sums: the features are added up here, then their squares, shape (2 * features,).
            trace: what was seen, done and earned at each of the first steps, shape (steps, features + actions + 1).

        Returns:
            How the episode ended; ``None`` for one that is left to Gymnasium, to be played from its reset: the policy
            is none of poise's, or something was not finite.
        """
        policy = self._arrays(architecture)
        if policy is None:
            return None
        limit = self._limit if horizon is None else min(self._limit, horizon)
        parameters = np.ascontiguousarray(parameters, dtype=np.float64)
        own_sums = np.zeros(2 * self.mechanism.features)
        self._numbers[0] = 0.0
        self._counts[:] = 0, limit, 0, 0, sums is not None, 0 if trace is None else len(trace)
        arrays = (
            *(self._addresses, self._counts, self._numbers, policy.shape, parameters, policy.normal, policy.box),
            *(policy.values, self._seen, self._action, own_sums, self._nothing if trace is None else trace),
            self._progress,
        )
        places = [array.ctypes.data for array in arrays]
        over = 0
        while over == 0:
            self._counts[2] += PAUSE_STEPS
            self._run(*places)
            over = int(self._counts[3])
        total, length = float(self._numbers[0]), int(self._counts[0])
        if over not in (CUT, TERMINATED) or not np.isfinite(total):
            return None
        if sums is not None:
            sums += own_sums
        return Ended(total, length, over == TERMINATED, length >= limit)

    def _arrays(self, architecture: Architecture) -> PolicyArrays | None:
        if self._policy is None or self._policy[0] is not architecture:
            self._policy = architecture, PolicyArrays.of(architecture, self.mechanism)
        return self._policy[1]


def _checked(view: FloatArray) -> FloatArray:
    """An array that really lies in MuJoCo's memory, number beside number.

    Raises:
        KernelUnavailableError: it does not.
    """
    if view.dtype != np.float64 or view.ndim != 1 or not view.flags.c_contiguous or view.flags.owndata:
        raise KernelUnavailableError(f"expected one row of float64 numbers in MuJoCo's memory, got {view.flags}")
    return view


def _program(mechanism: Mechanism, views: int, compile_now: bool, announce: Announce) -> Any:
    functions = [fingerprint(function) for function in (mechanism.observe, mechanism.mark, mechanism.outcome)]
    sizes = mechanism.features, mechanism.actions, mechanism.contact_forces, views
    label = f"the steps of {mechanism.identifier}"

    def compiled() -> bytes:
        if not compile_now:
            raise KernelUnavailableError(f"{label} are not compiled yet")
        from poise.kernels.mujoco._compiler import compile_mechanism

        return compile_mechanism(mechanism, views)

    parts = "mujoco", mechanism.name, repr(sizes), *functions
    return loaded(label, parts, compiled, announce if compile_now else _silent, "simulate")


def _silent(line: str) -> None:
    return
