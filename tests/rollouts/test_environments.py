"""Environments that cannot be made are explained."""

from __future__ import annotations

from typing import Any

import gymnasium
import pytest

from poise.errors import EnvironmentFailureError, InvalidValueError, MissingDependencyError, UnknownNameError
from poise.rollouts.environments import inspect, installed, make
from poise.types import EnvironmentSpec


@pytest.mark.parametrize(
    ("env", "error", "words"),
    [
        ("CartPol-v1", UnknownNameError, "Did you mean 'CartPole-v1'"),
        ("CartPole-v99", UnknownNameError, "poise envs"),
        ("ALE/Pong-v5", UnknownNameError, "Namespace ALE not found"),
        ("CliffWalking-v0", UnknownNameError, "CliffWalking-v1"),
        ("no_such_module:Env-v0", MissingDependencyError, "no_such_module"),
    ],
)
def test_an_environment_that_is_not_there_is_explained(env: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make(EnvironmentSpec(env))


def test_an_argument_it_does_not_take_is_explained() -> None:
    with pytest.raises(InvalidValueError, match=r"does not take these arguments.*gravty"):
        make(EnvironmentSpec("CartPole-v1", {"gravty": 1}))


def test_a_constructor_that_raises_is_named() -> None:
    def fail(**_: Any) -> gymnasium.Env[Any, Any]:
        raise OSError("the robot is not plugged in")

    gymnasium.register("Unplugged-v0", entry_point=fail)
    try:
        with pytest.raises(EnvironmentFailureError, match="raised OSError: the robot is not plugged in"):
            make(EnvironmentSpec("Unplugged-v0"))
    finally:
        del gymnasium.registry["Unplugged-v0"]


def test_what_is_known_of_an_environment() -> None:
    info = inspect(EnvironmentSpec("CartPole-v1"))
    assert (info.observation.size, info.action.outputs) == (4, 1)
    assert (info.max_episode_steps, info.reward_threshold, info.time_limit_is_ours) == (500, 475.0, False)


def test_an_unversioned_name_is_completed() -> None:
    assert inspect(EnvironmentSpec("CartPole")).spec.id == "CartPole-v1"


def test_only_the_newest_version_of_each_is_listed() -> None:
    names = installed()
    assert "CartPole-v1" in names
    assert "CartPole-v0" not in names
    assert names == sorted(names)


def test_one_that_cannot_be_closed_is_named_in_a_line(caplog: pytest.LogCaptureFixture) -> None:
    inspect(EnvironmentSpec("poise.testing.troubles:Trouble-v0", {"kind": "raises when closed"}))
    (said,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert "Trouble-v0" in said.getMessage()
    assert said.getMessage().endswith("could not be closed: OSError: it does not want to go")
    assert said.exc_info is None
