"""A pendulum to be swung up by a torque that is too weak to lift it at once.

The state is the angle from upright (rad, it is not wrapped) and the angular velocity (rad/s). Gymnasium computes what
depends on the torque alone in single precision: `single` stands where it rounds.
"""

from __future__ import annotations

import math

from poise.kernels.base import Box, Kernel, Numbers, between
from poise.kernels.elementary import cos, float32_power2, modulo, power2, sin, single

LARGEST_SPEED = 8.0
LARGEST_TORQUE = 2.0
TIME_STEP = 0.05
MASS = 1.0
LENGTH = 1.0
SINGLE_TORQUE_COST = single(0.001)


def reset(draws: Numbers, settings: Numbers) -> Numbers:
    """Any angle, a small velocity."""
    return between(-math.pi, math.pi, draws[0]), between(-1.0, 1.0, draws[1])


def step(state: Numbers, action: Numbers, settings: Numbers) -> tuple[Numbers, float, bool]:
    """One step of 0.05 s. It never ends by itself."""
    theta, theta_dot = state
    (gravity,) = settings
    torque = action[0]
    off_upright = modulo(theta + math.pi, 2.0 * math.pi) - math.pi
    torque_cost = single(SINGLE_TORQUE_COST * float32_power2(torque))
    cost = power2(off_upright) + 0.1 * power2(theta_dot) + torque_cost

    pull = 3.0 * gravity / (2.0 * LENGTH) * sin(theta) + single(3.0 / (MASS * (LENGTH * LENGTH)) * torque)
    theta_dot = min(max(theta_dot + pull * TIME_STEP, -LARGEST_SPEED), LARGEST_SPEED)
    theta = theta + theta_dot * TIME_STEP
    return (theta, theta_dot), -cost, False


def observe(state: Numbers) -> Numbers:
    """The pendulum's end and the angular velocity."""
    theta, theta_dot = state
    return cos(theta), sin(theta), theta_dot


KERNEL = Kernel(
    name="pendulum",
    reset=reset,
    step=step,
    observe=observe,
    state_size=2,
    draw_count=2,
    observation=Box((-1.0, -1.0, -LARGEST_SPEED), (1.0, 1.0, LARGEST_SPEED)),
    action=Box((-LARGEST_TORQUE,), (LARGEST_TORQUE,)),
    time_limit=200,
    identifiers=("Pendulum-v1",),
    settings={"g": 10.0},
    constants={"max_speed": LARGEST_SPEED, "max_torque": LARGEST_TORQUE, "dt": TIME_STEP, "m": MASS, "l": LENGTH},
    # At most 8 rad/s × 0.05 s a step: a million radians are out of reach of any sensible time limit.
    largest_angle=1e6,
)
