"""CartPole made harder for whoever learns a model of it: other units, noisy sensors, actions that are not obeyed.

Importing this module makes ``poise-probe/DisturbedCartPole-v0`` known to Gymnasium, so that
``poise train poise.testing.disturbed:poise-probe/DisturbedCartPole-v0 --env-arg noise=0.01`` works.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

IDENTIFIER = "poise-probe/DisturbedCartPole-v0"

TRANSFORMATIONS = ("none", "permuted", "flipped", "scaled", "rotated")


class DisturbedCartPole(gymnasium.Env[Any, Any]):
    """CartPole-v1 with disturbances. All of them are fixed by the seeds.

    Args:
        noise: standard deviation of what each sensor adds to each observation.
        flip: share of the actions of which the opposite is done.
        transformation: one of `TRANSFORMATIONS`: what is done to the observation; scales are from 0.1 to 10.
        transformation_seed: draws it.
    """

    def __init__(
        self, noise: float = 0.0, flip: float = 0.0, transformation: str = "none", transformation_seed: int = 0
    ) -> None:
        self._inner = gymnasium.make("CartPole-v1", disable_env_checker=True).unwrapped
        self._noise, self._flip = noise, flip
        self._matrix = _matrix(transformation, np.random.default_rng(transformation_seed))
        self.observation_space = spaces.Box(-np.inf, np.inf, (4,), np.float64)
        self.action_space = self._inner.action_space

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """The first observation."""
        super().reset(seed=seed)
        observation, _ = self._inner.reset(seed=seed)
        return self._seen(observation), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """One step, as CartPole does it."""
        obeyed = self.np_random.random() >= self._flip
        observation, reward, terminated, truncated, _ = self._inner.step(int(action) if obeyed else 1 - int(action))
        return self._seen(observation), float(reward), bool(terminated), bool(truncated), {}

    def _seen(self, observation: Any) -> Any:
        noise = self._noise * self.np_random.standard_normal(4)
        return self._matrix @ (np.asarray(observation, dtype=np.float64) + noise)


def _matrix(transformation: str, rng: np.random.Generator) -> Any:
    if transformation == "permuted":
        return np.eye(4)[rng.permutation(4)]
    if transformation == "flipped":
        return np.diag(rng.choice([-1.0, 1.0], 4))
    if transformation == "scaled":
        return np.diag(10 ** rng.uniform(-1, 1, 4))
    if transformation == "rotated":
        return np.linalg.qr(rng.normal(size=(4, 4)))[0]
    return np.eye(4)


if IDENTIFIER not in gymnasium.registry:
    gymnasium.register(IDENTIFIER, entry_point=f"{__name__}:DisturbedCartPole", max_episode_steps=500)
