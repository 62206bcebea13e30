"""An environment arrives in another process with its arguments and its registration."""

from __future__ import annotations

import dataclasses
import threading
from typing import Any

import gymnasium
import pytest

from poise.rollouts.delivery import NotSendableError, pack, unpack
from poise.rollouts.environments import close, make
from poise.testing.troubles import Trouble
from poise.types import EnvironmentSpec


def test_a_name_arguments_and_a_time_limit_go_along() -> None:
    spec = EnvironmentSpec("CartPole-v1", {"sutton_barto_reward": True}, 77)
    assert unpack(pack(spec)) == spec


def test_a_name_means_there_what_it_means_here() -> None:
    own = gymnasium.registry["CartPole-v1"]
    try:
        gymnasium.registry["CartPole-v1"] = dataclasses.replace(own, max_episode_steps=33)
        data = pack(EnvironmentSpec("CartPole-v1"))
        gymnasium.registry["CartPole-v1"] = own
        environment = make(unpack(data))
        assert environment.spec is not None
        assert environment.spec.max_episode_steps == 33
        close(environment)
    finally:
        gymnasium.registry["CartPole-v1"] = own


def test_a_registration_goes_along() -> None:
    def entry(**arguments: Any) -> gymnasium.Env[Any, Any]:
        return Trouble(**arguments)

    gymnasium.register("Own-v0", entry_point=entry, max_episode_steps=3)
    data = pack(EnvironmentSpec("Own-v0"))
    del gymnasium.registry["Own-v0"]  # as in a process that knows nothing of it
    try:
        environment = make(unpack(data))
        assert isinstance(environment.unwrapped, Trouble)
        assert environment.spec is not None
        assert environment.spec.max_episode_steps == 3
        close(environment)
    finally:
        del gymnasium.registry["Own-v0"]


def test_what_cannot_be_pickled_is_named_with_what_to_do() -> None:
    with pytest.raises(NotSendableError, match=r"CartPole-v1 cannot be played in several processes.*lock.*--workers 1"):
        pack(EnvironmentSpec("CartPole-v1", {"lock": threading.Lock()}))
