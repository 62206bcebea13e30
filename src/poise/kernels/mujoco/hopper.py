"""A one-legged jumper (Erez, Tassa and Todorov, 2011): rewarded for speed and for not falling."""

from __future__ import annotations

import math
from typing import Any

from poise.kernels.mujoco.base import Mechanism, first_position, joints
from poise.kernels.mujoco.formulas import clipped, control_cost

CONTROL_COST = 1e-3
LEAST_HEIGHT = 0.7
LARGEST_TILT = 0.2
LARGEST_STATE = 100.0


def observe(seen: Any, views: Any) -> None:
    """All but how far along it is, velocities within bounds."""
    qpos, qvel = views
    for k in range(5):
        seen[k] = qpos[k + 1]
    for k in range(6):
        seen[5 + k] = clipped(qvel[k], 10.0)


def outcome(before: Any, action: Any, views: Any, dt: Any) -> Any:
    """Speed and a bonus for being up, less the effort."""
    qpos, qvel = views
    healthy = LEAST_HEIGHT < qpos[1] < math.inf and -LARGEST_TILT < qpos[2] < LARGEST_TILT
    for k in range(2, 6):
        healthy = healthy and -LARGEST_STATE < qpos[k] < LARGEST_STATE
    for k in range(6):
        healthy = healthy and -LARGEST_STATE < qvel[k] < LARGEST_STATE
    earned = (qpos[0] - before) / dt + (1.0 if healthy else 0.0)
    return earned - control_cost(CONTROL_COST, action), not healthy


MECHANISM = Mechanism(
    name="hopper",
    identifier="Hopper-v5",
    made_by="gymnasium.envs.mujoco.hopper_v5:HopperEnv",
    features=11,
    actions=3,
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
        "_healthy_state_range": (-LARGEST_STATE, LARGEST_STATE),
        "_healthy_z_range": (LEAST_HEIGHT, math.inf),
        "_healthy_angle_range": (-LARGEST_TILT, LARGEST_TILT),
        "_exclude_current_positions_from_observation": True,
    },
)
