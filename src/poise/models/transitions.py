"""What was lived through: every step of every real episode, in its order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from poise.errors import InvalidValueError
from poise.types import BoolArray, FloatArray


@dataclass(frozen=True)
class Transitions:
    """Steps, a row each.

    Attributes:
        before: observations that were acted upon, shape (steps, features).
        controls: what was done, shape (steps, controls).
        after: observations that followed, shape (steps, features).
        rewards: shape (steps,).
        terminated: whether the step led to a terminal state, shape (steps,).
    """

    before: FloatArray
    controls: FloatArray
    after: FloatArray
    rewards: FloatArray
    terminated: BoolArray

    def __post_init__(self) -> None:
        lengths = {len(a) for a in (self.before, self.controls, self.after, self.rewards, self.terminated)}
        if len(lengths) != 1 or self.before.shape != self.after.shape:
            raise InvalidValueError(f"expected arrays of one length, got lengths {sorted(lengths)}")

    def __len__(self) -> int:
        return len(self.rewards)

    @classmethod
    def none(cls, features: int, controls: int) -> Transitions:
        """No step yet."""
        nothing = np.empty((0, features))
        return cls(nothing, np.empty((0, controls)), nothing, np.empty(0), np.empty(0, dtype=np.bool_))

    def plus(self, rows: Sequence[Row]) -> Transitions:
        """These steps and then others."""
        if not rows:
            return self
        before, controls, after, rewards, terminated = zip(*rows, strict=True)
        return Transitions(
            np.concatenate([self.before, np.stack(before)]),
            np.concatenate([self.controls, np.stack(controls)]),
            np.concatenate([self.after, np.stack(after)]),
            np.concatenate([self.rewards, np.array(rewards, dtype=np.float64)]),
            np.concatenate([self.terminated, np.array(terminated, dtype=np.bool_)]),
        )


Row = tuple[FloatArray, FloatArray, FloatArray, float, bool]
"""One step: observation, control, next observation, reward, whether it terminated."""


def is_survival(rewards: FloatArray, terminated: BoolArray) -> bool:
    """Whether lasting is all there is to gain: every step so far earned the same, and that was positive.

    The step into a terminal state may have earned something else. Before the first step nothing speaks against it.

    Args:
        rewards: shape (steps,).
        terminated: shape (steps,).
    """
    alive = rewards[~terminated]
    return bool((alive > 0).all() and (alive == alive[:1]).all())
