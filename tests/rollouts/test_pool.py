"""Many processes play what one would, to the bit, whoever dies, hangs or fails meanwhile, and leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

from poise.errors import EnvironmentFailureError, InvalidValueError
from poise.policies.architecture import Architecture
from poise.rollouts import pool
from poise.rollouts.base import Engine
from poise.rollouts.delivery import NotSendableError
from poise.rollouts.environments import inspect
from poise.rollouts.in_process import InProcess
from poise.rollouts.player import Episode, Work
from poise.rollouts.pool import Pool
from poise.rollouts.process import COMMAND
from poise.testing.engine_suite import CHECKS, Check, Subject
from poise.types import EnvironmentSpec, EpisodeBatch

TROUBLE = "poise.testing.troubles:Trouble-v0"
INFO = inspect(EnvironmentSpec(TROUBLE))
LINEAR = Architecture("linear", INFO.observation, INFO.action)
PARAMETERS = np.random.default_rng(0).normal(size=(5, LINEAR.parameter_count))
SEEDS = np.arange(8, dtype=np.uint32)


def _trouble(**arguments: Any) -> EnvironmentSpec:
    return EnvironmentSpec(TROUBLE, arguments)


def _run(engine: Engine) -> EpisodeBatch:
    return engine.run(LINEAR, PARAMETERS, SEEDS, sum_observations=True)


@pytest.fixture(scope="module")
def expected() -> EpisodeBatch:
    with InProcess(INFO.spec) as engine:
        return _run(engine)


def _require_equal(found: EpisodeBatch, expected: EpisodeBatch) -> None:
    for name in ("returns", "lengths", "terminated", "truncated"):
        assert getattr(found, name).tobytes() == getattr(expected, name).tobytes(), name
    assert found.observation_sums is not None
    assert expected.observation_sums is not None
    assert found.observation_sums.count == expected.observation_sums.count
    assert found.observation_sums.total.tobytes() == expected.observation_sums.total.tobytes()
    assert found.observation_sums.squares.tobytes() == expected.observation_sums.squares.tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_keeps_the_contract(check: Check) -> None:
    check(Subject(lambda: Pool(INFO.spec, 2, isolate=True), LINEAR, INFO.spec))


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_any_number_of_workers_plays_what_one_process_plays(workers: int, expected: EpisodeBatch) -> None:
    with Pool(INFO.spec, workers, isolate=True) as engine:
        _require_equal(_run(engine), expected)
        pids = engine.worker_pids
        _require_equal(_run(engine), expected)
        assert engine.worker_pids == pids, "a worker serves for every call"
        assert os.getpid() not in pids
        assert len(set(pids)) == workers
    assert not [thread for thread in threading.enumerate() if "keeper" in thread.name], "nothing is left after closing"


def test_an_environment_of_gymnasium_s_own_is_the_same_there() -> None:
    info = inspect(EnvironmentSpec("CartPole-v1"))
    architecture = Architecture("quadratic", info.observation, info.action)
    parameters = np.random.default_rng(1).normal(size=(4, architecture.parameter_count))
    with InProcess(info.spec) as one, Pool(info.spec, 2, isolate=True) as several:
        alone = one.run(architecture, parameters, SEEDS, sum_observations=True)
        _require_equal(several.run(architecture, parameters, SEEDS, sum_observations=True), alone)
        assert several.name == one.name, "what is written of a run does not depend on the number of workers"


def test_this_process_plays_until_workers_are_ready(expected: EpisodeBatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "START_SECONDS", (0.0, 0.0))
    with Pool(_trouble(step_seconds=0.002), 2) as engine:
        here = engine._player
        _require_equal(_run(engine), expected)
        first = here.steps
        assert first > 0
        deadline = time.monotonic() + 20
        while not engine.worker_pids or here.steps > first:  # until a call in which nothing was played here
            first = here.steps
            _require_equal(_run(engine), expected)
            assert time.monotonic() < deadline
        assert len(engine.worker_pids) >= 1


def test_threads_that_start_workers_get_the_interpreter_while_this_process_plays(
    expected: EpisodeBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An environment in Python kept it for itself: workers took ten seconds to start, where half of one is enough."""
    monkeypatch.setattr(pool, "START_SECONDS", (0.0, 0.0))
    usual, waits = sys.getswitchinterval(), []
    with Pool(_trouble(step_seconds=0.002), 2) as engine:
        play = engine._player.play

        def watched(work: Work) -> Iterator[Episode]:
            waits.append(sys.getswitchinterval())
            return play(work)

        monkeypatch.setattr(engine._player, "play", watched)
        _require_equal(_run(engine), expected)
    assert waits[0] == usual  # nobody is to be started yet
    assert waits[1] == pytest.approx(pool.SWITCH_SECONDS)
    assert sys.getswitchinterval() == usual


