"""A car in a valley whose engine is too weak for the hill; three actions (Moore, 1990).

The state is the position along the valley and the velocity.
"""

from __future__ import annotations

from poise.kernels.base import Box, Discrete, Kernel, Numbers, between
from poise.kernels.elementary import cos

LEFT_END, RIGHT_END = -1.2, 0.6
LARGEST_SPEED = 0.07
GOAL = 0.5
FORCE = 0.001
GRAVITY = 0.0025


def reset(draws: Numbers, settings: Numbers) -> Numbers:
    """At rest near the bottom."""
    return between(-0.6, -0.4, draws[0]), 0.0


def step(state: Numbers, action: float, settings: Numbers) -> tuple[Numbers, float, bool]:
    """One push to the left, none, or to the right. The left end stops the car."""
    position, velocity = state
    (goal_velocity,) = settings
    velocity = velocity + ((action - 1.0) * FORCE + cos(3.0 * position) * -GRAVITY)
    velocity = min(max(velocity, -LARGEST_SPEED), LARGEST_SPEED)
    position = min(max(position + velocity, LEFT_END), RIGHT_END)
    velocity = 0.0 if (position == LEFT_END) & (velocity < 0.0) else velocity
    arrived = (position >= GOAL) & (velocity >= goal_velocity)
    return (position, velocity), -1.0, arrived


def observe(state: Numbers) -> Numbers:
    """The state itself."""
    return state


KERNEL = Kernel(
    name="mountain_car",
    reset=reset,
    step=step,
    observe=observe,
    state_size=2,
    draw_count=1,
    observation=Box((LEFT_END, -LARGEST_SPEED), (RIGHT_END, LARGEST_SPEED)),
    action=Discrete(3),
    time_limit=200,
    identifiers=("MountainCar-v0",),
    settings={"goal_velocity": 0.0},
    constants={
        "min_position": LEFT_END,
        "max_position": RIGHT_END,
        "max_speed": LARGEST_SPEED,
        "goal_position": GOAL,
        "force": FORCE,
        "gravity": GRAVITY,
    },
    largest_angle=4.0,
)
