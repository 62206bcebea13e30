"""A four-legged walker in space (Schulman et al., 2015): rewarded for speed and for being neither low nor high."""

from __future__ import annotations

import math
from typing import Any

from poise.kernels.mujoco.base import Mechanism
from poise.kernels.mujoco.formulas import clipped, control_cost_of_eight, sum_of_clipped_squares
from poise.types import FloatArray

CONTROL_COST = 0.5
CONTACT_COST = 5e-4
LARGEST_FORCE = 1.0
LEAST_HEIGHT, MOST_HEIGHT = 0.2, 1.0


def views(environment: Any) -> tuple[FloatArray, ...]:
    """Joints, the torso's place, and the outer forces on all bodies."""
    data = environment.data
    return data.qpos, data.qvel, data.body(1).xpos, data.cfrc_ext.reshape(-1)


def observe(seen: Any, views: Any) -> None:
    """Joints but for the place, and the forces on all bodies but the ground, within bounds."""
    qpos, qvel, _, forces = views
    for k in range(13):
        seen[k] = qpos[2 + k]
    for k in range(14):
        seen[13 + k] = qvel[k]
    for k in range(78):
        seen[27 + k] = clipped(forces[6 + k], LARGEST_FORCE)


def mark(views: Any) -> Any:
    """How far along the torso is."""
    return views[2][0]


def outcome(before: Any, action: Any, views: Any, dt: Any) -> Any:
    """Speed and a bonus for being up, less the effort and the impacts."""
    qpos, qvel, torso, forces = views
    healthy = LEAST_HEIGHT <= qpos[2] <= MOST_HEIGHT
    for k in range(15):
        healthy = healthy and math.isfinite(qpos[k])
    for k in range(14):
        healthy = healthy and math.isfinite(qvel[k])
    earned = (torso[0] - before) / dt + (1.0 if healthy else 0.0)
    impacts = CONTACT_COST * sum_of_clipped_squares(forces, LARGEST_FORCE)
    return earned - (control_cost_of_eight(CONTROL_COST, action) + impacts), not healthy


MECHANISM = Mechanism(
    name="ant",
    identifier="Ant-v5",
    made_by="gymnasium.envs.mujoco.ant_v5:AntEnv",
    features=105,
    actions=8,
    views=views,
    observe=observe,
    mark=mark,
    outcome=outcome,
    constants={
        "frame_skip": 5,
        "_forward_reward_weight": 1,
        "_ctrl_cost_weight": CONTROL_COST,
        "_contact_cost_weight": CONTACT_COST,
        "_healthy_reward": 1.0,
        "_terminate_when_unhealthy": True,
        "_healthy_z_range": (LEAST_HEIGHT, MOST_HEIGHT),
        "_contact_force_range": (-LARGEST_FORCE, LARGEST_FORCE),
        "_main_body": 1,
        "_exclude_current_positions_from_observation": True,
        "_include_cfrc_ext_in_observation": True,
    },
    contact_forces=True,
)
