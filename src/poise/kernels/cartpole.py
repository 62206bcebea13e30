"""A pole on a cart that is pushed left or right (Barto, Sutton and Anderson, 1983).

The state is the cart's position (m) and velocity (m/s), the pole's angle from upright (rad) and angular velocity.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from poise.kernels.base import Box, Discrete, Kernel, Numbers, between
from poise.kernels.elementary import cos, sin

GRAVITY = 9.8
CART_MASS, POLE_MASS = 1.0, 0.1
TOTAL_MASS = POLE_MASS + CART_MASS
HALF_LENGTH = 0.5
POLE_MOMENT = POLE_MASS * HALF_LENGTH
FORCE = 10.0
TIME_STEP = 0.02
TRACK_END = 2.4
LARGEST_TILT = 12 * 2 * math.pi / 360


def reset(draws: Numbers, settings: Numbers) -> Numbers:
    """Everything near zero."""
    x, x_dot, theta, theta_dot = draws
    return (
        between(-0.05, 0.05, x),
        between(-0.05, 0.05, x_dot),
        between(-0.05, 0.05, theta),
        between(-0.05, 0.05, theta_dot),
    )


def step(state: Numbers, action: float, settings: Numbers) -> tuple[Numbers, float, bool]:
    """One push, and 0.02 s by Euler's method."""
    x, x_dot, theta, theta_dot = state
    (sutton_barto_reward,) = settings
    force = FORCE if action == 1.0 else -FORCE
    cosine, sine = cos(theta), sin(theta)

    pull = (force + POLE_MOMENT * (theta_dot * theta_dot) * sine) / TOTAL_MASS
    theta_acceleration = (GRAVITY * sine - cosine * pull) / (
        HALF_LENGTH * (4.0 / 3.0 - POLE_MASS * (cosine * cosine) / TOTAL_MASS)
    )
    x_acceleration = pull - POLE_MOMENT * theta_acceleration * cosine / TOTAL_MASS

    x = x + TIME_STEP * x_dot
    x_dot = x_dot + TIME_STEP * x_acceleration
    theta = theta + TIME_STEP * theta_dot
    theta_dot = theta_dot + TIME_STEP * theta_acceleration

    fallen = (x < -TRACK_END) | (x > TRACK_END) | (theta < -LARGEST_TILT) | (theta > LARGEST_TILT)
    reward = 1.0 - sutton_barto_reward * (2.0 if fallen else 1.0)  # 1 and 1, or (in their paper) 0 and -1 for the fall
    return (x, x_dot, theta, theta_dot), reward, fallen


def observe(state: Numbers) -> Numbers:
    """The state itself."""
    return state


def covers(settings: Mapping[str, float]) -> str | None:
    """The switch is on or off."""
    value = settings["sutton_barto_reward"]
    return None if value in (0.0, 1.0) else f"sutton_barto_reward={value!r}"


KERNEL = Kernel(
    name="cartpole",
    reset=reset,
    step=step,
    observe=observe,
    state_size=4,
    draw_count=4,
    observation=Box(
        (-2 * TRACK_END, -math.inf, -2 * LARGEST_TILT, -math.inf),
        (2 * TRACK_END, math.inf, 2 * LARGEST_TILT, math.inf),
    ),
    action=Discrete(2),
    time_limit=500,
    identifiers=("CartPole-v0", "CartPole-v1"),
    settings={"sutton_barto_reward": 0.0},
    constants={
        "gravity": GRAVITY,
        "masscart": CART_MASS,
        "masspole": POLE_MASS,
        "length": HALF_LENGTH,
        "force_mag": FORCE,
        "tau": TIME_STEP,
        "x_threshold": TRACK_END,
        "theta_threshold_radians": LARGEST_TILT,
    },
    largest_angle=0.25,
    covers=covers,
)
