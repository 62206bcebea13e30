"""Killed at any moment, or failed by the disk at any call, a run comes to the bytes that it would have had."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import poise
from poise.errors import OutputError, PoiseError, RunStoppedError
from poise.testing.crashes import (
    Died,
    Disk,
    Fault,
    begin_or_resume,
    contents,
    saved_at_every_generation,
    trouble_in,
    workers_killed,
)

SETTINGS: dict[str, Any] = {
    "optimizer": "cma_es",
    "policy": "linear",
    "engine": "gymnasium",
    "env_args": {"sutton_barto_reward": True},
    "max_episodes": 16,
    "selection_episodes": 1,
    "evaluation_episodes": 2,
    "workers": 1,
}


TABLE: dict[str, Any] = {"max_episodes": 60, "selection_episodes": 1, "evaluation_episodes": 2, "workers": 1}


def _play(path: Path, env: str = "CartPole-v1") -> None:
    with saved_at_every_generation():
        begin_or_resume(path, env, SETTINGS if env == "CartPole-v1" else TABLE)


def test_a_disk_counts_calls_and_fails_the_one_it_is_told_to(tmp_path: Path) -> None:
    with (disk := Disk()).in_use():
        _play(tmp_path / "whole")
    assert disk.calls > 50
    with (
        pytest.raises(RunStoppedError, match=r"No space left on device.* poise resume"),
        Disk(disk.calls // 2).in_use(),
    ):
        _play(tmp_path / "full")
    with pytest.raises(Died), Disk(disk.calls // 2, "die after").in_use():
        _play(tmp_path / "dead")
    with pytest.raises(OutputError, match="No space left"), Disk(1).in_use():
        _play(tmp_path / "full at once")


@pytest.mark.slow
@pytest.mark.parametrize("env", ["CartPole-v1", "FrozenLake-v1"])
@pytest.mark.parametrize("fault", ["error", "die before", "die after"])
def test_whichever_call_fails_the_resumed_run_has_the_same_bytes(tmp_path: Path, fault: Fault, env: str) -> None:
    with (disk := Disk()).in_use():
        _play(tmp_path / "whole", env)
    expected, stride = contents(tmp_path / "whole"), 9 if env == "CartPole-v1" else 35
    for at in range(1 + len(fault) % 5, disk.calls + 1, stride):  # benchmarks/kills.py tries each of them
        path = tmp_path / str(at)
        try:
            with Disk(at, fault).in_use():
                _play(path, env)
        except (PoiseError, Died):
            pass
        assert trouble_in(path) is None
        _play(path, env)
        assert contents(path) == expected, at


@pytest.mark.slow
def test_runs_that_are_killed_again_and_again_have_the_same_bytes(tmp_path: Path) -> None:
    report = tmp_path / "kills.json"
    program = Path(__file__).parents[2] / "benchmarks" / "kills.py"
    command = [sys.executable, str(program), "--kills", "3", "--only", "sep_cma_es", "--json", str(report)]
    subprocess.run(command, check=True, timeout=120)
    (outcome,) = json.loads(report.read_text()).values()
    assert outcome["kills"] >= 3
    assert not outcome["different"] + outcome["unreadable"] + outcome["errors"]


@pytest.mark.slow
def test_a_run_whose_workers_are_killed_all_the_time_has_the_same_bytes(tmp_path: Path) -> None:
    settings = {**SETTINGS, "env_args": {}, "max_episodes": 1_200, "workers": 2, "evaluation_episodes": 30}
    poise.train("Pendulum-v1", out=tmp_path / "undisturbed", **{**settings, "workers": 1})
    with workers_killed(0.3, random.Random(0)) as killed:
        poise.train("Pendulum-v1", out=tmp_path / "disturbed", **settings)
    assert len(killed) >= 3
    assert contents(tmp_path / "disturbed") == contents(tmp_path / "undisturbed")
