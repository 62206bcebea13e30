"""poise's compiled kernels. The first argument says how: ``lanes``, ``exact`` or ``short``, then the threads.

``short`` is ``lanes`` with 2,000 random policies and ten episodes each, where seeding and refilling count most.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import workload

from poise.policies.architecture import Architecture
from poise.rollouts.environments import inspect
from poise.rollouts.kernel_engine import KernelEngine
from poise.types import EnvironmentSpec

WAY, THREADS = sys.argv.pop(1), int(sys.argv.pop(1))


def measure(identifier: str, seconds: float) -> float | None:
    """Steps a second."""
    info = inspect(EnvironmentSpec(identifier))
    architecture = Architecture("linear", info.observation, info.action)
    parameters, episodes = workload.weights(identifier).reshape(1, -1), 4_000
    if WAY == "short":
        parameters = np.random.default_rng(0).normal(size=(2_000, architecture.parameter_count))
        episodes = 10
    first = iter(range(0, 2**31, episodes))
    with KernelEngine(info.spec, exact=WAY == "exact", threads=THREADS) as engine:

        def advance() -> int:
            seeds = np.arange(episodes, dtype=np.uint32) + np.uint32(next(first))
            return engine.run(architecture, parameters, seeds).usage.steps

        return workload.rate(advance, seconds, time.process_time if THREADS == 1 else time.perf_counter)


if __name__ == "__main__":
    if THREADS == 1:
        workload.one_processor()
    workload.report(measure)