def test_short_work_starts_no_process(expected: EpisodeBatch) -> None:
    with Pool(INFO.spec, 2) as engine:
        for _ in range(3):
            _require_equal(_run(engine), expected)
        assert engine.worker_pids == []


@pytest.mark.slow
def test_a_killed_worker_is_replaced_and_its_episodes_are_played_again(expected: EpisodeBatch) -> None:
    with Pool(_trouble(step_seconds=0.004), 2, isolate=True) as engine:
        _run(engine)
        before = engine.worker_pids
        threading.Timer(0.15, os.kill, [before[0], signal.SIGKILL]).start()
        _require_equal(_run(engine), expected)
        assert before[0] not in engine.worker_pids
        assert before[1] in engine.worker_pids
        os.kill(before[1], signal.SIGKILL)  # while it has nothing to do
        time.sleep(0.05)
        _require_equal(_run(engine), expected)


def test_an_episode_that_kills_once_is_played_again(expected: EpisodeBatch, tmp_path: Path) -> None:
    with Pool(_trouble(kind="dies", seeds=[3], once=str(tmp_path / "once")), 2, isolate=True) as engine:
        _require_equal(_run(engine), expected)
    assert (tmp_path / "once").exists()


@pytest.mark.slow
def test_an_episode_that_kills_always_fails_and_the_others_are_played(expected: EpisodeBatch) -> None:
    with Pool(_trouble(kind="dies", seeds=[3]), 2, isolate=True) as engine:
        batch = engine.run(LINEAR, PARAMETERS[:2], SEEDS)
    assert batch.failures.episodes == 2
    assert batch.first_failure is not None
    assert "seed 3: the process that played it ended 3 times (with exit" in batch.first_failure
    assert (batch.returns == expected.returns[:2])[~batch.failed].all()
    assert np.flatnonzero(batch.failed.any(axis=0)).tolist() == [3]


@pytest.fixture(scope="module")
def raising() -> Iterator[Pool]:
    with Pool(_trouble(kind="raises", seeds=[4, 6]), 2, isolate=True) as engine:
        yield engine


@pytest.mark.parametrize("kind", ["raises", "exits"])
def test_an_episode_that_fails_is_lost_alone_and_told_as_by_one_process(
    kind: str, raising: Pool, expected: EpisodeBatch
) -> None:
    with InProcess(_trouble(kind=kind, seeds=[4, 6])) as engine:
        alone = _run(engine)
    assert alone.failures.episodes == 2 * len(PARAMETERS)
    assert alone.first_failure is not None
    said = {"raises": "ZeroDivisionError: a wheel came off", "exits": "SystemExit: an environment should not do this"}
    assert f"seed 4, step 3: raised {said[kind]} (troubles.py, line " in alone.first_failure
    assert (alone.returns == expected.returns)[:, [0, 1, 2, 3, 5, 7]].all()
    assert np.isnan(alone.returns[:, [4, 6]]).all()
    assert not (alone.terminated | alone.truncated)[:, [4, 6]].any()
    assert (alone.lengths[:, [4, 6]] == 2).all()
    if kind == "raises":
        for _ in range(2):
            found = _run(raising)
            _require_equal(found, alone)
            assert found.first_failure == alone.first_failure


def test_it_goes_on_after_a_failure(raising: Pool, expected: EpisodeBatch) -> None:
    batch = raising.run(LINEAR, PARAMETERS, SEEDS[:4])
    assert (batch.returns == expected.returns[:, :4]).all()


def test_what_an_environment_prints_is_no_result(expected: EpisodeBatch, capfd: pytest.CaptureFixture[str]) -> None:
    with Pool(_trouble(kind="prints", seeds=[1]), 1, isolate=True) as engine:
        _require_equal(_run(engine), expected)
    output, errors = capfd.readouterr()
    assert output == ""
    assert "this is no place to print" in errors


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["hangs", "hangs in C"])
def test_an_episode_that_hangs_is_given_up(kind: str, expected: EpisodeBatch) -> None:
    with Pool(_trouble(kind=kind, seeds=[5]), 2, isolate=True, step_seconds=2.0) as engine:
        batch = engine.run(LINEAR, PARAMETERS[:1], SEEDS)
    assert np.flatnonzero(batch.failed[0]).tolist() == [5]
    assert (batch.returns == expected.returns[:1])[~batch.failed].all()
    assert batch.first_failure is not None
    assert "time limit of 2 seconds" in batch.first_failure


@pytest.mark.slow
def test_an_environment_that_hangs_again_and_again_is_given_up() -> None:
    with (
        Pool(_trouble(kind="hangs", seeds=[5]), 2, isolate=True, step_seconds=2.0) as engine,
        pytest.raises(EnvironmentFailureError, match=r"seed 5.*time limit of 2 seconds.*--step-seconds"),
    ):
        _run(engine)


