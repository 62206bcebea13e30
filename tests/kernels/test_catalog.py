"""A kernel is used for the environment it is equal to, and for no other."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from typing import Any

import gymnasium
import pytest
from gymnasium.envs.classic_control.cartpole import CartPoleEnv

from poise.errors import InvalidValueError
from poise.kernels import Discrete, acrobot, cartpole, kernel_for, kernels, pendulum, register
from poise.kernels.comparison import differences
from poise.rollouts.environments import make
from poise.types import EnvironmentSpec

CLASSIC = {"CartPole-v0", "CartPole-v1", "MountainCar-v0", "MountainCarContinuous-v0", "Acrobot-v1", "Pendulum-v1"}


def test_classic_control_is_complete() -> None:
    assert set(kernels()) >= CLASSIC


def test_arguments_become_settings() -> None:
    assert kernel_for(EnvironmentSpec("Pendulum-v1", {"g": 9.81})) == (pendulum.KERNEL, (9.81,), "")
    assert kernel_for(EnvironmentSpec("CartPole-v0", {"sutton_barto_reward": True})) == (cartpole.KERNEL, (1.0,), "")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (EnvironmentSpec("LunarLander-v3"), "no compiled kernel"),
        (EnvironmentSpec("CartPole-v1", {"render_mode": "rgb_array"}), "render_mode"),
        (EnvironmentSpec("CartPole-v1", {"sutton_barto_reward": 2}), "sutton_barto_reward=2"),
        (EnvironmentSpec("Pendulum-v1", {"g": "heavy"}), "g='heavy'"),
        (EnvironmentSpec("Pendulum-v1", {"g": float("nan")}), "g=nan"),
        (EnvironmentSpec("MountainCarContinuous-v0", {"goal_velocity": 1e-60}), "goal_velocity=1e-60"),
        (EnvironmentSpec("no_such_module:CartPole-v1"), "cannot be imported"),
    ],
)
def test_what_is_not_covered_is_said(spec: EnvironmentSpec, said: str) -> None:
    kernel, settings, reason = kernel_for(spec)
    assert kernel is None
    assert settings == ()
    assert said in reason


@pytest.mark.parametrize("identifier", sorted(CLASSIC))
def test_no_difference_from_gymnasium(identifier: str) -> None:
    environment = make(EnvironmentSpec(identifier))
    assert differences(kernels()[identifier], kernels()[identifier].with_settings({}), environment) is None
    environment.close()


def heavier(environment: Any) -> None:
    environment.masspole = 0.2


def stepping_otherwise(environment: Any) -> None:
    environment.kinematics_integrator = "semi-implicit euler"


def narrower(environment: Any) -> None:
    environment.action_space = gymnasium.spaces.Discrete(3)


@pytest.mark.parametrize(
    ("change", "said"), [(heavier, "masspole"), (stepping_otherwise, "step 1"), (narrower, "actions")]
)
def test_a_changed_environment_is_found_out(change: Any, said: str) -> None:
    environment = CartPoleEnv()
    change(environment)
    assert said in (differences(cartpole.KERNEL, (0.0,), environment) or "")


def test_another_environment_is_found_out() -> None:
    environment = gymnasium.make("Acrobot-v1")
    assert differences(cartpole.KERNEL, (0.0,), environment) is not None
    seedless = dataclasses.replace(acrobot.KERNEL, reset=lambda draws, settings: (0.0, 0.0, 0.0, 0.0, 1.0))
    assert "starts" in (differences(seedless, (), environment) or "")
    environment.close()


def test_a_registered_kernel_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poise.kernels.catalog._registered", {})
    mine = register(dataclasses.replace(cartpole.KERNEL, name="mine", identifiers=("Mine-v0",)))
    assert kernel_for(EnvironmentSpec("Mine-v0"))[0] is mine
    with pytest.raises(InvalidValueError, match="identifiers"):
        register(dataclasses.replace(mine, identifiers=()))


@pytest.mark.parametrize(
    "change",
    [{"name": "not a name"}, {"state_size": 0}, {"draw_count": -1}, {"time_limit": 0}, {"action": Discrete(1)}],
    ids=str,
)
def test_a_kernel_that_cannot_be_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError):
        dataclasses.replace(cartpole.KERNEL, **change)


def test_nothing_heavy_is_imported() -> None:
    script = """
import sys
import poise.kernels
from poise.types import EnvironmentSpec
poise.kernels.kernel_for(EnvironmentSpec("CartPole-v1"))
print([name for name in ("numba", "llvmlite", "gymnasium") if name in sys.modules])
"""
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
