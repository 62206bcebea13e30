"""An environment of one's own as a kernel: a ball on a beam that is tilted to keep it in the middle.

    python ball_and_beam.py [--seed 0] [--out runs/beam]

The same three functions are a Gymnasium environment, and are compiled to search a policy for it.
"""

import argparse
import math

import gymnasium

import poise
from poise.kernels import Box, Discrete, Kernel, as_environment, between, register
from poise.kernels.base import Numbers

GRAVITY, TIME_STEP, HALF_LENGTH, TILT = 9.81, 0.02, 1.0, 0.1  # m/s², s, m, rad


def reset(draws: Numbers, settings: Numbers) -> Numbers:
    """The ball somewhere near the middle, rolling slowly."""
    return between(-0.3, 0.3, draws[0]), between(-0.2, 0.2, draws[1])


def step(state: Numbers, action: float, settings: Numbers) -> tuple[Numbers, float, bool]:
    """The beam is tilted one way or the other, and a ball that rolls without slipping feels 5/7 of gravity along it."""
    place, speed = state
    acceleration = 5.0 / 7.0 * GRAVITY * (TILT if action == 1.0 else -TILT)
    speed = speed + TIME_STEP * acceleration
    place = place + TIME_STEP * speed
    return (place, speed), 1.0, (place < -HALF_LENGTH) | (place > HALF_LENGTH)


def observe(state: Numbers) -> Numbers:
    """All of it."""
    return state


KERNEL = Kernel(
    name="ball_and_beam",
    reset=reset,
    step=step,
    observe=observe,
    state_size=2,
    draw_count=2,
    observation=Box((-2.0, -math.inf), (2.0, math.inf)),
    action=Discrete(2),
    time_limit=500,
    identifiers=("BallAndBeam-v0",),
)
gymnasium.register("BallAndBeam-v0", entry_point=lambda **_: as_environment(KERNEL), max_episode_steps=500)
register(KERNEL)

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", help="the run's directory")
    options = parser.parse_args()
    result = poise.train("BallAndBeam-v0", seed=options.seed, out=options.out).result
    print(f"engine {result['engine']}: {result['evaluation']['mean']:.1f}, parameters {result['parameters']}")
