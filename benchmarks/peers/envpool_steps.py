"""EnvPool: 1,024 environments in C++, the policy in NumPy."""

from __future__ import annotations

import envpool
import numpy as np
import workload

COUNT = 1024


def measure(identifier: str, seconds: float) -> float | None:
    """Steps a second on one processor."""
    environments = envpool.make_gymnasium(identifier, num_envs=COUNT, num_threads=1, seed=0)
    weights = workload.weights(identifier).T
    state = {"observation": environments.reset()[0]}

    def advance() -> int:
        for _ in range(20):
            outputs = state["observation"] @ weights
            if identifier in workload.HIGHEST:
                highest = workload.HIGHEST[identifier]
                actions = (highest * np.clip(outputs, -1.0, 1.0)).astype(np.float32)
            else:
                actions = (outputs[:, 0] > 0).astype(np.int32) if outputs.shape[1] == 1 else outputs.argmax(axis=1)
                actions = actions.astype(np.int32)
            state["observation"] = environments.step(actions)[0]
        return 20 * COUNT

    return workload.rate(advance, seconds)


if __name__ == "__main__":
    workload.one_processor()
    workload.report(measure)
