"""Single steps are those of Gymnasium, and their recording replays."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

from poise.errors import EnvironmentFailureError
from poise.rollouts.environments import inspect
from poise.rollouts.recording import replay
from poise.rollouts.stepping import SteppedEnvironment
from poise.types import EnvironmentSpec


def test_steps_are_gymnasiums_and_an_episode_left_early_replays() -> None:
    info, plain = inspect(EnvironmentSpec("Pendulum-v1")), gymnasium.make("Pendulum-v1")
    with SteppedEnvironment(info) as world:
        assert world.reset(7).tolist() == plain.reset(seed=7)[0].tolist()
        for output in (0.5, -2.0, 0.0):
            step = world.step(np.array([output]))
            observation, reward, *_ = plain.step(np.array([2 * np.clip(output, -1, 1)], dtype=np.float32))
            assert step.features.tolist() == observation.tolist()
            assert step.reward == reward
        kept = world.recording()
    plain.close()
    assert (len(kept.actions), kept.terminated, kept.truncated) == (3, False, True)
    again = replay(kept.environment, kept.seed, kept.actions)
    assert again.rewards == kept.rewards


def test_an_environment_that_fails_is_named_with_seed_and_step() -> None:
    with SteppedEnvironment(inspect(EnvironmentSpec("CartPole-v1"))) as world:
        world.reset(3)
        world._environment.step = lambda action: 1 / 0  # type: ignore[method-assign,assignment,return-value]
        with pytest.raises(EnvironmentFailureError, match=r"CartPole-v1, seed 3, step 1: raised ZeroDivisionError"):
            world.step(np.array([1.0]))
