"""A run that learns a table: from the command to its files, interrupted and resumed to the same bytes."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

import poise
from poise.errors import InvalidValueError
from poise.rollouts.environments import inspect
from poise.runs.directory import RunDirectory
from poise.runs.table_run import policy_so_far
from poise.types import EnvironmentSpec, Event

FILES = ("metrics.jsonl", "policy.json", "evaluation.json")


def test_frozen_lake_is_learnt_with_no_flags_and_equal_commands_give_equal_bytes(tmp_path: Path) -> None:
    runs = [
        poise.train("FrozenLake-v1", out=tmp_path / name, env_args={"is_slippery": False}, evaluation_episodes=10)
        for name in "ab"
    ]
    assert runs[0].result["evaluation"]["mean"] == 1.0
    assert runs[0].result["policy"] == "linear"
    assert runs[0].result["steps"]["search"] == RunDirectory.existing(runs[0].path).read_metrics()[-1]["steps"]
    for file in FILES:
        assert (runs[0].path / file).read_bytes() == (runs[1].path / file).read_bytes()


def test_stopped_and_resumed_it_has_the_bytes_it_would_have_had(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"max_steps": 3_000, "evaluation_episodes": 20}
    whole = poise.train("FrozenLake-v1", out=tmp_path / "whole", **settings)

    def stop_at_the_fifth(event: Event) -> None:
        if event.phase == "search" and event.metrics["generation"] == 5:
            raise KeyboardInterrupt

    stopped = poise.train("FrozenLake-v1", out=tmp_path / "run", observe=stop_at_the_fifth, **settings)
    assert stopped.interrupted
    assert poise.load(stopped.path).certificate is None
    resumed = poise.resume(stopped.path)
    for file in FILES:
        assert (resumed.path / file).read_bytes() == (whole.path / file).read_bytes()


def test_a_signal_between_two_generations_stops_it_and_it_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"max_steps": 3_000, "evaluation_episodes": 20}
    whole = poise.train("FrozenLake-v1", out=tmp_path / "whole", **settings)

    def signal_at_the_fifth(event: Event) -> None:
        if event.phase == "search" and event.metrics["generation"] == 5:
            signal.raise_signal(signal.SIGINT)

    stopped = poise.train("FrozenLake-v1", out=tmp_path / "run", observe=signal_at_the_fifth, **settings)
    assert stopped.interrupted
    info = inspect(EnvironmentSpec("FrozenLake-v1"))
    assert policy_so_far(stopped.path / "checkpoint", info).parameters.tolist() == stopped.result["parameters"]
    resumed = poise.resume(stopped.path)
    for file in FILES:
        assert (resumed.path / file).read_bytes() == (whole.path / file).read_bytes()


def test_a_larger_budget_goes_on_with_the_same_table(tmp_path: Path) -> None:
    poise.train("FrozenLake-v1", out=tmp_path / "short", max_steps=500, evaluation_episodes=5)
    poise.train("FrozenLake-v1", out=tmp_path / "long", max_steps=1_500, evaluation_episodes=5)
    poise.resume(tmp_path / "short", max_steps=1_500)
    for file in FILES:
        assert (tmp_path / "short" / file).read_bytes() == (tmp_path / "long" / file).read_bytes()


def test_where_no_table_can_be_learnt_it_is_refused_and_a_named_optimizer_is_taken(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="choices alone"):
        poise.train("CartPole-v1", out=tmp_path / "run", optimizer="value_iteration")
    assert not (tmp_path / "run").exists()
    run = poise.train(
        "FrozenLake-v1", out=tmp_path / "run", optimizer="random_search", max_episodes=20, evaluation_episodes=5
    )
    assert run.policy.architecture.name == "linear"
    assert run.result["episodes"]["search"] == 20
