"""A recording is checked by playing it again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

from poise.errors import EnvironmentFailureError, InvalidFileError
from poise.rollouts.environments import DEFAULT_STEP_LIMIT, specify
from poise.rollouts.recording import Recorder, plain, record, replay
from poise.types import EnvironmentSpec

CARTPOLE = EnvironmentSpec("CartPole-v1")


def test_the_same_seed_and_actions_give_the_same_episode_to_the_bit() -> None:
    first = record(CARTPOLE, lambda observation: int(observation[2] > 0), seed=11)
    again = replay(CARTPOLE, 11, first.actions)
    assert json.dumps(first.to_json()) == json.dumps(again.to_json())
    assert first.score == len(first.actions) == len(first.observations) - 1
    assert first.terminated
    assert not first.truncated


def test_a_recorder_plays_one_episode_after_another_in_one_environment_and_each_as_a_new_one_would() -> None:
    made = 0

    def make() -> gymnasium.Env[Any, Any]:
        nonlocal made
        made += 1
        return gymnasium.make("CartPole-v1")

    recorder = Recorder(specify(make))
    for seed in (11, 12, 11):
        kept = recorder(lambda observation: int(observation[2] > 0), seed)
        alone = record(CARTPOLE, lambda observation: int(observation[2] > 0), seed)
        assert kept.to_json()["observations"] == alone.to_json()["observations"]
    assert made == 1
    with pytest.raises(EnvironmentFailureError):
        recorder(lambda _: "left", 13)
    recorder(lambda _: 0, 14)
    assert made == 2
    recorder.close()
    recorder.close()


def test_a_recorder_plays_what_remembers_earlier_episodes_as_a_new_one_would() -> None:
    walker, still = EnvironmentSpec("BipedalWalker-v3"), np.array([0.5, -0.5, 0.5, -0.5])
    recorder = Recorder(walker)
    for seed in (1, 2):
        kept = recorder(lambda _: still, seed)
        np.testing.assert_array_equal(kept.observations, record(walker, lambda _: still, seed).observations)
    recorder.close()


def test_actions_of_another_episode_are_found_out() -> None:
    first = record(CARTPOLE, lambda observation: int(observation[2] > 0), seed=11)
    with pytest.raises(InvalidFileError, match="goes on after its 3 recorded actions"):
        replay(CARTPOLE, 11, first.actions[:3])
    with pytest.raises(InvalidFileError, match=r"of its .* recorded actions"):
        replay(CARTPOLE, 11, [*first.actions, 1, 1])


class Fickle(gymnasium.Env[Any, Any]):
    """Rewards with its action, or does wrong as it is told; it has no time limit."""

    observation_space = spaces.Box(-9, 9, (1,), np.float64)
    action_space = spaces.Box(-1, 1, (1,), np.float64)

    def __init__(self, fault: str = "") -> None:
        self.fault = fault

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.shared = np.zeros(1)
        return self.shared, {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.shared += 1
        if self.fault == "iteration stops":
            raise StopIteration
        reward = np.nan if self.fault == "reward is NaN" else float(action[0])
        action *= 0
        return self.shared, reward, bool(self.shared[0] == 5 and self.fault != "never ends"), False, {}


@pytest.fixture(autouse=True)
def fickle() -> Iterator[None]:
    gymnasium.register("Fickle-v0", entry_point=lambda **arguments: Fickle(**arguments))
    yield
    del gymnasium.registry["Fickle-v0"]


def test_arrays_that_are_written_again_are_recorded_as_they_were() -> None:
    action = np.zeros(1)

    def act(observation: Any) -> Any:
        action[:] = 0.125 * observation
        return action

    recording = record(EnvironmentSpec("Fickle-v0"), act, seed=1)
    assert [float(o[0]) for o in recording.observations] == [0, 1, 2, 3, 4, 5]
    assert [float(a[0]) for a in recording.actions] == list(recording.rewards) == [0, 0.125, 0.25, 0.375, 0.5]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("iteration stops", "Fickle-v0, seed 3: raised StopIteration"),
        ("reward is NaN", "expected finite rewards, got nan"),
    ],
)
def test_a_fault_of_the_environment_is_named(fault: str, words: str) -> None:
    with pytest.raises(EnvironmentFailureError, match=words):
        record(EnvironmentSpec("Fickle-v0", {"fault": fault}), lambda _: np.zeros(1), seed=3)


def test_an_episode_without_a_time_limit_ends_all_the_same() -> None:
    recording = record(EnvironmentSpec("Fickle-v0", {"fault": "never ends"}), lambda _: np.ones(1), seed=3)
    assert len(recording.actions) == DEFAULT_STEP_LIMIT
    assert recording.truncated


def test_other_actions_in_an_episode_of_the_same_length_show() -> None:
    spec = EnvironmentSpec("Pendulum-v1")
    one = record(spec, lambda _: np.array([0.5], dtype=np.float32), seed=4)
    again, other = replay(spec, 4, one.actions), replay(spec, 4, [-action for action in one.actions])
    assert again.to_json() == one.to_json()
    assert other.to_json() != one.to_json()


def test_an_environment_that_writes_into_its_last_observation_is_recorded_right() -> None:
    recording = record(EnvironmentSpec("MountainCar-v0"), lambda _: 2, seed=1)
    assert len({tuple(o) for o in recording.observations}) > 100


def test_any_observation_becomes_plain_data() -> None:
    value = {"a": np.float32(1.5), "b": (np.array([1, 2]), 3)}
    assert plain(value) == {"a": 1.5, "b": [[1, 2], 3]}