def test_what_cannot_be_sent_is_refused_at_once() -> None:
    with pytest.raises(NotSendableError, match=r"cannot be pickled .*--workers 1"):
        Pool(_trouble(once=threading.Lock()), 2)


@pytest.fixture
def only_here(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of an environment that no worker can make; workers are worth starting at once."""
    home = os.getpid()

    def make(**arguments: Any) -> Any:
        if os.getpid() != home:
            raise OSError("there is only one of these")
        return gymnasium.make(TROUBLE, **arguments)

    monkeypatch.setattr(pool, "START_SECONDS", (0.0, 0.0))
    gymnasium.register("OnlyOne-v0", entry_point=make)
    yield "OnlyOne-v0"
    del gymnasium.registry["OnlyOne-v0"]


def test_where_workers_cannot_make_the_environment_one_process_plays_it(
    only_here: str, expected: EpisodeBatch, caplog: pytest.LogCaptureFixture
) -> None:
    with Pool(EnvironmentSpec(only_here, {"step_seconds": 0.002}), 2) as engine:
        while not caplog.records:
            _require_equal(_run(engine), expected)
    assert "OnlyOne-v0 is played in one process" in caplog.text
    assert "there is only one of these" in caplog.text
    assert len(caplog.records) == 1


def test_workers_that_gave_up_between_two_tasks_are_told_of_in_the_next(
    only_here: str, caplog: pytest.LogCaptureFixture
) -> None:
    with Pool(EnvironmentSpec(only_here), 2) as engine:
        while engine._crew is None:
            _run(engine)
        while not engine._crew.is_hopeless:
            time.sleep(0.01)
        _run(engine)
    assert len(caplog.records) == 1
    assert "OnlyOne-v0 is played in one process" in caplog.text


@pytest.mark.parametrize(("name", "value"), [("workers", 0), ("step_seconds", 0.0), ("step_seconds", float("nan"))])
def test_bad_numbers_are_refused(name: str, value: Any) -> None:
    with pytest.raises(InvalidValueError, match=f"got {value}"):
        Pool(INFO.spec, **{"workers": 2, name: value})


SCRIPT = """
import signal
import sys
import gymnasium
import numpy as np
from poise.policies.architecture import Architecture
from poise.rollouts.environments import inspect
from poise.rollouts.pool import Pool
from poise.rollouts.process import COMMAND
from poise.testing.troubles import Trouble
from poise.types import EnvironmentSpec

class Mine(Trouble):
    pass

print("begins", flush=True)
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where this was started with the signal ignored
gymnasium.register("Mine-v0", entry_point=sys.argv[1:] and "__main__:Mine" or Mine)
info = inspect(EnvironmentSpec("Mine-v0", {"step_seconds": 0.01}))
architecture = Architecture("linear", info.observation, info.action)
with Pool(info.spec, 2, isolate=True) as engine:
    for length in (4, 400):
        batch = engine.run(architecture, np.ones((1, 3)), np.arange(length, dtype=np.uint32))
        print("played", length, flush=True)
"""
"""A script without a guard around what it does, with an environment of its own."""


def _script(tmp_path: Path, *arguments: str) -> subprocess.Popen[str]:
    file = tmp_path / "script.py"
    file.write_text(SCRIPT, encoding="utf-8")
    command = [sys.executable, str(file), *arguments]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, start_new_session=True, **pipes)
    assert process.stdout is not None
    assert [process.stdout.readline() for _ in range(2)] == ["begins\n", "played 4\n"]
    return process


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals to process groups")
@pytest.mark.parametrize(
    ("number", "to_all", "tracebacks"),
    [(signal.SIGINT, True, 1), (signal.SIGTERM, False, 0), (signal.SIGKILL, False, 0)],
)
def test_no_worker_outlives_the_process_that_started_it(
    number: signal.Signals, to_all: bool, tracebacks: int, tmp_path: Path
) -> None:
    process = _script(tmp_path)
    (os.killpg if to_all else os.kill)(process.pid, number)
    # Workers hold the same standard error: it ends with the last of them.
    output, errors = process.communicate(timeout=10)
    assert process.returncode == -number
    assert output == ""
    assert errors.count("Traceback") == tracebacks, errors


@pytest.mark.slow
def test_a_script_needs_no_guard_and_may_define_the_environment_itself(tmp_path: Path) -> None:
    for arguments in ([], ["by name"]):
        process = _script(tmp_path, *arguments)
        process.kill()
        assert "begins" not in process.communicate(timeout=10)[0], "workers do not run the script"


def test_a_worker_whose_starter_is_gone_before_it_has_begun_says_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", COMMAND], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
