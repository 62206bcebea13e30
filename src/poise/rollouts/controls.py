"""What a policy's outputs make an environment do, as numbers of the order of 1 that a model can learn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from poise.errors import UnsupportedSpaceError
from poise.policies.spaces import ActionDecoding
from poise.types import FloatArray

MAX_CONTROLS = 16
"""Most choices, or components of an action, that a model is learnt for."""

EXPLORING_SHARE = 0.2
"""A random control of a regulator, as a share of the range: enough to be felt, too little to do harm in three steps."""


@dataclass(frozen=True)
class Controls:
    """The controls of an action space. All arrays have leading axes that are kept.

    One of two choices is -1 or +1; one of more is a vector with a single 1; numbers are the outputs, clipped as the
    action will be.

    Attributes:
        action: how outputs become an action.

    Raises:
        UnsupportedSpaceError: for actions that are neither one choice nor numbers, or too many.
    """

    action: ActionDecoding

    def __post_init__(self) -> None:
        if self.action.kind not in ("box", "discrete"):
            raise UnsupportedSpaceError(
                f"--frugal learns models of Discrete and Box actions, got {self.action.kind}; "
                "train without --frugal, which takes every basic action space"
            )
        if self.action.outputs > MAX_CONTROLS:
            raise UnsupportedSpaceError(
                f"--frugal learns models of at most {MAX_CONTROLS} choices or components of an action, got "
                f"{self.action.outputs}; train without --frugal"
            )

    @property
    def size(self) -> int:
        """Length of a control."""
        return self.action.outputs

    def __call__(self, outputs: FloatArray) -> FloatArray:
        """What outputs amount to; shape (..., size) in and out."""
        if self.action.kind == "box":
            _, _, lowest, highest = self.action.box_map
            return np.asarray(np.clip(outputs, lowest, highest))
        if self.size == 1:
            return np.where(outputs > 0, 1.0, -1.0)
        return np.asarray(np.eye(self.size)[outputs.argmax(axis=-1)])

    def nudge(self, rng: np.random.Generator) -> FloatArray:
        """Random outputs for first steps near a delicate state, shape (size,): small where there is a choice."""
        if self.action.kind == "discrete" and self.size > 1:
            return rng.standard_normal(self.size)
        scale = EXPLORING_SHARE if self.action.kind == "box" else 1.0
        return scale * rng.choice([-1.0, 1.0], self.size)
