"""A run from its start to its files; the laws of the house where they meet."""

from __future__ import annotations

import functools
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

import poise
from poise.errors import InvalidFileError, InvalidValueError, OutputError, UnknownNameError
from poise.probing import PROBES
from poise.rollouts import pool
from poise.runs.directory import RunDirectory
from poise.seeding import Purpose, purpose_of
from poise.types import Event

SMALL: dict[str, Any] = {
    "selection_episodes": 10,
    "confirmation_episodes": 10,
    "evaluation_episodes": 20,
    "engine": "gymnasium",
}
DETERMINISTIC = ("metrics.jsonl", "policy.json", "evaluation.json")


def _contents(path: Path) -> dict[str, bytes]:
    names = [*DETERMINISTIC, *sorted(f"episodes/{p.name}" for p in (path / "episodes").iterdir())]
    return {name: (path / name).read_bytes() for name in names}


def test_cartpole_is_solved_and_everything_is_kept(tmp_path: Path) -> None:
    run = poise.train("CartPole-v1", seed=0, out=tmp_path / "run", **SMALL)
    result = run.result
    assert result["env"] == "CartPole-v1"
    assert result["policy"] == "linear"
    assert result["evaluation"]["mean"] == 500.0
    assert result["evaluation"]["episodes"] == 20
    assert "nothing left to gain" in result["stopped_because"]
    assert run.policy.certificate is not None
    assert run.policy.certificate["mean"] == 500.0
    assert (run.policy.parameters == result["parameters"]).all()
    # A run of more than a second has the checkpoint before the last, too.
    assert sorted(p.name for p in (tmp_path / "run").iterdir() if p.name != "checkpoint.previous") == [
        "checkpoint",
        "config.json",
        "episodes",
        "evaluation.json",
        "metrics.jsonl",
        "policy.json",
        "timings.jsonl",
    ]
    json.dumps(dict(result), allow_nan=False)


def test_equal_commands_give_equal_bytes_and_another_seed_other_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        poise.train("CartPole-v1", seed=seed, out=tmp_path / name, **SMALL)
    assert _contents(tmp_path / "a") == _contents(tmp_path / "b")
    assert _contents(tmp_path / "a") != _contents(tmp_path / "c")


@pytest.mark.parametrize(
    ("budget", "steps"), [({"max_steps": 900}, 900), ({"max_steps": 9000, "max_episodes": 8}, 4000)]
)
def test_the_engine_hears_how_many_steps_the_budget_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, budget: dict[str, int], steps: int
) -> None:
    heard: list[int] = []
    monkeypatch.setattr(pool.Pool, "expect", lambda self, steps: heard.append(steps))
    small: dict[str, Any] = {"policy": "linear", "optimizer": "random_search", "optimizer_args": {"population": 2}}
    small.update(budget, engine="gymnasium", normalize="none", selection_episodes=1, evaluation_episodes=2)
    poise.train("CartPole-v1", out=tmp_path / "run", **small)
    assert heard == [steps]


def test_any_number_of_workers_gives_equal_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # So short a run would be played in one process.
    monkeypatch.setattr(pool, "Pool", functools.partial(pool.Pool, isolate=True))
    asked: dict[str, Any] = {"policy": "linear", "optimizer": "cma_es", "max_episodes": 150, "normalize": "running"}
    for workers in (1, 2, 3):
        env, out = "poise.testing.troubles:Trouble-v0", tmp_path / str(workers)
        poise.train(env, out=out, workers=workers, **SMALL, **asked)
        assert _contents(out) == _contents(tmp_path / "1")


def test_every_step_is_paid_for_and_adds_up(tmp_path: Path) -> None:
    seen: list[Event] = []
    run = poise.train("CartPole-v1", seed=1, out=tmp_path / "run", observe=seen.append, **SMALL)
    steps, episodes = run.result["steps"], run.result["episodes"]
    metrics = RunDirectory.existing(run.path).read_metrics()
    assert metrics[-1]["steps"] == steps["search"]
    probed = metrics[0]["episodes"] - len(metrics[0]["scores"])
    assert probed == PROBES
    assert metrics[-1]["episodes"] == episodes["search"] == probed + sum(len(line["scores"]) for line in metrics)
    assert episodes["evaluation"] == 20
    assert steps["evaluation"] == 20 * 500
    assert [event.usage.episodes for event in seen if event.phase == "evaluation"][-1] == 20
    assert {event.phase for event in seen} == {"search", "selection", "evaluation"}


