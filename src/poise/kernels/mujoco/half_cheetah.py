"""A flat two-legged runner (Wawrzyński, 2009): rewarded for speed, and never ended by a fall."""

from __future__ import annotations

from typing import Any

from poise.kernels.mujoco.base import Mechanism, first_position, joints
from poise.kernels.mujoco.formulas import control_cost

CONTROL_COST = 0.1


def observe(seen: Any, views: Any) -> None:
    """All but how far along it is."""
    qpos, qvel = views
    for k in range(8):
        seen[k] = qpos[k + 1]
    for k in range(9):
        seen[8 + k] = qvel[k]


def outcome(before: Any, action: Any, views: Any, dt: Any) -> Any:
    """Speed, less the effort."""
    return (views[0][0] - before) / dt - control_cost(CONTROL_COST, action), False


MECHANISM = Mechanism(
    name="half_cheetah",
    identifier="HalfCheetah-v5",
    made_by="gymnasium.envs.mujoco.half_cheetah_v5:HalfCheetahEnv",
    features=17,
    actions=6,
    views=joints,
    observe=observe,
    mark=first_position,
    outcome=outcome,
    constants={
        "frame_skip": 5,
        "_forward_reward_weight": 1.0,
        "_ctrl_cost_weight": CONTROL_COST,
        "_exclude_current_positions_from_observation": True,
    },
)
