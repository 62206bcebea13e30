"""A flat two-legged walker (Erez, Tassa and Todorov, 2011): rewarded for speed and for not falling."""

from __future__ import annotations

from typing import Any

from poise.kernels.mujoco.base import Mechanism, first_position, joints
from poise.kernels.mujoco.formulas import clipped, control_cost

CONTROL_COST = 1e-3
LEAST_HEIGHT, MOST_HEIGHT = 0.8, 2.0
LARGEST_TILT = 1.0


def observe(seen: Any, views: Any) -> None:
    """All but how far along it is, velocities within bounds."""
    qpos, qvel = views
    for k in range(8):
        seen[k] = qpos[k + 1]
    for k in range(9):
        seen[8 + k] = clipped(qvel[k], 10.0)


def outcome(before: Any, action: Any, views: Any, dt: Any) -> Any:
    """Speed and a bonus for being up, less the effort."""
    qpos = views[0]
    healthy = LEAST_HEIGHT < qpos[1] < MOST_HEIGHT and -LARGEST_TILT < qpos[2] < LARGEST_TILT
    earned = (qpos[0] - before) / dt + (1.0 if healthy else 0.0)
    return earned - control_cost(CONTROL_COST, action), not healthy


MECHANISM = Mechanism(
    name="walker2d",
    identifier="Walker2d-v5",
    made_by="gymnasium.envs.mujoco.walker2d_v5:Walker2dEnv",
    features=17,
    actions=6,
    views=joints,
    observe=observe,
    mark=first_position,
    outcome=outcome,
    constants={
        "frame_skip": 4,
        "_forward_reward_weight": 1.0,
        "_ctrl_cost_weight": CONTROL_COST,
        "_healthy_reward": 1.0,
        "_terminate_when_unhealthy": True,
        "_healthy_z_range": (LEAST_HEIGHT, MOST_HEIGHT),
        "_healthy_angle_range": (-LARGEST_TILT, LARGEST_TILT),
        "_exclude_current_positions_from_observation": True,
    },
)
