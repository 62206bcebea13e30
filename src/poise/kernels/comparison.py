"""Whether a kernel is equal to an environment: looked at each time before it is used, without compiling anything.

Spaces, constants, and some steps of both side by side, to the last bit. A version of Gymnasium with other physics, a
processor on which NumPy's sine is not the C library's, another environment registered under the name: all are found out
within milliseconds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from poise.kernels.base import Box, Discrete, Kernel, Numbers
from poise.kernels.environment import spaces_of

if TYPE_CHECKING:
    import gymnasium

TRIAL_SEEDS = (0, 1, 2**32 - 1)
TRIAL_STEPS = 40


def differences(kernel: Kernel, settings: Numbers, environment: gymnasium.Env[Any, Any]) -> str | None:
    """What differs between a kernel and an environment, in words, or ``None``.

    Args:
        kernel: the kernel.
        settings: its settings for the environment's keyword arguments.
        environment: the environment; it is reset.
    """
    try:
        return next(_differences(kernel, settings, environment), None)
    except Exception as error:  # an environment of the same name, but of another make, may raise anything
        return f"comparing them raised {type(error).__name__}: {error}"


def _differences(kernel: Kernel, settings: Numbers, environment: gymnasium.Env[Any, Any]) -> Iterator[str]:
    """The most obvious ones first."""
    for name, expected in kernel.constants.items():
        found = getattr(environment.unwrapped, name, None)
        if found != expected:
            yield f"its {name} is {found!r}, the kernel was written for {expected!r}"
    observation, action = spaces_of(kernel)
    if observation != environment.observation_space:
        yield f"it observes {environment.observation_space}, the kernel {observation}"
    if action != environment.action_space:
        yield f"its actions are {environment.action_space}, the kernel's {action}"
    for seed in TRIAL_SEEDS:
        yield from step_differences(kernel, settings, environment, seed, TRIAL_STEPS)


def step_differences(
    kernel: Kernel, settings: Numbers, environment: gymnasium.Env[Any, Any], seed: int, steps: int
) -> Iterator[str]:
    """Steps at which the two differ, with actions by chance; the kernel runs as plain Python."""
    chance = np.random.default_rng(seed)
    draws = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed))).random(kernel.draw_count)
    state = kernel.reset(tuple(draws.tolist()), settings)
    observation, _ = environment.reset(seed=seed)
    if not _same(kernel, state, observation):
        yield f"with seed {seed} it starts at {observation}, the kernel at {kernel.observe(state)}"
    for number in range(1, steps + 1):
        given, taken = trial_action(kernel.action, chance)
        observation, reward, terminated, truncated, _ = environment.step(given)
        state, own_reward, own_terminated = kernel.step(state, taken, settings)
        ours, theirs = (own_reward, bool(own_terminated)), (float(reward), bool(terminated))
        if ours != theirs or not _same(kernel, state, observation):
            yield (
                f"step {number} with seed {seed} and action {given} gives {observation}, {theirs}, "
                f"in the kernel {kernel.observe(state)}, {ours}"
            )
        if terminated or truncated:
            return


def _same(kernel: Kernel, state: Numbers, observation: Any) -> bool:
    return np.array_equal(np.array(kernel.observe(state), dtype=np.float32), observation)


def trial_action(action: Discrete | Box, chance: np.random.Generator) -> tuple[Any, Any]:
    """An action by chance: as an environment takes it, and as a kernel does."""
    if isinstance(action, Discrete):
        choice = int(chance.integers(action.count))
        return choice, float(choice)
    low = [value if math.isfinite(value) else -1e3 for value in action.low]
    high = [value if math.isfinite(value) else 1e3 for value in action.high]
    numbers = chance.uniform(low, high).astype(np.float32)
    return numbers, tuple(float(number) for number in numbers)