def test_plain_gymnasium_repeats_the_recorded_episodes(tmp_path: Path) -> None:
    run = poise.train("CartPole-v1", seed=2, out=tmp_path / "run", max_episodes=8, **SMALL)
    files = list((run.path / "episodes").iterdir())
    assert files
    environment = gymnasium.make("CartPole-v1")
    for file in files:
        episode = json.loads(file.read_text())
        assert purpose_of(episode["seed"]) is Purpose.EVALUATION
        observation, _ = environment.reset(seed=episode["seed"])
        total = 0.0
        for action, expected in zip(episode["actions"], episode["observations"], strict=False):
            assert observation.tolist() == expected
            assert run.policy.act(observation) == action
            observation, reward, terminated, truncated, _ = environment.step(action)
            total += float(reward)
        assert total == episode["return"]
        assert (terminated, truncated) == (episode["terminated"], episode["truncated"])
    environment.close()


def test_the_budget_of_episodes_is_never_crossed(tmp_path: Path) -> None:
    run = poise.train("Pendulum-v1", out=tmp_path / "run", max_episodes=25, optimizer="random_search", **SMALL)
    assert run.result["episodes"]["search"] == 20
    assert run.result["stopped_because"] == "the budget of 25 episodes is used"


def test_a_target_is_confirmed_on_fresh_episodes(tmp_path: Path) -> None:
    run = poise.train("CartPole-v1", seed=5, out=tmp_path / "run", target=100, **SMALL)
    assert run.result["stopped_because"] == "the target is confirmed on fresh episodes"
    assert run.result["evaluation"]["mean"] >= 100
    assert run.result["evaluation"]["threshold"] == 100


def test_the_tutorials_random_search_is_a_command_away(tmp_path: Path) -> None:
    run = poise.train(
        "CartPole-v1",
        out=tmp_path / "run",
        optimizer="random_search",
        optimizer_args={"low": 0.0, "high": 1.0},
        max_episodes=10,
        **SMALL,
    )
    assert (run.policy.parameters >= 0).all()
    assert (run.policy.parameters <= 1).all()
    assert run.result["episodes"]["search"] <= 10


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"max_steps": -1}, InvalidValueError, "max_steps must be greater than 0"),
        ({"max_episodes": 2}, InvalidValueError, "at least one generation"),
        ({"seed": -1}, InvalidValueError, "seed"),
        ({"seed": 2**32}, InvalidValueError, "seed"),
        ({"evaluation_episodes": 1}, InvalidValueError, "evaluation_episodes must be at least 2"),
        ({"confidence": 1.0}, InvalidValueError, "confidence"),
        ({"optimizer": "cma"}, UnknownNameError, "Did you mean 'cma_es'"),
        ({"optimizer": "snes", "optimizer_args": {"sigma": 1.0}}, UnknownNameError, "Did you mean 'sigma0'"),
        ({"policy": "linnear"}, UnknownNameError, "Did you mean 'linear'"),
        ({"engine": "kernal"}, UnknownNameError, "engine"),
        ({"max_step": 3}, UnknownNameError, "Did you mean 'max_steps'"),
        ({"env_args": {"gravty": 3}}, InvalidValueError, "gravty"),
    ],
)
def test_bad_settings_are_refused_before_anything_is_written(
    tmp_path: Path, settings: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        poise.train("CartPole-v1", out=tmp_path / "run", **settings)
    assert not (tmp_path / "run").exists()


def test_an_output_that_is_there_already_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="is a file"):
        poise.train("CartPole-v1", out=tmp_path / "file")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    with pytest.raises(OutputError, match="not empty"):
        poise.train("CartPole-v1", out=tmp_path / "full")
    assert (tmp_path / "full" / "mine").read_text() == "mine"


def test_a_finished_run_is_not_run_again(tmp_path: Path) -> None:
    run = poise.train("CartPole-v1", out=tmp_path / "run", **SMALL)
    before = _contents(run.path)
    again = poise.resume(run.path)
    assert again.result["evaluation"] == run.result["evaluation"]
    assert _contents(run.path) == before


def test_a_larger_budget_continues_the_very_same_search(tmp_path: Path) -> None:
    shared = {**SMALL, "optimizer": "hill_climbing", "seed": 1}
    poise.train("Pendulum-v1", out=tmp_path / "short", max_steps=2_000, **shared)
    poise.train("Pendulum-v1", out=tmp_path / "long", max_steps=6_000, **shared)
    poise.resume(tmp_path / "short", max_steps=6_000)
    assert (tmp_path / "short" / "metrics.jsonl").read_bytes() == (tmp_path / "long" / "metrics.jsonl").read_bytes()


def test_a_run_killed_before_its_first_checkpoint_begins_again(tmp_path: Path) -> None:
    whole = poise.train("CartPole-v1", seed=9, out=tmp_path / "whole", **SMALL)
    (tmp_path / "killed").mkdir()
    (tmp_path / "killed" / "config.json").write_bytes((whole.path / "config.json").read_bytes())
    (tmp_path / "killed" / "metrics.jsonl").write_text('{"generation": 1, "sco')
    poise.resume(tmp_path / "killed")
    assert _contents(tmp_path / "killed") == _contents(tmp_path / "whole")


