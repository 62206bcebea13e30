"""Two poles, one on the other, on a cart: to be held upright with its tip at rest."""

from __future__ import annotations

from typing import Any

from poise.kernels.elementary import cos, power2, sin
from poise.kernels.mujoco.base import Mechanism, nothing
from poise.kernels.mujoco.formulas import clipped
from poise.types import FloatArray

HEALTHY_REWARD = 10.0


def views(environment: Any) -> tuple[FloatArray, ...]:
    """Joints, the forces of their limits, and the place of the tip."""
    data = environment.data
    return data.qpos, data.qvel, data.qfrc_constraint, data.site_xpos[0]


def observe(seen: Any, views: Any) -> None:
    """The cart's position, sines and cosines of the angles, velocities, and the force of the track's end."""
    qpos, qvel, force, _ = views
    seen[0] = qpos[0]
    for k in range(2):
        seen[1 + k] = sin(qpos[1 + k])
        seen[3 + k] = cos(qpos[1 + k])
    for k in range(3):
        seen[5 + k] = clipped(qvel[k], 10.0)
    seen[8] = clipped(force[0], 10.0)


def outcome(before: Any, action: Any, views: Any, dt: Any) -> Any:
    """A bonus for being up, less the tip's distance from the top, and its speed."""
    _, qvel, _, tip = views
    x, y = tip[0], tip[2]
    terminated = y <= 1
    far = 0.01 * power2(x) + power2(y - 2.0)
    fast = 1e-3 * power2(qvel[1]) + 5e-3 * power2(qvel[2])
    return (0.0 if terminated else HEALTHY_REWARD) - far - fast, terminated


MECHANISM = Mechanism(
    name="inverted_double_pendulum",
    identifier="InvertedDoublePendulum-v5",
    made_by="gymnasium.envs.mujoco.inverted_double_pendulum_v5:InvertedDoublePendulumEnv",
    features=9,
    actions=1,
    views=views,
    observe=observe,
    mark=nothing,
    outcome=outcome,
    constants={"frame_skip": 5, "_healthy_reward": HEALTHY_REWARD},
)
