"""Worker processes that do one task at a time: on all cores, spawn-safe, and none is left behind.

A task that takes its worker with it (a crash in compiled code, a kill) is given to a fresh one once more, for a run
goes on from its last checkpoint; then it has failed. Workers stand in process groups of their own, so that Ctrl-C
reaches the parent alone, which asks them to stop.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

Report = Callable[[Any], None]
Work = Callable[[Any, Report], Any]
"""Takes a task and a function to tell of its progress; returns its result. It is pickled: a function of a module."""

POLL_SECONDS = 0.1
"""How often the parent looks whether it was asked to stop."""

ATTEMPTS = 2
"""How many workers a task may take with it."""


@dataclass(frozen=True)
class Crash:
    """The result of a task whose workers died.

    Attributes:
        exit_code: of the last; negative for a signal.
    """

    exit_code: int | None


@dataclass
class _Worker:
    process: SpawnProcess
    connection: Connection
    task: int | None = None


@dataclass
class Crew:
    """Runs tasks in worker processes.

    Attributes:
        work: what is done with a task.
        tasks: what there is to do; they are begun in this order.
        workers: how many at a time.
        log: file that takes what the workers write to their standard output and error.
        on_progress: told the index of a task and what its work reported.
        on_result: told the index of a task and its result, or a `Crash`. A task that stopped because it was asked to
            returns as any other.
        stopping: asked now and then whether to stop: then no task is begun any more, and busy workers are sent SIGTERM
            and waited for.
    """

    work: Work
    tasks: Sequence[Any]
    workers: int
    log: Path
    on_progress: Callable[[int, Any], None]
    on_result: Callable[[int, Any], None]
    stopping: Callable[[], bool] = lambda: False
    _crew: list[_Worker] = field(default_factory=list)
    _attempts: dict[int, int] = field(default_factory=dict)
    _asked: bool = False

    def run(self) -> None:
        """Does all tasks, or stops when it is asked to. Leaves no process behind, not even when it raises."""
        waiting = list(range(len(self.tasks)))[::-1]
        try:
            while waiting or self._busy():
                self._pass_on_the_wish_to_stop()
                if self._asked:
                    waiting.clear()
                while waiting and len(self._busy()) < self.workers:
                    self._give(waiting.pop())
                for worker in self._with_news():
                    self._listen(worker, waiting)
        finally:
            self._dismiss()

    def _busy(self) -> list[_Worker]:
        return [worker for worker in self._crew if worker.task is not None]

    def _give(self, index: int) -> None:
        worker = next((worker for worker in self._crew if worker.task is None), None) or self._hire()
        worker.task = index
        with contextlib.suppress(BrokenPipeError):  # it has died, and its end is noticed like any other
            worker.connection.send(self.tasks[index])

    def _hire(self) -> _Worker:
        from poise.rollouts.process import interrupts_held_back  # not in a worker before `serve` has begun

        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(target=serve, args=(there, self.work, str(self.log)))
        with interrupts_held_back():
            process.start()
        there.close()
        worker = _Worker(process, here)
        self._crew.append(worker)
        return worker

    def _with_news(self) -> list[_Worker]:
        ready = set(wait([worker.connection for worker in self._busy()], timeout=POLL_SECONDS))
        return [worker for worker in self._busy() if worker.connection in ready]

    def _listen(self, worker: _Worker, waiting: list[int]) -> None:
        index = worker.task
        if index is None:
            return
        try:
            kind, value = worker.connection.recv()
        except (EOFError, OSError):
            self._bury(worker, index, waiting)
            return
        if kind == "progress":
            self.on_progress(index, value)
        else:
            worker.task = None
            self.on_result(index, value)

    def _bury(self, worker: _Worker, index: int, waiting: list[int]) -> None:
        worker.process.join()
        worker.connection.close()
        self._crew.remove(worker)
        self._attempts[index] = self._attempts.get(index, 0) + 1
        if self._asked:
            return  # it has what its last checkpoint holds
        if self._attempts[index] < ATTEMPTS:
            waiting.append(index)
        else:
            self.on_result(index, Crash(worker.process.exitcode))

    def _pass_on_the_wish_to_stop(self) -> None:
        if not self._asked and self.stopping():
            self._asked = True
            for worker in self._busy():
                worker.process.terminate()

    def _dismiss(self) -> None:
        """Ends all workers: the idle when their pipe closes, the busy (after an error, a second Ctrl-C) by force."""
        for worker in self._crew:
            if worker.task is not None:
                worker.process.kill()
            worker.connection.close()
        for worker in self._crew:
            worker.process.join(5.0)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self._crew.clear()


def serve(connection: Connection, work: Work, log: str) -> None:
    """What a worker process does: one task after another, until there are no more or the parent is gone."""
    if hasattr(os, "setpgrp"):
        os.setpgrp()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # blocked until here, lest it come too early
    # Before NumPy is imported: with several threads linear algebra differs in the last bit, and the cores are taken.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    with open(log, "a", buffering=1, encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    threading.Thread(target=_follow_the_parent, daemon=True).start()
    last = 0.0

    def report(value: Any) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= 0.2:
            last = now
            with contextlib.suppress(OSError):  # the parent has gone, and this process is about to be told
                connection.send(("progress", value))

    with contextlib.suppress(EOFError, OSError):  # the parent has closed the pipe, or is gone
        while True:
            result = work(connection.recv(), report)
            sys.stdout.flush()
            sys.stderr.flush()
            connection.send(("result", result))


def _follow_the_parent() -> None:
    """Asks this process to stop once its parent has ended, were it by kill -9."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
