"""An arm of two links in a plane: its fingertip is to reach a target."""

from __future__ import annotations

from typing import Any

from poise.kernels.elementary import cos, sin
from poise.kernels.mujoco.base import Mechanism, nothing
from poise.kernels.mujoco.formulas import control_cost, distance
from poise.types import FloatArray


def views(environment: Any) -> tuple[FloatArray, ...]:
    """Joints, the fingertip and the target."""
    data = environment.data
    return data.qpos, data.qvel, environment.get_body_com("fingertip"), environment.get_body_com("target")


def observe(seen: Any, views: Any) -> None:
    """Cosines and sines of the angles, the target, the velocities, and the way from the target to the fingertip."""
    qpos, qvel, fingertip, target = views
    for k in range(2):
        seen[k] = cos(qpos[k])
        seen[2 + k] = sin(qpos[k])
        seen[4 + k] = qpos[2 + k]
        seen[6 + k] = qvel[k]
        seen[8 + k] = fingertip[k] - target[k]


def outcome(before: Any, action: Any, views: Any, dt: Any) -> Any:
    """Less the distance and the effort."""
    return -distance(views[2], views[3]) - control_cost(1.0, action), False


MECHANISM = Mechanism(
    name="reacher",
    identifier="Reacher-v5",
    made_by="gymnasium.envs.mujoco.reacher_v5:ReacherEnv",
    features=10,
    actions=2,
    views=views,
    observe=observe,
    mark=nothing,
    outcome=outcome,
    constants={"frame_skip": 2, "_reward_dist_weight": 1, "_reward_control_weight": 1},
)
