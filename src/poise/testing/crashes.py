"""Runs that are disturbed on purpose: killed at any moment, or failed by the disk at any of its calls.

A run must come out of it with the bytes that it would have had. `Disk` stands between poise and the system's calls that
write; `kill_and_resume` kills whole processes.
"""

from __future__ import annotations

import errno
import multiprocessing
import os
import random
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

import poise
from poise.errors import PoiseError
from poise.rollouts import pool
from poise.rollouts.crew import Crew
from poise.rollouts.pace import Pace
from poise.runs import directory, files, lock, recovery, saver

Fault = Literal["error", "die before", "die after"]
"""What happens at a call: it says that the disk is full, or the process ends just before or just after it."""

CALLS = ("open", "write", "fsync", "replace", "mkstemp", "close")
"""The calls that a fault can happen at."""

SAME = ("metrics.jsonl", "policy.json", "evaluation.json")
"""The files of a run that hold neither times nor paths."""

LONGEST_SECONDS = 1_800.0
"""How long a run may take that is left alone; the machine may be busy."""


class Died(BaseException):
    """The process would have ended here."""


class Disk:
    """The system's calls that write, one of which goes wrong.

    Args:
        at: which call, counted from 1; 0 for none.
        fault: what happens at it.

    Attributes:
        calls: how many there have been.
    """

    def __init__(self, at: int = 0, fault: Fault = "error") -> None:
        self.at, self.fault, self.calls = at, fault, 0
        self._open: set[int] = set()

    def __getattr__(self, name: str) -> Any:
        found = getattr(tempfile if name == "mkstemp" else os, name)
        return self._watched(name, found) if name in CALLS else found

    def _watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any, **options: Any) -> Any:
            self.calls += 1
            goes_wrong = self.calls == self.at and (name != "close" or self.fault != "error")
            if goes_wrong and self.fault == "die before":
                raise Died
            if goes_wrong and self.fault == "error":
                if name == "write":  # a full disk takes what it can
                    call(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            result = call(*arguments, **options)
            if name in ("open", "mkstemp"):
                self._open.add(result if name == "open" else result[0])
            elif name == "close":
                self._open.discard(arguments[0])
            if goes_wrong:
                raise Died
            return result

        return watched

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Lets runs write to this disk while the block runs; files that a death leaves open are closed after it."""
        modules: tuple[Any, ...] = (files, directory, lock, recovery)
        for module in modules:
            module.os = self
        modules[0].tempfile = self
        try:
            yield
        finally:
            for module in modules:
                module.os = os
            modules[0].tempfile = tempfile
            for handle in self._open:
                with suppress(OSError):
                    os.close(handle)
            self._open.clear()


@contextmanager
def saved_at_every_generation() -> Iterator[None]:
    """Lets runs be saved as often as can be while the block runs."""
    kept = saver.LEAST_SECONDS, saver.LARGEST_SHARE
    saver.LEAST_SECONDS, saver.LARGEST_SHARE = 0.0, 1e9
    try:
        yield
    finally:
        saver.LEAST_SECONDS, saver.LARGEST_SHARE = kept


@contextmanager
def workers_killed(every_seconds: float, rng: random.Random) -> Iterator[list[int]]:
    """While the block runs, workers play all they can, and one is killed every so many seconds; gives who was.

    Only those that can play are killed: a machine that is too busy to start one in that time would see none at work.
    """
    crews: list[Crew] = []
    killed: list[int] = []
    ended = threading.Event()

    class Listed(Crew):
        def __init__(self, *args: Any, **settings: Any) -> None:
            super().__init__(*args, **settings)
            crews.append(self)

    def kill() -> None:
        while not ended.wait(every_seconds):
            if ready := [pid for crew in crews for pid in crew.ready_pids]:
                killed.append(rng.choice(ready))
                with suppress(ProcessLookupError):
                    os.kill(killed[-1], signal.SIGKILL)

    thread = threading.Thread(target=kill, name="killer of workers", daemon=True)
    # How fast workers are decides whether they play at all, which is not what is asked here.
    with (
        patch.object(pool, "Crew", Listed),
        patch.object(Pace, "is_worth_starting", return_value=True),
        patch.object(Pace, "is_for_workers", return_value=True),
    ):
        thread.start()
        try:
            yield killed
        finally:
            ended.set()
            thread.join()


def begin_or_resume(path: Path, env: str, settings: dict[str, Any]) -> None:
    """Plays a run to its end, from wherever it stands."""
    if (path / "config.json").exists():
        poise.resume(path, workers=settings.get("workers"))
    else:
        poise.train(env, out=path, **settings)


def contents(path: Path) -> dict[str, bytes]:
    """What two equal runs have in common: their files without times, and their episodes."""
    names = [*SAME, *sorted(f"episodes/{file.name}" for file in (path / "episodes").iterdir())]
    return {name: (path / name).read_bytes() for name in names}


def trouble_in(path: Path) -> str | None:
    """Why a run that was disturbed cannot be read, if it cannot."""
    if not (path / "config.json").exists():
        return None  # it had not begun
    try:
        run = directory.RunDirectory.existing(path)
        run.read_config()
        run.read_metrics()
        if run.policy.exists():
            poise.load(path)
    except PoiseError as error:
        return str(error)
    return None


@dataclass
class Kills:
    """What came of killing.

    Attributes:
        kills: how many there were.
        runs: how many runs were killed, each several times, and then let go to the end.
        different: runs that ended with other bytes.
        unreadable: what could not be read after a kill.
        errors: resumed runs that ended with an error.
    """

    kills: int = 0
    runs: int = 0
    different: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Work:
    """What is killed and taken up again.

    Attributes:
        play: carries it to its end, from wherever it stands.
        contents: what is equal where it came to its end, however it got there.
        trouble: why what a kill left cannot be read, if it cannot.
        last: the file that is written last.
    """

    play: Callable[[Path], None]
    contents: Callable[[Path], dict[str, bytes]]
    trouble: Callable[[Path], str | None]
    last: str


def one_run(env: str, settings: dict[str, Any]) -> Work:
    """A run with these settings of `poise.train`."""
    return Work(lambda path: begin_or_resume(path, env, settings), contents, trouble_in, "evaluation.json")


def one_suite(file: Path, workers: int) -> Work:
    """The runs of a suite's file, so many at a time, each in a process of its own."""
    from poise.suites import benchmark, suite

    def play(path: Path) -> None:
        done = benchmark.run(suite.read(file), path, workers=workers)
        if done.results.failures:
            raise RuntimeError(f"runs have failed: {done.results.failures}")

    def written(path: Path) -> dict[str, bytes]:
        runs = {str(found.parent.relative_to(path)): contents(found.parent) for found in path.rglob("config.json")}
        files = {f"{run}/{name}": data for run, found in runs.items() for name, data in found.items()}
        return files | {name: (path / name).read_bytes() for name in ("results.jsonl", "table.md", "profiles.svg")}

    def trouble(path: Path) -> str | None:
        said = [trouble_in(found.parent) for found in path.rglob("config.json")]
        return next((each for each in said if each is not None), None)

    return Work(play, written, trouble, "table.md")


def kill_and_resume(folder: Path, work: Work, kills: int, rng: random.Random) -> Kills:
    """Kills at random moments and resumes, and compares what comes of it with what came of it undisturbed.

    Processes are forked, so that a kill costs no start of an interpreter: the caller should have no threads.

    Args:
        folder: where it is made.
        work: what is killed.
        kills: how many at least.
        rng: chooses the moments.
    """
    _let_run(_forked(work, folder / "undisturbed"))  # what has to be compiled, it compiles
    began = time.monotonic()
    _let_run(_forked(work, folder / "again"))
    whole_seconds = time.monotonic() - began
    expected, outcome = work.contents(folder / "undisturbed"), Kills()
    while outcome.kills < kills:
        path = folder / f"killed-{outcome.runs}"
        outcome.runs += 1
        for _ in range(rng.randint(4, 20)):
            process = _forked(work, path)
            process.join(rng.uniform(0.0, 0.7 * whole_seconds))
            if process.is_alive() and process.pid is not None:
                os.kill(process.pid, signal.SIGKILL)
                process.join()
                outcome.kills += 1
            trouble = work.trouble(path)
            if trouble is not None:
                outcome.unreadable.append(trouble)
            if (path / work.last).exists():
                break
        process = _forked(work, path)
        _let_run(process)
        if process.exitcode != 0:
            outcome.errors.append(f"{path}: {process.exitcode}")
        elif work.contents(path) != expected:
            outcome.different.append(str(path))
    return outcome


def _forked(work: Work, path: Path) -> Any:
    process = multiprocessing.get_context("fork").Process(target=_in_a_child, args=(work, path))
    process.start()
    return process


def _in_a_child(work: Work, path: Path) -> None:
    with saved_at_every_generation():
        work.play(path)


def _let_run(process: Any) -> None:
    process.join(LONGEST_SECONDS)
    if process.exitcode is None:
        process.kill()
        raise TimeoutError(f"a run did not come to its end within {LONGEST_SECONDS:g} seconds")
