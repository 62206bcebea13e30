"""Gymnasium, one environment, with poise's own engine for it."""

from __future__ import annotations

import numpy as np
import workload

from poise.policies.architecture import Architecture
from poise.rollouts.environments import inspect
from poise.rollouts.in_process import InProcess
from poise.types import EnvironmentSpec


def measure(identifier: str, seconds: float) -> float | None:
    """Steps a second."""
    info = inspect(EnvironmentSpec(identifier))
    architecture = Architecture("linear", info.observation, info.action)
    parameters = workload.weights(identifier).reshape(1, -1)
    seed = iter(range(2**32))
    with InProcess(info.spec) as engine:

        def advance() -> int:
            return engine.run(architecture, parameters, np.array([next(seed)], dtype=np.uint32)).usage.steps

        return workload.rate(advance, seconds)


if __name__ == "__main__":
    workload.one_processor()
    workload.report(measure)
