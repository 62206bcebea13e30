"""What is compiled: a kernel, with policies of one shape, for exact episodes or many side by side."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np

from poise.errors import InvalidValueError
from poise.kernels.base import Discrete, Kernel, Numbers
from poise.policies.spaces import UNBOUNDED, ActionDecoding

Family: TypeAlias = Literal["linear", "linear+bias", "quadratic", "mlp"]

LARGEST_WIDTH = 64
"""Inputs or hidden units beyond which a policy is not compiled: its formula is written out, and would take minutes."""


@dataclass(frozen=True)
class PolicyShape:
    """A policy as the drivers see it; the arithmetic is that of `poise.policies`.

    Attributes:
        family: which formula.
        hidden: units of each hidden layer of an ``mlp``.
        normalized: whether means are taken off the features, and scales divided out, first.
    """

    family: Family
    hidden: tuple[int, ...] = ()
    normalized: bool = False


@dataclass(frozen=True)
class Variant:
    """One compiled program.

    Attributes:
        kernel: the environment.
        policy: the shape of all policies.
        lanes: many episodes in step with polynomials for sin, cos and tanh; else exact episodes.
        sum_observations: whether to add up what the policies see.
    """

    kernel: Kernel
    policy: PolicyShape
    lanes: bool = False
    sum_observations: bool = False

    def __post_init__(self) -> None:
        widest = max(self.inputs, *self.policy.hidden) if self.policy.hidden else self.inputs
        if widest > LARGEST_WIDTH or (self.policy.family == "quadratic" and self.inputs > 16):
            raise InvalidValueError(
                f"a {self.policy.family} policy of {self.inputs} features and hidden layers {self.policy.hidden} is "
                f"too wide to be compiled (at most {LARGEST_WIDTH}, 16 features for quadratic)"
            )

    def __str__(self) -> str:
        policy = self.policy.family + (":" + ",".join(map(str, self.policy.hidden)) if self.policy.hidden else "")
        extras = ", normalised" * self.policy.normalized + ", with sums" * self.sum_observations
        return f"{self.kernel.name}, {policy}{extras}, {'lanes' if self.lanes else 'exact'}"

    @property
    def inputs(self) -> int:
        """Numbers of an observation."""
        return len(self.kernel.observation.low)

    @property
    def outputs(self) -> int:
        """Numbers that a policy puts out: one for two choices, else one for each choice or number of an action."""
        action = self.kernel.action
        if isinstance(action, Discrete):
            return 1 if action.count == 2 else action.count
        return action.size

    @cached_property
    def parameter_count(self) -> int:
        """Length of a policy's parameter vector."""
        inputs, outputs = self.inputs, self.outputs
        if self.policy.family == "quadratic":
            return outputs * (inputs + inputs * (inputs + 1) // 2 + 1)
        widths = (inputs, *self.policy.hidden, outputs)
        bias = self.policy.family != "linear"
        return sum(b * (a + bias) for a, b in itertools.pairwise(widths))

    @cached_property
    def action_map(self) -> tuple[Numbers, ...]:
        """Centre, half-width, lowest and highest output of each number of a box action: those of `ActionDecoding`."""
        action = self.kernel.action
        if isinstance(action, Discrete):
            return ()
        low, high = ([_bound(value) for value in bounds] for bounds in (action.low, action.high))
        numbers = ActionDecoding("box", (action.size,), low=tuple(low), high=tuple(high)).box_map
        return tuple(zip(*(column.tolist() for column in numbers), strict=True))

    @property
    def lane_count(self) -> int:
        """Episodes in step. Where each is computed alone, a few overlap in the processor all the same."""
        if not self.lanes:
            return 8
        return 32 if self.parameter_count <= 128 else 16

    @property
    def table(self) -> Table:
        """Where each quantity of an episode stands in the drivers' table."""
        return Table.of(self)


def _bound(value: float) -> float | None:
    """A bound of an action as a policy sees it: in single precision, ``None`` if it is none."""
    rounded = float(np.float32(value))
    return rounded if abs(rounded) < UNBOUNDED else None


@dataclass(frozen=True)
class Table:
    """First row of each quantity in the drivers' table of rows × lanes.

    Attributes:
        state: numbers of the state.
        inputs: what the policy sees; if it has hidden layers.
        sums: sums of the observations' numbers, then of their squares; if they are asked for.
        total: the return so far.
        elapsed: steps so far.
        over: 2 if the step terminated the episode, 1 if only the time limit cut it, else 0.
        candidate, episode: whose episode, and which.
        hidden: values of the hidden units, layer by layer.
        weights: the policy's parameters.
        rows: number of rows.
    """

    state: int
    inputs: int
    sums: int
    total: int
    elapsed: int
    over: int
    candidate: int
    episode: int
    hidden: int
    weights: int
    rows: int

    @classmethod
    def of(cls, variant: Variant) -> Table:
        """The table of a variant."""
        inputs = variant.kernel.state_size
        sums = inputs + (variant.inputs if variant.policy.hidden else 0)
        total = sums + (2 * variant.inputs if variant.sum_observations else 0)
        hidden = total + 5
        weights = hidden + sum(variant.policy.hidden)
        rows = weights + variant.parameter_count
        return cls(0, inputs, sums, total, total + 1, total + 2, total + 3, total + 4, hidden, weights, rows)