def test_resuming_what_is_no_run_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidFileError, match="is no run"):
        poise.resume(tmp_path)


PENDULUM = [
    "train", "Pendulum-v1", "--seed", "7", "--max-steps", "20000", "--selection-episodes", "5",
    "--evaluation-episodes", "10", "--engine", "gymnasium", "--quiet",
]  # fmt: skip


def _poise(*arguments: str, cwd: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "poise", *arguments]
    return subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    path = tmp_path_factory.mktemp("undisturbed")
    process = _poise(*PENDULUM, "--out", "run", cwd=path)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors.decode()
    return _contents(path / "run")


def _wait_for_lines(path: Path, count: int) -> None:
    deadline = time.monotonic() + 60
    while not path.exists() or path.read_bytes().count(b"\n") < count:
        assert time.monotonic() < deadline, f"{path} never had {count} lines"
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.parametrize("attempt", range(2))
def test_killed_at_any_moment_and_resumed_a_run_has_the_bytes_it_would_have_had(
    tmp_path: Path, undisturbed: dict[str, bytes], attempt: int
) -> None:
    run = tmp_path / "run"
    moment = random.Random(attempt)
    process = _poise(*PENDULUM, "--out", "run", cwd=tmp_path)
    _wait_for_lines(run / "metrics.jsonl", 1)
    longest = 2.5
    while not (run / "evaluation.json").exists():
        time.sleep(moment.uniform(0.2, longest))
        longest += 0.5  # where a machine is so busy that a process takes longer than that to begin
        process.send_signal(signal.SIGKILL)
        process.communicate()
        process = _poise("resume", "run", "--quiet", cwd=tmp_path)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors.decode()
    assert _contents(run) == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_after_the_generation_and_the_run_can_go_on(
    tmp_path: Path, undisturbed: dict[str, bytes], number: signal.Signals
) -> None:
    process = _poise(*PENDULUM, "--out", "run", cwd=tmp_path)
    _wait_for_lines(tmp_path / "run" / "metrics.jsonl", 2)
    process.send_signal(number)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 3, errors.decode()
    assert "poise resume" in errors.decode()
    assert "Traceback" not in errors.decode()
    assert b"interrupted" in out
    assert poise.load(tmp_path / "run").certificate is None
    process = _poise("resume", "run", "--quiet", cwd=tmp_path)
    process.communicate(timeout=120)
    assert process.returncode == 0
    assert _contents(tmp_path / "run") == undisturbed


@pytest.mark.slow
def test_the_second_signal_does_not_wait_for_the_generation(tmp_path: Path) -> None:
    slow = ["train", "poise.testing.troubles:Trouble-v0", "--env-arg", "step_seconds=0.05", "--max-episodes", "400"]
    search = ["--policy", "linear", "--optimizer", "cma_es", "--optimizer-arg", "population=40", "--normalize", "none"]
    process = _poise(*slow, *search, "--workers", "1", "--quiet", "--out", "run", cwd=tmp_path)  # 10 s a generation
    _wait_for_lines(tmp_path / "run" / "metrics.jsonl", 1)
    time.sleep(1.0)  # into the second generation
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None, "the first waits"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=5)
    assert process.returncode == 3, errors.decode()
    assert "Traceback" not in errors.decode()
    assert poise.load(tmp_path / "run").certificate is None
    assert len(RunDirectory.existing(tmp_path / "run").read_metrics()) == 1
    assert not (tmp_path / "run" / "lock").exists()


def test_a_signal_during_the_evaluation_stops_at_once_and_the_run_can_go_on(tmp_path: Path) -> None:
    long = ["train", "CartPole-v1", "--confirmation-episodes", "5", "--evaluation-episodes", "20000"]
    process = _poise(*long, "--engine", "gymnasium", "--out", "run", cwd=tmp_path)
    assert process.stderr is not None
    while b"evaluation" not in (line := process.stderr.readline()):
        assert line, "the evaluation never began"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 3, errors.decode()
    assert b"Traceback" not in errors
    policy = poise.load(tmp_path / "run")
    assert policy.certificate is None
    assert not (tmp_path / "run" / "evaluation.json").exists()


def _process_state() -> tuple[object, ...]:
    numpy_state = np.random.get_state(legacy=False)  # noqa: NPY002  the global generator is what must stay untouched
    return dict(os.environ), repr(numpy_state), random.getstate(), signal.getsignal(signal.SIGINT)


def test_the_process_is_left_as_it_was(tmp_path: Path) -> None:
    before = _process_state()
    poise.train("CartPole-v1", out=tmp_path / "run", **SMALL)
    assert _process_state() == before
