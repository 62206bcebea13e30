"""A kernel as a Gymnasium environment, so that it can be watched, checked and trained by anyone's tools.

The functions run as plain Python here. Nothing is compiled, and numba is not needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from poise.errors import InvalidValueError
from poise.kernels.base import Discrete, Kernel

if TYPE_CHECKING:
    import gymnasium


def spaces_of(kernel: Kernel) -> tuple[gymnasium.Space[Any], gymnasium.Space[Any]]:
    """The observation space and the action space."""
    from gymnasium import spaces

    low, high = (np.array(bounds, dtype=np.float32) for bounds in (kernel.observation.low, kernel.observation.high))
    observation = spaces.Box(low, high, dtype=np.float32)
    if isinstance(kernel.action, Discrete):
        return observation, spaces.Discrete(kernel.action.count)
    low, high = (np.array(bounds, dtype=np.float32) for bounds in (kernel.action.low, kernel.action.high))
    return observation, spaces.Box(low, high, dtype=np.float32)


def as_environment(kernel: Kernel, *, time_limit: int | None = None, **arguments: Any) -> gymnasium.Env[Any, Any]:
    """A Gymnasium environment with a kernel's physics.

    Made by Gymnasium's own registration (``gymnasium.register(id, lambda **kw: as_environment(kernel, **kw),
    max_episode_steps=kernel.time_limit)``), or directly.

    Args:
        kernel: the kernel.
        time_limit: steps after which an episode is truncated; ``None`` leaves that to a wrapper.
        arguments: the kernel's settings by name, and ``render_mode``, which must be ``None``.

    Raises:
        InvalidValueError: for arguments that the kernel does not have.
    """
    if arguments.pop("render_mode", None) is not None:
        raise InvalidValueError(f"{kernel.name} cannot be drawn: render_mode must be None")
    settings = kernel.with_settings(arguments)
    import gymnasium

    observation_space, action_space = spaces_of(kernel)

    class KernelEnvironment(gymnasium.Env[Any, Any]):
        """A kernel, step by step."""

        def __init__(self) -> None:
            self.observation_space = observation_space
            self.action_space = action_space

        def reset(
            self, *, seed: int | None = None, options: dict[str, Any] | None = None
        ) -> tuple[Any, dict[str, Any]]:
            """Starts an episode."""
            super().reset(seed=seed)
            draws = tuple(self.np_random.random(kernel.draw_count).tolist())
            self._state = kernel.reset(draws, settings)
            self._elapsed = 0
            return self._observation(), {}

        def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
            """One step."""
            if isinstance(kernel.action, Discrete):
                taken: Any = float(action)
            else:
                taken = tuple(float(number) for number in np.asarray(action, dtype=np.float32))
            self._state, reward, terminated = kernel.step(self._state, taken, settings)
            self._elapsed += 1
            truncated = time_limit is not None and self._elapsed >= time_limit
            return self._observation(), float(reward), bool(terminated), truncated, {}

        def _observation(self) -> Any:
            return np.array(kernel.observe(self._state), dtype=np.float32)

    return KernelEnvironment()
