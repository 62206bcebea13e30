"""A pole on a cart that is pushed with any force (Barto, Sutton and Anderson, 1983)."""

from __future__ import annotations

import math
from typing import Any

from poise.kernels.mujoco.base import Mechanism, joints, nothing

LARGEST_TILT = 0.2


def observe(seen: Any, views: Any) -> None:
    """Positions, then velocities."""
    qpos, qvel = views
    for k in range(2):
        seen[k] = qpos[k]
        seen[2 + k] = qvel[k]


def outcome(before: Any, action: Any, views: Any, dt: Any) -> Any:
    """1 as long as the pole is up."""
    qpos, qvel = views
    finite = math.isfinite(qpos[0]) and math.isfinite(qpos[1]) and math.isfinite(qvel[0]) and math.isfinite(qvel[1])
    terminated = not finite or abs(qpos[1]) > LARGEST_TILT
    return (0.0 if terminated else 1.0), terminated


MECHANISM = Mechanism(
    name="inverted_pendulum",
    identifier="InvertedPendulum-v5",
    made_by="gymnasium.envs.mujoco.inverted_pendulum_v5:InvertedPendulumEnv",
    features=4,
    actions=1,
    views=joints,
    observe=observe,
    mark=nothing,
    outcome=outcome,
    constants={"frame_skip": 2},
)
