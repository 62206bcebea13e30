"""Environments that come with an extra, trained for real: found, searched, evaluated, kept and played again."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest

import poise

SMALL = {
    "selection_episodes": 2,
    "confirmation_episodes": 2,
    "evaluation_episodes": 4,
    "max_episodes": 8,
    "workers": 1,
}

EXTRAS = [
    ("LunarLander-v3", "Box2D"),
    ("LunarLanderContinuous-v3", "Box2D"),
    ("BipedalWalker-v3", "Box2D"),
    ("InvertedPendulum-v5", "mujoco"),
    ("Reacher-v5", "mujoco"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("env", "package"), EXTRAS)
def test_an_environment_of_an_extra_is_trained_and_its_policy_plays_again(
    tmp_path: Path, env: str, package: str
) -> None:
    if importlib.util.find_spec(package) is None:
        assert not os.environ.get("CI"), f"{package} must be installed where everything is tested"
        pytest.skip(f"{package} is not installed")
    run = poise.train(env, out=tmp_path / "run", **SMALL)  # type: ignore[arg-type]
    assert run.result["evaluation"]["episodes"] == 4
    policy = poise.load(tmp_path / "run")
    environment = policy.make_env()
    observation, _ = environment.reset(seed=1)
    for _ in range(5):
        action = policy.act(observation)
        assert environment.action_space.contains(action)
        observation, reward, *_ = environment.step(action)
        assert np.isfinite(float(reward))
    environment.close()


@pytest.mark.slow
def test_an_inverted_pendulum_is_balanced_with_no_flags_but_its_episodes(tmp_path: Path) -> None:
    pytest.importorskip("mujoco")
    run = poise.train("InvertedPendulum-v5", out=tmp_path / "run", confirmation_episodes=5, evaluation_episodes=10)
    assert run.result["evaluation"]["mean"] == 1000.0
    assert "nothing left to gain" in run.result["stopped_because"]
