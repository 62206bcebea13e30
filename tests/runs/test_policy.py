"""A policy's file holds all of it, is only data, and anything else than such a file is one clear error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import poise
from poise.errors import InvalidFileError, InvalidValueError, PoiseError, UnknownNameError
from poise.policies.architecture import Normalizer
from poise.runs.policy import Policy, load

TUTORIAL = [-0.116, 0.332, 0.207, 0.352]


@pytest.fixture
def policy() -> Policy:
    return Policy.create("CartPole-v1", "linear", TUTORIAL)


def test_the_tutorials_policy_pushes_right_when_the_pole_falls_right(policy: Policy) -> None:
    assert policy.act([0, 0, 0.2, 0.05]) == 1
    assert policy.act([0, 0, -0.2, -0.05]) == 0
    assert policy.act(np.zeros(4, dtype=np.float32)) == 0


@pytest.mark.parametrize("env", ["CartPole-v1", "Pendulum-v1", "MountainCar-v0", "FrozenLake-v1", "Blackjack-v1"])
@pytest.mark.parametrize("architecture", ["linear", "linear+bias", "quadratic", "mlp:3,2"])
def test_a_saved_policy_is_the_same_policy_when_loaded(tmp_path: Path, env: str, architecture: str) -> None:
    blank = Policy.create(env, architecture)
    numbers = np.random.default_rng(1).normal(size=blank.architecture.parameter_count)
    made = Policy.create(env, architecture, numbers)
    again = load(made.save(tmp_path / "policy.json"))
    assert again.architecture == made.architecture
    assert again.environment == made.environment
    assert (again.parameters == made.parameters).all()
    environment = again.make_env()
    observation, _ = environment.reset(seed=3)
    assert np.array_equal(again.act(observation), made.act(observation))
    assert environment.action_space.contains(again.act(observation))
    environment.close()


def test_a_normalizer_is_frozen_in_the_file(tmp_path: Path, policy: Policy) -> None:
    normalizer = Normalizer(np.array([0.1, 0.2, 0.3, 0.4]), np.array([1.0, 2.0, 3.0, 1 / 3]))
    made = Policy(policy.environment, policy.architecture.with_normalizer(normalizer), policy.parameters)
    again = load(made.save(tmp_path / "p.json"))
    assert again.architecture.normalizer is not None
    assert (again.architecture.normalizer.mean == normalizer.mean).all()
    assert (again.architecture.normalizer.scale == normalizer.scale).all()


def test_parameters_cannot_be_changed_from_outside(policy: Policy) -> None:
    numbers = np.array(TUTORIAL)
    made = Policy.create("CartPole-v1", "linear", numbers)
    numbers[0] = 99.0
    assert made.parameters[0] == TUTORIAL[0]
    with pytest.raises(ValueError, match="read-only"):
        policy.parameters[0] = 1.0


def test_a_loaded_policy_acts_without_gymnasium(tmp_path: Path, policy: Policy) -> None:
    path = policy.save(tmp_path / "policy.json")
    code = (
        f"import sys, poise; p = poise.load({str(path)!r}); print(p.act([0, 0, .2, .05]), 'gymnasium' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False"]


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ([1, 2, 3], r"expected parameters of shape \(4\).*got shape \(3,\)"),
        ([[1, 2, 3, 4]], "got shape"),
        ([1, 2, float("nan"), 4], "finite"),
        (["a", 2, 3, 4], "numbers"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(parameters: Any, words: str) -> None:
    with pytest.raises(InvalidValueError, match=words):
        Policy.create("CartPole-v1", "linear", parameters)


def test_an_unknown_kind_gets_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'linear'"):
        Policy.create("CartPole-v1", "liner")


def test_an_observation_of_another_size_is_refused(policy: Policy) -> None:
    for observation in ([0, 0, 1], [0] * 5, 3.0):
        with pytest.raises(InvalidValueError, match="expected an observation of 4 features"):
            policy.act(observation)


def _set(*path: str | int, to: Any) -> Callable[[Any], None]:
    def change(data: Any) -> None:
        for key in path[:-1]:
            data = data[key]
        data[path[-1]] = to

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_set("format", to="other"), "is no policy of poise"),
        (_set("version", to=2), "newer poise"),
        (_set("version", to="1"), "expected version 1"),
        (_set("parameters", to=[1, 2, 3]), "expected parameters of shape"),
        (_set("parameters", to=["a", 2, 3, 4]), r"parameters\[0\]"),
        (_set("parameters", to=[]), "parameters"),
        (_set("architecture", "name", to="conv"), "no policy named 'conv'"),
        (_set("architecture", "name", to="mlp:0"), "no policy named 'mlp:0'"),
        (_set("architecture", "observation", 0, "low", to=[0.0]), "expected 4 entries in low"),
        (_set("architecture", "observation", 0, "kind", to="image"), "observation"),
        (_set("architecture", "action", "sizes", to=[2, 2]), "expected 1 entries in sizes"),
        (_set("architecture", "action", "dtype", to="object"), "dtype"),
        (_set("architecture", "normalizer", to={"mean": [0, 0], "scale": [1, 1]}), "normaliser for 4"),
        (_set("architecture", "normalizer", to={"mean": [0] * 4, "scale": [1, 1, 1, 0]}), "normalizer"),
        (_set("environment", "id", to=7), "environment"),
        (_set("certificate", to={"mean": 1}), "certificate"),
        (lambda data: data.pop("environment"), "'environment' is a required property"),
    ],
)
def test_a_policy_file_that_does_not_hold_together_is_one_clear_error(
    tmp_path: Path, policy: Policy, change: Callable[[Any], None], words: str
) -> None:
    data = json.loads(json.dumps(policy.to_json()))
    change(data)
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(data))
    with pytest.raises(InvalidFileError, match=words) as caught:
        load(path)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 600


def test_a_policy_file_cut_anywhere_is_one_clear_error(tmp_path: Path, policy: Policy) -> None:
    text = policy.save(tmp_path / "whole.json").read_text()
    path = tmp_path / "cut.json"
    for length in range(0, len(text) - 2, 97):
        path.write_text(text[:length])
        with pytest.raises(InvalidFileError):
            load(path)


def test_a_directory_without_a_policy_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(InvalidFileError, match=r"holds no policy\.json"):
        load(tmp_path)


def test_a_policy_of_another_environment_is_not_played_in_this_one(tmp_path: Path, policy: Policy) -> None:
    data = policy.to_json()
    data["environment"]["id"] = "MountainCar-v0"
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(data))
    with pytest.raises(InvalidFileError, match="another environment"):
        load(path).make_env()
    with pytest.raises(InvalidFileError, match="another environment"):
        poise.evaluate(path, episodes=2)


def test_saving_where_nothing_can_be_written_is_a_clear_error(policy: Policy, tmp_path: Path) -> None:
    with pytest.raises(PoiseError, match="cannot write"):
        policy.save(tmp_path / "none" / "policy.json")
    if os.geteuid() != 0:
        tmp_path.chmod(0o500)
        with pytest.raises(PoiseError, match="cannot write"):
            policy.save(tmp_path / "policy.json")
