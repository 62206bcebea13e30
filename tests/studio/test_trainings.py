"""Trainings from the page: child processes with the command line that is shown, stopped, resumed, never too many."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from poise.errors import InvalidValueError
from poise.studio import trainings
from poise.studio.run_index import RunIndex
from poise.studio.trainings import MOST_AT_ONCE, Order, Trainings

PATIENCE_SECONDS = 60.0


def until(ready: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not ready():
        assert time.monotonic() < end, f"waited {PATIENCE_SECONDS} s for {what}"
        time.sleep(0.05)


def test_an_order_is_the_command_line(tmp_path: Path) -> None:
    order = Order.from_json({"env": "CartPole-v1", "seed": 3, "max_steps": 1000, "policy": "mlp:8", "optimizer": ""})
    assert shlex.join(order.arguments(tmp_path / "x")) == (
        f"train CartPole-v1 --seed 3 --policy mlp:8 --max-steps 1000 --out {tmp_path / 'x'}"
    )


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({}, "Expected the environment"),
        ({"env": 3}, "Expected a text for env"),
        ({"env": "--help"}, "Expected a name for env"),
        ({"env": "x" * 201}, "Expected a name for env"),
        ({"env": "a\nb"}, "Expected a name for env"),
        ({"env": "x", "policy": "--out=/"}, "Expected a name for policy"),
        ({"env": "x", "seed": "3"}, "Expected a whole number for seed"),
        ({"env": "x", "seed": True}, "Expected a whole number for seed"),
        ({"env": "x", "seed": -1}, "seed must be"),
        ({"env": "x", "seed": 2**32}, "seed must be"),
        ({"env": "x", "max_steps": 0}, "max_steps must be greater than 0"),
        ({"env": "x", "max_steps": 1.5}, "Expected a whole number for max_steps"),
        ({"env": "x", "max_seconds": float("inf")}, "max_seconds must be"),
        ({"env": "x", "out": "/etc"}, "has no setting 'out'"),
    ],
)
def test_an_order_that_is_none_is_refused_in_words(order: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidValueError, match=words):
        Order.from_json(order)


def test_a_training_runs_to_its_end_and_says_how_it_went(tmp_path: Path) -> None:
    started = Trainings(tmp_path)
    name = started.start(Order("FrozenLake-v1", max_steps=300, policy="linear"))
    assert (tmp_path / name).is_dir()
    assert started.known() == {name: True}
    until(lambda: not started.status(name)["alive"], "the end")
    started.close()
    status = started.status(name)
    assert status["exitCode"] == 0, status["words"]
    assert status["command"] == (
        f"poise train FrozenLake-v1 --seed 0 --policy linear --max-steps 300 --out {shlex.quote(str(tmp_path / name))}"
    )
    row = RunIndex(tmp_path, started.known).row(name)
    assert row is not None
    assert row.state == "finished"


def test_a_training_that_cannot_begin_says_why(tmp_path: Path) -> None:
    started = Trainings(tmp_path)
    name = started.start(Order("CartPole-v1", policy="liner"))
    until(lambda: not started.status(name)["alive"], "the end")
    started.close()
    assert started.status(name)["exitCode"] == 2
    assert "Did you mean 'linear'" in started.status(name)["words"]


@pytest.mark.slow
def test_trainings_are_stopped_resumed_and_limited(tmp_path: Path) -> None:
    started = Trainings(tmp_path)
    order = Order("FrozenLake-v1", max_steps=10**8, policy="linear")
    names = [started.start(order) for _ in range(MOST_AT_ONCE)]
    try:
        assert len(set(names)) == MOST_AT_ONCE
        with pytest.raises(InvalidValueError, match="trainings are under way"):
            started.start(order)
        first = names[0]
        until(lambda: (tmp_path / first / "checkpoint").exists(), "a checkpoint")
        with pytest.raises(InvalidValueError, match="under way already"):
            started.resume(first)
        started.stop(first)
        until(lambda: not started.status(first)["alive"], "the end")
        assert started.status(first)["exitCode"] == 3
        assert (tmp_path / first / "policy.json").exists()
        with pytest.raises(InvalidValueError, match="has ended"):
            started.stop(first)
        lines = (tmp_path / first / "metrics.jsonl").read_text().count("\n")
        started.resume(first)
        until(lambda: (tmp_path / first / "metrics.jsonl").read_text().count("\n") > lines, "another generation")
    finally:
        started.close()
    assert set(started.known().values()) == {False}
    for name in names:
        assert json.loads((tmp_path / name / "policy.json").read_text())["certificate"] is None


@pytest.mark.slow
def test_a_training_that_is_killed_goes_on_to_the_bytes_of_an_undisturbed_one(tmp_path: Path) -> None:
    started = Trainings(tmp_path)
    order = Order("FrozenLake-v1", seed=2, max_steps=20_000, policy="linear")
    try:
        undisturbed = started.start(order)
        until(lambda: not started.status(undisturbed)["alive"], "the end of the undisturbed training")
        killed = started.start(order)
        metrics = tmp_path / killed / "metrics.jsonl"
        until(lambda: metrics.exists() and metrics.read_text().count("\n") > 2, "some generations")
        os.kill(int((tmp_path / killed / "lock").read_text()), signal.SIGKILL)
        until(lambda: not started.status(killed)["alive"], "the end of the killed one")
        assert not (tmp_path / killed / "evaluation.json").exists()
        started.resume(killed)
        until(lambda: not started.status(killed)["alive"], "the end of the resumed one")
    finally:
        started.close()
    for name in ("metrics.jsonl", "policy.json", "evaluation.json"):
        assert (tmp_path / killed / name).read_bytes() == (tmp_path / undisturbed / name).read_bytes(), name


def test_last_words_are_bounded(tmp_path: Path) -> None:
    file = tmp_path / "words"
    file.write_bytes(b"".join(b"line %d\n" % number for number in range(10_000)))
    with file.open("rb") as handle:
        words = trainings._last_words(handle)
    assert len(words) <= trainings.LAST_WORDS
    assert words.startswith("line ")
    assert words.endswith("line 9999\n")


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="this system has no groups of sessions")
def test_a_training_gives_way_as_a_whole_session() -> None:
    """Linux shares the processor among sessions first: a niceness of the process alone would change nothing."""
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as child:
        try:
            trainings._give_way(child.pid)
            assert f"nice {trainings.NICENESS}" in Path(f"/proc/{child.pid}/autogroup").read_text()
            assert os.getpriority(os.PRIO_PROCESS, child.pid) == trainings.NICENESS
        finally:
            child.kill()
