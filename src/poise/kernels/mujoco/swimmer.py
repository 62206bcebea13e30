"""A chain of three links in a liquid (Coulom, 2002): rewarded for speed, never ended."""

from __future__ import annotations

from typing import Any

from poise.kernels.mujoco.base import Mechanism, first_position, joints
from poise.kernels.mujoco.formulas import control_cost

CONTROL_COST = 1e-4


def observe(seen: Any, views: Any) -> None:
    """All but the place."""
    qpos, qvel = views
    for k in range(3):
        seen[k] = qpos[k + 2]
    for k in range(5):
        seen[3 + k] = qvel[k]


def outcome(before: Any, action: Any, views: Any, dt: Any) -> Any:
    """Speed along the first axis, less the effort."""
    return (views[0][0] - before) / dt - control_cost(CONTROL_COST, action), False


MECHANISM = Mechanism(
    name="swimmer",
    identifier="Swimmer-v5",
    made_by="gymnasium.envs.mujoco.swimmer_v5:SwimmerEnv",
    features=8,
    actions=2,
    views=joints,
    observe=observe,
    mark=first_position,
    outcome=outcome,
    constants={
        "frame_skip": 4,
        "_forward_reward_weight": 1.0,
        "_ctrl_cost_weight": CONTROL_COST,
        "_exclude_current_positions_from_observation": True,
    },
)
