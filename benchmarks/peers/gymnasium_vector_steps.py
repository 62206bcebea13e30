"""Gymnasium's own vectorised CartPole: 1,024 carts in NumPy. No other environment has such a version."""

from __future__ import annotations

import gymnasium
import numpy as np
import workload

COUNT = 1024


def measure(identifier: str, seconds: float) -> float | None:
    """Steps a second; ``None`` where there is no vectorised version."""
    if identifier != "CartPole-v1":
        return None
    environments = gymnasium.make_vec(identifier, num_envs=COUNT, vectorization_mode="vector_entry_point")
    weights = workload.weights(identifier)[0]
    state = {"observation": environments.reset(seed=0)[0]}

    def advance() -> int:
        for _ in range(20):
            state["observation"] = environments.step((state["observation"] @ weights > 0).astype(np.int64))[0]
        return 20 * COUNT

    return workload.rate(advance, seconds)


if __name__ == "__main__":
    workload.one_processor()
    workload.report(measure)
