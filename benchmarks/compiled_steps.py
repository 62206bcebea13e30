"""How much faster are MuJoCo's environments with compiled steps? The same episodes, by Gymnasium and by compiled code.

    python benchmarks/compiled_steps.py [--seconds 3] [--repeats 3] [--env Hopper-v5 ...] [--json steps.json]

Both players do what the engines do: they reset the environment in Gymnasium, act by a linear policy with random weights
and count the whole episode, its reset included. They play in turn, in one process; the best of the repeats counts, by
the time of the processor. That both play the same episodes is looked at too. The figures to look at are the ratios.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from poise.kernels.mujoco.catalog import mechanisms
from poise.policies.architecture import Architecture
from poise.rollouts.environments import inspect
from poise.rollouts.player import Episode, Player, Work
from poise.types import EnvironmentSpec

CANDIDATES, SPREAD = 1_000, 0.1


def episodes_of(player: Player, work: Work, seconds: float) -> tuple[list[Episode], float]:
    """As many of the episodes as take so long, and steps a second of the processor."""
    began, found = time.process_time(), list[Episode]()
    episodes: Iterator[Episode] = player.play(work)
    while time.process_time() - began < seconds:
        found.append(next(episodes))
    return found, sum(episode.length for episode in found) / (time.process_time() - began)


def measure(identifier: str, seconds: float, repeats: int) -> dict[str, float]:
    """One row."""
    info = inspect(EnvironmentSpec(identifier))
    architecture = Architecture("linear", info.observation, info.action)
    parameters = np.random.default_rng(0).normal(scale=SPREAD, size=(CANDIDATES, architecture.parameter_count))
    seeds = np.arange(CANDIDATES * 100, dtype=np.uint32).reshape(CANDIDATES, 100)
    work = Work.of(architecture, parameters, seeds, sum_observations=False, horizon=None)
    plain, quick = Player(info.spec), Player(info.spec)
    quick.speed_up(compile_now=True)
    best, length = [0.0, 0.0], 0.0
    for _ in range(repeats):
        both = [episodes_of(player, work, seconds) for player in (plain, quick)]
        (theirs, _), (ours, _) = both
        if any(a[:4] != b[:4] for a, b in zip(theirs, ours, strict=False)):
            raise SystemExit(f"{identifier}: the episodes differ")
        best = [max(rate, found) for rate, (_, found) in zip(best, both, strict=True)]
        length = sum(episode.length for episode in ours) / len(ours)
    plain.close()
    quick.close()
    return {"length": length, "Gymnasium": best[0], "compiled": best[1], "ratio": best[1] / best[0]}


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--env", nargs="+", default=sorted(mechanisms()))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    print("| environment | steps an episode | Gymnasium, 1,000 steps/s | compiled steps, 1,000 steps/s | ratio |")
    print("|---|---|---|---|---|")
    found: dict[str, dict[str, float]] = {}
    for identifier in options.env:
        row = found[identifier] = measure(identifier, options.seconds, options.repeats)
        rates = f"{row['Gymnasium'] / 1000:.1f} | {row['compiled'] / 1000:.1f} | {row['ratio']:.2f}"
        print(f"| {identifier} | {row['length']:.0f} | {rates} |", flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
