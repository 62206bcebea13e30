"""The environments that poise has kernels of, and policies for them from clumsy to good."""

from __future__ import annotations

from poise.kernels import kernels
from poise.testing.kernel_suite import Subject
from poise.types import EnvironmentSpec

FULL_PUSH = 50.0
"""A weight that opens the throttle wholly at the smallest speed."""

GOOD: dict[str, tuple[tuple[float, ...], ...]] = {
    "CartPole-v1": ((0.059, 0.112, 0.959, 0.253), (0.1, 0.3, 0.9, 0.8)),
    # The action that goes with the velocity: left for negative, right for positive.
    "MountainCar-v0": ((0.0, -1.0, 0.0, 0.0, 0.0, 1.0),),
    "MountainCarContinuous-v0": ((0.0, FULL_PUSH), (0.1, 0.3)),
    "Acrobot-v1": ((0.0,) * 5 + (-1.0,) + (0.0,) * 6 + (0.0,) * 5 + (1.0,),),
    "Pendulum-v1": ((0.0, -4.0, -1.0), (1.0, -1.0, 0.5)),
}


def subject(identifier: str, **options: int) -> Subject:
    """A kernel of poise and the environment of its name."""
    return Subject(kernels()[identifier], EnvironmentSpec(identifier), "linear", GOOD[identifier], **options)
