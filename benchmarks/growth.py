"""How the cost of playing CartPole grows with episodes and threads, from one episode to a million of 500 steps each.

python benchmarks/growth.py [--largest 1000000] [--json growth.json]
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np

from poise.policies.architecture import Architecture
from poise.rollouts.environments import inspect
from poise.rollouts.kernel_engine import KernelEngine
from poise.types import EnvironmentSpec

PERFECT = np.array([[0.059, 0.112, 0.959, 0.253]])
SHORTEST = 0.2
"""Seconds to measure for at least."""


def seconds_for(engine: KernelEngine, architecture: Architecture, episodes: int) -> float:
    """Wall time of one call with so many episodes, the shortest of some."""
    seeds = np.arange(episodes, dtype=np.uint32)
    best, spent = float("inf"), 0.0
    while spent < SHORTEST:
        began = time.perf_counter()
        engine.run(architecture, PERFECT, seeds)
        best = min(best, time.perf_counter() - began)
        spent += best
    return best


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--largest", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    info = inspect(EnvironmentSpec("CartPole-v1"))
    architecture = Architecture("linear", info.observation, info.action)
    threads = sorted({1, os.cpu_count() or 1})
    ways = {
        f"{'exact' if exact else 'lanes'}, {n} thread{'s' * (n > 1)}": (exact, n)
        for exact in (False, True)
        for n in threads
    }
    counts = [10**power for power in range(10) if 10**power <= options.largest]
    found: dict[str, dict[int, float]] = {}
    for name, (exact, number) in ways.items():
        with KernelEngine(info.spec, exact=exact, threads=number) as engine:
            engine.prepare(architecture)
            found[name] = {count: seconds_for(engine, architecture, count) for count in counts}
    print("| milliseconds | " + " | ".join(f"{count:,}" for count in counts) + " |")
    print("|---" * (len(counts) + 1) + "|")
    for name, row in found.items():
        print(f"| {name} | " + " | ".join(f"{seconds * 1e3:.3g}" for seconds in row.values()) + " |")
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
