"""Workers and the threads that look after them: one thread a worker, which deals it parts of the task at hand.

A thread that looks after one process knows what that process was playing when it died, can replace it, and spends its
life waiting, so that it costs nothing.
"""

from __future__ import annotations

import logging
import pickle
import threading
import time
from typing import Any

from poise.rollouts.channel import At, Failed, Hello, Play, Played, Ready, Where
from poise.rollouts.player import Work
from poise.rollouts.process import WorkerProcess
from poise.rollouts.task import MAX_KILLS, Task
from poise.rollouts.time_limit import LOOKS, explanation

WATCH_SECONDS = 0.5
"""How often it is looked whether workers still do something."""

GRACE_SECONDS = 5.0
"""A worker that finds itself that its environment hangs says so more precisely: it gets so much longer."""

PARTS = 4
"""A worker takes its share of what is left, divided by this: so the last parts are small, and all end together."""

MAX_PART = 1_000
"""Most episodes of a part; all of them are played again, one by one, if their worker dies."""

FALSE_STARTS = 3
"""How often a worker may die before it can play; `MAX_KILLS` times if it is killed from outside."""

_log = logging.getLogger(__name__)

_GONE = (EOFError, OSError, ValueError, pickle.UnpicklingError)
"""What talking to a process raises that has ended, perhaps in the middle of a word."""


class Crew:
    """Workers that play the same environment, each in a process of its own.

    Args:
        name: of the environment, for messages.
        environment: packed by `poise.rollouts.delivery`.
        count: how many workers.
        at_first: how many of them start at once; the others follow when one is ready.
        step_seconds: how long one ``reset`` or ``step`` may take.
        compiled_steps: whether compiled code that is on disk may play the steps.
        changed: held whenever a task is looked at or changed; told of every change.

    Attributes:
        was_ready: a worker was there to play, now or before.
        trouble: why a worker could not be started, in words.
        round_trip: seconds from a question to a worker to its answer; 0 before one is ready.
    """

    def __init__(
        self,
        name: str,
        environment: bytes,
        count: int,
        *,
        at_first: int,
        step_seconds: float,
        compiled_steps: bool,
        changed: threading.Condition,
    ) -> None:
        self.name = name
        self.hello = Hello(environment, step_seconds, compiled_steps)
        self.changed = changed
        self.is_closed = self.was_ready = False
        self.trouble: str | None = None
        self.round_trip = 0.0
        self._order: _Order | None = None
        self._keepers = [_Keeper(self) for _ in range(count)]
        for keeper in self._keepers[:at_first]:
            keeper.start()

    @property
    def is_complete(self) -> bool:
        """Whether every worker is there to play."""
        return all(keeper.is_ready for keeper in self._keepers)

    @property
    def is_hopeless(self) -> bool:
        """Whether no worker is there, and none will come."""
        return self.trouble is not None and all(keeper.gave_up or keeper.ident is None for keeper in self._keepers)

    @property
    def pids(self) -> list[int]:
        """Process numbers of the workers that run."""
        return [keeper.process.pid for keeper in self._keepers if keeper.process is not None]

    @property
    def ready_pids(self) -> list[int]:
        """Process numbers of the workers that can play, or do."""
        with self.changed:
            return [keeper.process.pid for keeper in self._keepers if keeper.process is not None and keeper.is_ready]

    def submit(self, task: Task, work: Work, least: int) -> None:
        """Lets the workers take parts of a task, each of at least so many episodes while there are."""
        header = pickle.dumps(work.architecture, protocol=pickle.HIGHEST_PROTOCOL)
        with self.changed:
            self._order = _Order(task, work, header, least)
            self.changed.notify_all()

    def wait(self) -> None:
        """Returns when the task is done, or nobody is left to do it."""
        with self.changed:
            while self._order is not None and not self._order.task.is_done() and not self.is_hopeless:
                self.changed.wait(WATCH_SECONDS)
                for keeper in self._keepers:
                    keeper.watch()

    def withdraw(self) -> None:
        """Takes the task back. Workers that still play for it are of no use, and are replaced."""
        with self.changed:
            self._order = None
            for keeper in self._keepers:
                keeper.drop()

    def close(self) -> None:
        """Ends all workers."""
        with self.changed:
            self.is_closed = True
            self.changed.notify_all()
        for keeper in self._keepers:
            keeper.hang_up()
        for keeper in self._keepers:
            if keeper.ident is not None:
                keeper.join()

    # What follows is for the keepers.

    def next_part(self) -> tuple[_Order, range] | None:
        """Something to play, as soon as there is something; ``None`` when the crew is closed. Needs the lock."""
        while not self.is_closed:
            if self._order is not None:
                task = self._order.task
                share = task.free // (PARTS * len(self._keepers))
                part = task.take(min(max(share, self._order.least), MAX_PART))
                if part is not None:
                    return self._order, part
            self.changed.wait()
        return None

    def arrived(self, round_trip: float) -> None:
        """A worker is ready: those that have not been started yet may follow. Needs the lock."""
        self.round_trip, self.was_ready = round_trip, True
        if not self.is_closed:
            for keeper in self._keepers:
                if keeper.ident is None:
                    keeper.start()
        self.changed.notify_all()


class _Order:
    """A task, and what workers must know of it."""

    def __init__(self, task: Task, work: Work, header: bytes, least: int) -> None:
        self.task, self.work, self.header, self.least = task, work, header, least


