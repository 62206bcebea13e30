"""An arm of seven joints that is to push a cylinder to its goal."""

from __future__ import annotations

from typing import Any

from poise.kernels.mujoco.base import Mechanism, nothing
from poise.kernels.mujoco.formulas import control_cost, distance
from poise.types import FloatArray

CONTROL_COST = 0.1
NEARNESS = 0.5


def views(environment: Any) -> tuple[FloatArray, ...]:
    """Joints, the tip of the arm, the cylinder and its goal."""
    bodies = (environment.get_body_com(name) for name in ("tips_arm", "object", "goal"))
    return (environment.data.qpos, environment.data.qvel, *bodies)


def observe(seen: Any, views: Any) -> None:
    """The arm's joints, and the three places."""
    qpos, qvel, tip, thing, goal = views
    for k in range(7):
        seen[k] = qpos[k]
        seen[7 + k] = qvel[k]
    for k in range(3):
        seen[14 + k] = tip[k]
        seen[17 + k] = thing[k]
        seen[20 + k] = goal[k]


def outcome(before: Any, action: Any, views: Any, dt: Any) -> Any:
    """Less both distances and the effort."""
    _, _, tip, thing, goal = views
    return (-distance(thing, goal) - control_cost(CONTROL_COST, action)) - distance(thing, tip) * NEARNESS, False


MECHANISM = Mechanism(
    name="pusher",
    identifier="Pusher-v5",
    made_by="gymnasium.envs.mujoco.pusher_v5:PusherEnv",
    features=23,
    actions=7,
    views=views,
    observe=observe,
    mark=nothing,
    outcome=outcome,
    constants={
        "frame_skip": 5,
        "_reward_near_weight": NEARNESS,
        "_reward_dist_weight": 1,
        "_reward_control_weight": CONTROL_COST,
    },
)
