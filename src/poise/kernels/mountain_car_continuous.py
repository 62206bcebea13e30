"""The car in the valley with a throttle from -1 to 1 and a price on its use.

The state is the position, the velocity, and whether this is the start. Gymnasium keeps position and velocity in single
precision from the first step on (at the start in double), and computes in it: `single` stands where it rounds.
"""

from __future__ import annotations

from collections.abc import Mapping

from poise.kernels.base import Box, Kernel, Numbers, between
from poise.kernels.elementary import cos, single

LEFT_END, RIGHT_END = -1.2, 0.6
LARGEST_SPEED = 0.07
GOAL = 0.45
POWER = 0.0015
SINGLE_LEFT_END, SINGLE_RIGHT_END = single(LEFT_END), single(RIGHT_END)
SINGLE_LARGEST_SPEED = single(LARGEST_SPEED)
SINGLE_GOAL, SINGLE_POWER = single(GOAL), single(POWER)


def reset(draws: Numbers, settings: Numbers) -> Numbers:
    """At rest near the bottom."""
    return between(-0.6, -0.4, draws[0]), 0.0, 1.0


def step(state: Numbers, action: Numbers, settings: Numbers) -> tuple[Numbers, float, bool]:
    """One step with the throttle's force. The left end stops the car."""
    position, velocity, at_start = state
    (goal_velocity,) = settings
    force = action[0]
    angle = 3.0 * position if at_start == 1.0 else single(3.0 * position)
    push = single(single(force * SINGLE_POWER) - single(0.0025 * cos(angle)))
    velocity = single(velocity + push)
    velocity = min(max(velocity, -SINGLE_LARGEST_SPEED), SINGLE_LARGEST_SPEED)
    position = single(position + velocity)
    position = min(max(position, SINGLE_LEFT_END), SINGLE_RIGHT_END)
    velocity = 0.0 if (position == SINGLE_LEFT_END) & (velocity < 0.0) else velocity
    arrived = (position >= SINGLE_GOAL) & (velocity >= single(goal_velocity))
    reward = (100.0 if arrived else 0.0) - force * force * 0.1
    return (position, velocity, 0.0), reward, arrived


def observe(state: Numbers) -> Numbers:
    """Position and velocity."""
    return state[0], state[1]


def covers(settings: Mapping[str, float]) -> str | None:
    """A goal velocity so near to a limit that its rounding to single precision would decide is not covered."""
    goal = settings["goal_velocity"]
    for velocity in (0.0, LARGEST_SPEED):
        if (velocity >= goal) != (single(velocity) >= single(goal)):
            return f"goal_velocity={goal!r}"
    return None


KERNEL = Kernel(
    name="mountain_car_continuous",
    reset=reset,
    step=step,
    observe=observe,
    state_size=3,
    draw_count=1,
    observation=Box((LEFT_END, -LARGEST_SPEED), (RIGHT_END, LARGEST_SPEED)),
    action=Box((-1.0,), (1.0,)),
    time_limit=999,
    identifiers=("MountainCarContinuous-v0",),
    settings={"goal_velocity": 0.0},
    constants={
        "min_position": LEFT_END,
        "max_position": RIGHT_END,
        "max_speed": LARGEST_SPEED,
        "goal_position": GOAL,
        "power": POWER,
        "min_action": -1.0,
        "max_action": 1.0,
    },
    largest_angle=4.0,
    covers=covers,
)