class _Keeper(threading.Thread):
    """Keeps one worker: starts it, deals it parts, and starts another when it dies."""

    def __init__(self, crew: Crew) -> None:
        super().__init__(name="poise worker's keeper", daemon=True)
        self.process: WorkerProcess | None = None
        self.is_ready = self.gave_up = False
        self._crew = crew
        self._playing: range | None = None
        self._order: _Order | None = None
        self._hangs = False
        self._ended = 0
        self._steps = 0
        self._heard = self._asked = 0.0

    def run(self) -> None:
        """The thread's life."""
        false_starts = 0
        while not self._crew.is_closed and not self.gave_up:
            process = WorkerProcess()
            self._heard = time.monotonic()
            self.process = process
            trouble, false_starts = self._begin(process), false_starts + 1
            if trouble is None:
                false_starts = 0
                self._deal(process)
            with self._crew.changed:
                self.is_ready, self.process = False, None
            how = process.end()
            most = MAX_KILLS if process.was_killed and not self._hangs else FALSE_STARTS
            if trouble is not None and (trouble or false_starts >= most):
                self._give_up(trouble or f"its process ended {how} before it could play")

    def _begin(self, process: WorkerProcess) -> str | None:
        """Waits until the worker can play. ``None`` if it can; else the reason, empty if it died without one."""
        try:
            process.channel.send(self._crew.hello)
            answer = process.channel.receive()
            if not isinstance(answer, Ready):
                return str(answer.error)
            began = time.perf_counter()
            process.channel.send(Where())
            process.channel.receive()
        except _GONE:
            return ""
        with self._crew.changed:
            self.is_ready = True
            self._crew.arrived(time.perf_counter() - began)
        return None

    def _give_up(self, trouble: str) -> None:
        with self._crew.changed:
            self.gave_up = True
            self._crew.trouble = self._crew.trouble or trouble
            self._crew.changed.notify_all()

    def _deal(self, process: WorkerProcess) -> None:
        """Deals parts to the worker until it dies or nothing more comes."""
        crew = self._crew
        while True:
            with crew.changed:
                given = crew.next_part()
                if given is None or not process.is_alive:
                    if given is not None:  # it died while it had nothing to do
                        given[0].task.give_back([given[1]])
                    return
                self._order, self._playing = given
                self._hangs, self._ended = False, 0
                self._heard = self._asked = time.monotonic()
            if not self._play(process, *given):
                return

    def _play(self, process: WorkerProcess, order: _Order, part: range) -> bool:
        """Has a part played; whether the worker lived to the end of it."""
        crew, done = self._crew, part.start
        message: Any = Play.part(order.work, order.header, part.start, part.stop)
        try:
            process.channel.send(message)
            while self._playing is not None:
                message = process.channel.receive()
                with crew.changed:
                    done = self._take_in(message, order, done)
                    crew.changed.notify_all()
        except _GONE:
            how = process.end()
            with crew.changed:
                self._lost(order, range(done, part.stop), how, killed=process.was_killed)
                crew.changed.notify_all()
            return False
        return True

    def _take_in(self, message: Any, order: _Order, done: int) -> int:
        """Takes in what the worker says; up to which episode its part is played now."""
        now = time.monotonic()
        if isinstance(message, At):
            self._ended = message.episodes
            if message.steps != self._steps:
                self._steps, self._heard = message.steps, now
            return done
        self._heard = now
        if isinstance(message, Failed):
            order.task.fail(done, message.error)
            self._playing = None
        elif isinstance(message, Played):
            order.task.put(done, message.episodes)
            done += len(message.episodes)
            if message.finished:
                self._playing = None
        return done

    def _lost(self, order: _Order, lost: range, how: str, *, killed: bool) -> None:
        """The worker has gone, and took episodes with it."""
        part, self._playing = self._playing, None
        if part is None or not lost or self._crew.is_closed:
            return
        name, seeds = self._crew.name, order.work.seeds
        if self._hangs:
            index = max(lost.start, min(part.start + self._ended, lost.stop - 1))
            said = f"{name}, seed {seeds[index]}: {explanation(self._crew.hello.step_seconds)}"
            order.task.hang(lost, index, said)
        else:
            _log.info("a worker ended %s while it played %s; its episodes are played again", how, name)
            order.task.lose(lost, name, int(seeds[lost.start]), how, killed=killed)

    # What follows is called by other threads, with the lock.

    def watch(self) -> None:
        """Asks the worker whether it does anything, and ends it if it has not for too long."""
        process, limit, now = self.process, self._crew.hello.step_seconds, time.monotonic()
        if process is None or (self.is_ready and self._playing is None):
            return
        if now - self._heard > limit * (1 + 1 / LOOKS) + GRACE_SECONDS:
            self._hangs = True
            process.kill()
        elif self.is_ready and now - self._asked > limit / LOOKS:
            self._asked = now
            process.channel.ask(Where())

    def drop(self) -> None:
        """Ends the worker if it plays."""
        if self._playing is not None and self.process is not None:
            self._playing = None
            self.process.kill()

    def hang_up(self) -> None:
        """Lets the worker go."""
        process = self.process
        if process is not None and not self.is_ready:
            process.kill()  # it has no environment yet that could want to be closed
        elif process is not None:
            process.channel.hang_up()
