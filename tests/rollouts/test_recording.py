"""A recording is checked by playing it again."""

from __future__ import annotations

import json

import numpy as np
import pytest

from poise.errors import InvalidFileError
from poise.rollouts.recording import plain, record, replay
from poise.types import EnvironmentSpec

CARTPOLE = EnvironmentSpec("CartPole-v1")


def test_the_same_seed_and_actions_give_the_same_episode_to_the_bit() -> None:
    first = record(CARTPOLE, lambda observation: int(observation[2] > 0), seed=11)
    again = replay(CARTPOLE, 11, first.actions)
    assert json.dumps(first.to_json()) == json.dumps(again.to_json())
    assert first.score == len(first.actions) == len(first.observations) - 1
    assert first.terminated
    assert not first.truncated


def test_actions_of_another_episode_are_found_out() -> None:
    first = record(CARTPOLE, lambda observation: int(observation[2] > 0), seed=11)
    with pytest.raises(InvalidFileError, match="goes on after its 3 recorded actions"):
        replay(CARTPOLE, 11, first.actions[:3])
    with pytest.raises(InvalidFileError, match=r"of its .* recorded actions"):
        replay(CARTPOLE, 11, [*first.actions, 1, 1])


def test_an_environment_that_writes_into_its_last_observation_is_recorded_right() -> None:
    recording = record(EnvironmentSpec("MountainCar-v0"), lambda _: 2, seed=1)
    assert len({tuple(o) for o in recording.observations}) > 100


def test_any_observation_becomes_plain_data() -> None:
    value = {"a": np.float32(1.5), "b": (np.array([1, 2]), 3)}
    assert plain(value) == {"a": 1.5, "b": [[1, 2], 3]}
