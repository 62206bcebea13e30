"""A run of an environment that was given from Python is as whole as any, but for the environment itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.wrappers import TransformReward

import poise
from poise.__main__ import run as command
from poise.errors import InvalidFileError, InvalidValueError
from poise.testing.troubles import STEPS, Trouble

SMALL: dict[str, Any] = {
    "policy": "linear",
    "optimizer": "cma_es",
    "max_episodes": 60,
    "selection_episodes": 5,
    "evaluation_episodes": 10,
}


def _shifted(by: float = 10.0) -> gymnasium.Env[Any, Any]:
    return TransformReward(Trouble(), lambda reward: float(reward) + by)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> poise.Run:
    return poise.train(_shifted, out=tmp_path_factory.mktemp("runs") / "run", **SMALL)


def test_it_is_trained_and_reported_like_any(run: poise.Run) -> None:
    assert run.result["env"] == "custom: _shifted"
    assert run.result["engine"] == "gymnasium"
    assert run.result["evaluation"]["length_mean"] == STEPS
    assert run.result["evaluation"]["mean"] > 5 * STEPS
    assert len(list((run.path / "episodes").iterdir())) >= 2
    assert poise.evaluate(run.policy, 10).length_mean == STEPS


def test_its_file_loads_and_says_that_the_environment_has_to_be_given_again(
    run: poise.Run, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = poise.load(run.path)
    assert policy.act(np.ones(3)) in (0, 1)
    with pytest.raises(InvalidValueError, match=r"custom: _shifted.*Give it again.*poise\.load\(path, env=\.\.\.\)"):
        policy.make_env()
    with pytest.raises(InvalidValueError, match="Give it again"):
        poise.evaluate(run.path, 10)
    assert command(["evaluate", str(run.path), "--quiet"]) == 2
    assert "Give it again" in capsys.readouterr().err


def test_given_again_it_is_played_as_before(run: poise.Run) -> None:
    before = poise.evaluate(run.policy, 10)
    assert poise.evaluate(run.path, 10, env=_shifted) == before
    assert poise.evaluate(poise.load(run.path, env=_shifted), 10) == before
    assert poise.evaluate(run.path, 10, env=_shifted()) == before, "an object plays what a function plays"
    asked: dict[str, Any] = {"return_at_least": 0.0, "probability": 0.5, "env": _shifted}
    assert poise.certify(run.path, **asked).certified
    assert poise.play(_shifted, poise.load(run.path), seed=3).score > 5 * STEPS


def test_another_environment_is_refused(run: poise.Run) -> None:
    with pytest.raises(InvalidFileError, match="made for another environment"):
        poise.evaluate(run.path, 10, env="CartPole-v1")


def test_its_arguments_are_kept_and_it_goes_on_when_it_is_given_again(tmp_path: Path) -> None:
    asked: dict[str, Any] = {**SMALL, "env_args": {"by": 20.0}}
    whole = poise.train(_shifted, out=tmp_path / "whole", **{**asked, "max_episodes": 100})
    part = poise.train(_shifted, out=tmp_path / "part", **asked)
    assert json.loads((part.path / "config.json").read_text())["train"]["env_args"] == {"by": 20.0}
    with pytest.raises(InvalidValueError, match=r"poise\.resume\(run, env=\.\.\.\)"):
        poise.resume(part.path, max_episodes=100)
    poise.resume(part.path, env=_shifted, max_episodes=100)
    assert (part.path / "metrics.jsonl").read_bytes() == (whole.path / "metrics.jsonl").read_bytes()
    assert poise.evaluate(part.path, 10, env=_shifted).mean > 15 * STEPS, "the arguments are in the file"


def test_an_object_with_a_name_is_that_environment(tmp_path: Path) -> None:
    environment = gymnasium.make("CartPole-v1", sutton_barto_reward=True)
    by_object = poise.train(environment, out=tmp_path / "object", engine="gymnasium", **SMALL)
    arguments = {"sutton_barto_reward": True}
    by_name = poise.train("CartPole-v1", env_args=arguments, out=tmp_path / "name", engine="gymnasium", **SMALL)
    for name in ("config.json", "metrics.jsonl", "policy.json", "evaluation.json"):
        assert (by_object.path / name).read_bytes() == (by_name.path / name).read_bytes()
    assert poise.load(by_object.path).make_env().spec is not None
