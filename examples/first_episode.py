"""The first episode ever played: CartPole is learnt while the pole is kept up.

A linear model is refitted after every step, and its best regulator chooses the next action. Beside it an episode of
random actions from the same start.

    python first_episode.py [--seed 0] [--svg first_episode.svg]
"""

from __future__ import annotations

import argparse
import math
import tempfile
from pathlib import Path

import numpy as np

import poise
from poise.rollouts.environments import inspect
from poise.rollouts.recording import Recording, record
from poise.runs.lived import lived_episodes
from poise.types import EnvironmentSpec

SHOWN = 120
"""Steps in the picture."""


def main() -> None:
    """Reads the arguments, plays, prints and draws."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--svg", type=Path, help="where to draw the angle of the pole")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        run = poise.train("CartPole-v1", frugal=True, seed=options.seed, out=Path(scratch) / "run")
        (learning,) = list(lived_episodes(run.path, run.policy).values())[:1]
        result, rng = run.result, np.random.default_rng(options.seed)
    spec = inspect(EnvironmentSpec("CartPole-v1")).spec
    guessing = record(spec, lambda observation: int(rng.integers(2)), learning.seed)
    print(f"random actions from the same start: the pole falls after {len(guessing.actions)} steps")
    print(f"the first episode ever played: {len(learning.actions)} steps, from {result['steps']['search']} real ones")
    print(f"the policy it ends with: {result['evaluation']['mean']:.1f} on {result['evaluation']['episodes']:,} others")
    if options.svg is not None:
        options.svg.write_text(picture(learning, guessing), encoding="utf-8")


def picture(learning: Recording, guessing: Recording) -> str:
    """The angle of the pole in both, as an SVG that is readable on light and dark pages."""
    x0, width, middle, degree = 60.0, 560.0, 130.0, 8.0
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 270" font-family="sans-serif" font-size="13">']
    for angle in (-12, 0, 12):
        y = middle - degree * angle
        parts.append(f'<path d="M{x0} {y}H{x0 + width}" stroke="#8888" stroke-dasharray="4 4"/>')
        parts.append(f'<text x="{x0 - 8}" y="{y + 4}" text-anchor="end" fill="#888">{angle}°</text>')
    for recording, colour, word, y in (
        (guessing, "#d1495b", f"random actions: falls after {len(guessing.actions)} steps", 250),
        (learning, "#2e86ab", f"learning while it plays: all {len(learning.actions)} steps", 20),
    ):
        angles = [math.degrees(float(observation[2])) for observation in recording.observations[: SHOWN + 1]]
        points = " ".join(
            f"{x0 + width * step / SHOWN:.1f},{middle - degree * max(-14.0, min(14.0, angle)):.1f}"
            for step, angle in enumerate(angles)
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{x0}" y="{y}" fill="{colour}">{word}</text>')
    parts.append(f'<text x="{x0 + width}" y="250" text-anchor="end" fill="#888">step {SHOWN}</text>')
    return "\n".join([*parts, "</svg>\n"])


if __name__ == "__main__":
    main()
