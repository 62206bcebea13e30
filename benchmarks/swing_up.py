"""What does `poise train`, with no flags, find where weighted sums get better for ever and only a network can do it?

A cart must swing a pole up that hangs, and keep it there. A step pays from 0 (hanging) to 1 (upright), less towards the
ends of the track; an episode has 500 steps, and is over where the track ends. Weighted sums and products of features
learn to swing the pole round and round (about 300 to 370), a network to stop it at the top (about 445). The cart is
pushed with a force that is dosed, or left, not at all, or right. It is compiled, so that a seed with its 30 million
steps takes about ten seconds on two cores; run it on two versions to compare them.

    python benchmarks/swing_up.py [--seeds 4] [--out runs/swing_up]
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium

import poise
from poise.kernels import Box, Discrete, Kernel, as_environment, between, register
from poise.kernels.base import Numbers
from poise.kernels.elementary import cos, sin

GRAVITY, CART, POLE, HALF_LENGTH, FORCE, TRACK = 9.8, 1.0, 0.1, 0.5, 10.0, 2.4  # m/s², kg, kg, m, N, m
SECONDS, SUBSTEPS = 0.01, 2


def reset(draws: Numbers, settings: Numbers) -> Numbers:
    """Near the middle, the pole hanging."""
    place, speed = between(-0.1, 0.1, draws[0]), between(-0.1, 0.1, draws[1])
    return place, speed, math.pi + between(-0.1, 0.1, draws[2]), between(-0.1, 0.1, draws[3])


def pushed(state: Numbers, force: float) -> tuple[Numbers, float, bool]:
    """A step with a force."""
    place, speed, angle, turn = state
    total = CART + POLE
    for _ in range(SUBSTEPS):
        sine, cosine = sin(angle), cos(angle)
        push = (force + POLE * HALF_LENGTH * turn * turn * sine) / total
        spin = (GRAVITY * sine - cosine * push) / (HALF_LENGTH * (4 / 3 - POLE * cosine * cosine / total))
        speed = speed + SECONDS * (push - POLE * HALF_LENGTH * spin * cosine / total)
        place = place + SECONDS * speed
        turn = turn + SECONDS * spin
        angle = angle + SECONDS * turn
    out = (place < -TRACK) | (place > TRACK)
    pay = (1.0 + cos(angle)) / 2.0 * (1.0 - (place / TRACK) * (place / TRACK))
    return (place, speed, angle, turn), (0.0 if out else pay), out


def dosed(state: Numbers, action: Numbers, settings: Numbers) -> tuple[Numbers, float, bool]:
    """A step with a force between both limits."""
    share = -1.0 if action[0] < -1.0 else 1.0 if action[0] > 1.0 else action[0]
    return pushed(state, FORCE * share)


def chosen(state: Numbers, action: float, settings: Numbers) -> tuple[Numbers, float, bool]:
    """A step to the left, with no force, or to the right."""
    return pushed(state, (action - 1.0) * FORCE)


def observe(state: Numbers) -> Numbers:
    """Place, speed, where the pole points, and how fast it turns."""
    place, speed, angle, turn = state
    return place, speed, cos(angle), sin(angle), turn


def kernel(name: str, step: Callable[[Any, Any, Any], Any], action: Box | Discrete) -> str:
    """Registers one of the two environments; its name."""
    made = Kernel(
        name=name,
        reset=reset,
        step=step,
        observe=observe,
        state_size=4,
        draw_count=4,
        observation=Box((-math.inf,) * 5, (math.inf,) * 5),
        action=action,
        time_limit=500,
        identifiers=(f"{name}-v0",),
    )
    gymnasium.register(f"{name}-v0", entry_point=lambda **_: as_environment(made), max_episode_steps=500)
    register(made)
    return f"{name}-v0"


def main() -> None:
    """Trains one seed after another, and prints what each is worth on fresh episodes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--out", type=Path, default=Path("runs/swing_up"))
    options = parser.parse_args()
    names = kernel("SwingUp", dosed, Box((-1.0,), (1.0,))), kernel("SwingUpByChoice", chosen, Discrete(3))
    for name in names:
        for seed in range(options.seeds):
            found = poise.train(name, seed=seed, out=options.out / f"{name}-{seed}").result["evaluation"]
            if found is None:
                return  # stopped
            print(f"{name} seed {seed}: {found['mean']:.1f} [{found['low']:.1f}, {found['high']:.1f}]", flush=True)


if __name__ == "__main__":
    main()
