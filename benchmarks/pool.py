"""When are several processes worth it? The same generations, played in one process and by a pool, from start to end.

python benchmarks/pool.py [--workers 2] [--seconds 0.2 2 10] [--json pool.json]

A row is an environment and an amount of work, given as the seconds that one process takes. "whole" is the time of one
process divided by that of the pool, with all that the pool costs: it begins alone, starts its workers, and ends them.
"workers" is the same once they are there. More than 1 is a gain; less than 1 would be a loss. The shortest of `REPEATS`
times counts, one process and the pool in turn, for other programs may be at work. "processors" is the processor time of
the pool with its workers, over that of one process: what starting workers and handing over cost, whoever else computes.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from poise.policies.architecture import Architecture
from poise.rollouts.base import Engine
from poise.rollouts.cores import usable_cores
from poise.rollouts.environments import inspect
from poise.rollouts.in_process import InProcess
from poise.rollouts.pool import Pool
from poise.types import EnvironmentSpec

REPEATS = 3
CANDIDATES = 16


class Heavy(gymnasium.Env[Any, Any]):
    """Every step takes a millisecond of a processor; an episode has 5 to 50 steps, as its seed says."""

    observation_space = spaces.Box(-1, 1, (3,), np.float64)
    action_space = spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begins an episode."""
        super().reset(seed=seed)
        self._left = int(self.np_random.integers(5, 50))
        return self.np_random.uniform(-1, 1, 3), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Works for a millisecond."""
        began = time.thread_time()
        while time.thread_time() - began < 0.001:
            pass
        self._left -= 1
        return self.np_random.uniform(-1, 1, 3), 1.0, self._left <= 0, False, {}


def play(engine: Engine, architecture: Architecture, generations: int) -> tuple[float, int]:
    """Wall time and steps of so many generations, each with seeds of its own."""
    parameters = np.random.default_rng(0).normal(size=(CANDIDATES, architecture.parameter_count))
    began, steps = time.perf_counter(), 0
    for generation in range(generations):
        steps += engine.run(architecture, parameters, np.array([generation], dtype=np.uint32)).usage.steps
    return time.perf_counter() - began, steps


def processor_time() -> float:
    """Seconds of processors that this process and its ended children have used."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def whole(make: Callable[[], Engine], architecture: Architecture, generations: int, steps: int) -> tuple[float, float]:
    """Wall and processor time of the same with a new engine, from before it is made until it is closed.

    It is told how many steps it will be, as a search with a budget tells it.
    """
    began, used = time.perf_counter(), processor_time()
    with make() as engine:
        engine.expect(steps)
        play(engine, architecture, generations)
    return time.perf_counter() - began, processor_time() - used


def measure(identifier: str, seconds: float, workers: int) -> dict[str, float]:
    """One row."""
    info = inspect(EnvironmentSpec(identifier))
    architecture = Architecture("linear", info.observation, info.action)
    with InProcess(info.spec) as one, Pool(info.spec, workers) as several:
        generations = max(1, round(seconds * 3 / play(one, architecture, 3)[0]))
        while len(several.worker_pids) < workers:  # until they are there
            play(several, architecture, 3)
        times = [
            (play(one, architecture, generations)[0], play(several, architecture, generations)[0])
            for _ in range(REPEATS)
        ]
        steps = play(several, architecture, generations)[1]
    alone, there = (min(column) for column in zip(*times, strict=True))
    ends: list[list[tuple[float, float]]] = [[], []]
    for _ in range(REPEATS):
        ends[0].append(whole(lambda: InProcess(info.spec), architecture, generations, steps))
        ends[1].append(whole(lambda: Pool(info.spec, workers), architecture, generations, steps))
    (one_wall, one_used), (wall, used) = ([min(column) for column in zip(*times, strict=True)] for times in ends)
    return {
        "one process": one_wall,
        "pool": wall,
        "whole": one_wall / wall,
        "workers": alone / there,
        "processors": used / one_used,
    }


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=usable_cores())
    parser.add_argument("--seconds", type=float, nargs="+", default=[0.2, 2.0, 10.0])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    gymnasium.register("Heavy-v0", entry_point=lambda **_: Heavy(), max_episode_steps=50)
    environments = ["CartPole-v1", "Heavy-v0"]
    environments += ["BipedalWalker-v3"] if importlib.util.find_spec("Box2D") else []
    print(f"| environment | work | one process, s | pool of {options.workers}, s | whole | workers | processors |")
    print("|---|---|---|---|---|---|---|")
    found: dict[str, dict[str, float]] = {}
    for identifier in environments:
        for seconds in options.seconds:
            row = found[f"{identifier}, {seconds:g} s"] = measure(identifier, seconds, options.workers)
            print(f"| {identifier} | {seconds:g} s | " + " | ".join(f"{value:.2f}" for value in row.values()) + " |")
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
