"""The engine that plays Gymnasium's environments on all processors, and to the bit what one process would play.

Which process plays an episode, and when, follows from what has been measured (`pace`); what comes of it does not.
Short work is never sent away. Workers are started in the background, once what was played here would have paid for
them; until the first is ready, this process goes on playing.

Why the workers are plain processes that speak over pipes (`process`, `channel`), and not an executor:

- `multiprocessing` with its "spawn" method, and so `concurrent.futures`, runs the main script again in every worker.
  A script that calls ``poise.train`` without ``if __name__ == "__main__"`` would train again in each.
- In `concurrent.futures` and in loky the death of one worker ends all work, and nobody says whose it was. Here its
  keeper (`crew`) knows, and has those episodes alone played again.
- Neither can end a worker that hangs. After Ctrl-C loky waited until its workers were done; when the main process was
  killed, they stayed for good, with their semaphores.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from poise.errors import EnvironmentFailureError, PoiseError
from poise.policies.architecture import Architecture
from poise.rollouts.base import Engine
from poise.rollouts.cores import check_workers, usable_cores
from poise.rollouts.crew import Crew
from poise.rollouts.delivery import pack
from poise.rollouts.pace import Pace
from poise.rollouts.player import Episode, Player, Work, batch_of
from poise.rollouts.task import Task
from poise.rollouts.time_limit import DEFAULT_SECONDS, check_seconds, time_limit
from poise.types import EnvironmentSpec, EpisodeBatch, FloatArray, SeedArray

START_SECONDS = 0.2, 1.0
"""What starting a worker costs lies between these: this process may have been at work on other things for hours."""

SWITCH_SECONDS = 0.0001
"""How long a thread that starts a worker waits for the interpreter before it insists, while this process plays on.

It waits 5 ms otherwise, and anew whenever the interpreter was free for a moment: an environment in Python frees it now
and then, for too short a time to be taken, and its workers would take ten seconds and more to start.
"""

_log = logging.getLogger(__name__)


class Pool(Engine):
    """Plays episodes in this process and, where that is faster, in several others.

    Args:
        spec: the environment.
        workers: how many other processes; ``None`` for one a processor. With 1 everything is played here.
        step_seconds: how long one ``reset`` or ``step`` may take.
        compiled_steps: whether compiled code may play steps that are equal to Gymnasium's.
        isolate: whether nothing at all is played in this process: for an environment that may take it along.

    Raises:
        InvalidValueError: a number is out of range.
        NotSendableError: the environment cannot be sent to another process.
    """

    name: ClassVar[str] = "gymnasium"

    def __init__(
        self,
        spec: EnvironmentSpec,
        workers: int | None = None,
        *,
        step_seconds: float = DEFAULT_SECONDS,
        compiled_steps: bool = True,
        isolate: bool = False,
    ) -> None:
        self._spec, self._workers, self._isolate = spec, check_workers(workers), isolate
        self._step_seconds = check_seconds(step_seconds)
        several = self._workers > 1 or isolate
        self._package = pack(spec) if several else b""
        self._player = Player(spec)
        # To start, a worker has to do about what this process did until here; as many start at once as there are cores.
        least, most = START_SECONDS
        start_seconds = min(max(time.process_time(), least), most)
        self._pace = Pace(start_seconds * max(1.0, self._workers / usable_cores()), self._workers)
        self._compiled_steps = compiled_steps
        if compiled_steps and not isolate:
            self._player.speed_up(compile_now=True)
        self._changed = threading.Condition()
        self._crew: Crew | None = None
        self._said = False

    @property
    def width(self) -> int:
        """One episode a worker."""
        return self._workers

    @property
    def worker_pids(self) -> list[int]:
        """Process numbers of the workers that run now."""
        return [] if self._crew is None else self._crew.pids

    def expect(self, steps: int) -> None:
        """Starts workers early for long work, and not at all for what is done before they are there."""
        self._pace.expect(steps)

    def _run(
        self,
        architecture: Architecture,
        parameters: FloatArray,
        seeds: SeedArray,
        sum_observations: bool,
        horizon: int | None,
    ) -> EpisodeBatch:
        work = Work.of(architecture, parameters, seeds, sum_observations, horizon)
        task, began = Task(work), time.perf_counter()
        all_there = self._crew is not None and self._crew.is_complete
        try:
            crew = self._offer(task, work)
            while not task.is_done():
                if crew is not None and (crew.was_ready or self._isolate) and not crew.is_hopeless:
                    crew.wait()
                    continue
                all_there = False
                self._check(task)
                with _shared_interpreter(self._crew):
                    self._play_here(task, work)
                if self._crew is None:
                    crew = self._offer(task, work)
        finally:
            if self._crew is not None:
                self._crew.withdraw()
        episodes = task.results()
        if all_there and not task.deaths:
            steps = sum(episode.length for episode in episodes)
            self._pace.note_there(time.perf_counter() - began, len(episodes), steps)
        return batch_of(episodes, (len(parameters), seeds.shape[1]))

    def _offer(self, task: Task, work: Work) -> Crew | None:
        """Those who should play the task beside this process, or instead of it, if anybody."""
        crew = self._crew
        if crew is None:
            if not (self._isolate or self._pace.is_worth_starting(task.free)):
                return None
            crew = self._crew = self._new_crew()
        elif crew.is_hopeless or not self._is_for(crew, task.free):
            return None
        crew.submit(task, work, self._pace.least_part(crew.round_trip))
        return crew

    def _is_for(self, crew: Crew, episodes: int) -> bool:
        still_starting = not crew.was_ready
        return still_starting or self._isolate or self._pace.is_for_workers(episodes, crew.round_trip)

    def _new_crew(self) -> Crew:
        # One processor is for this process, which goes on playing until a worker is ready.
        at_first = self._workers if self._isolate else max(1, min(self._workers, usable_cores() - 1))
        return Crew(
            self._spec.id,
            self._package,
            self._workers,
            at_first=at_first,
            step_seconds=self._step_seconds,
            compiled_steps=self._compiled_steps,
            changed=self._changed,
        )

    def _play_here(self, task: Task, work: Work) -> None:
        """Plays a short part of the task in this process."""
        with self._changed:
            part = task.take(self._pace.part_here)
        if part is None:
            return  # workers have just taken the rest
        episodes: list[Episode] = []
        failure: PoiseError | None = None
        began = time.perf_counter()
        try:
            with time_limit(self._step_seconds, lambda: self._player.steps):
                for episode in self._player.play(work.part(part.start, part.stop)):
                    episodes.append(episode)
        except PoiseError as error:
            failure = error
        seconds = time.perf_counter() - began
        with self._changed:
            task.put(part.start, episodes)
            if failure is not None:
                task.fail(part.start + len(episodes), failure)
        self._pace.note_here(seconds, len(episodes), sum(episode.length for episode in episodes))

    def _check(self, task: Task) -> None:
        """Says why nobody plays beside this process, and does not let it play what has killed others."""
        crew = self._crew  # also one that gave up between two tasks, and was offered neither
        if crew is None or not crew.is_hopeless:
            return
        if task.deaths or self._isolate:
            raise EnvironmentFailureError(
                f"{self._spec.id}: no worker process is left to play it, and none can be started: {crew.trouble}"
            )
        if not self._said:
            self._said = True
            _log.warning("%s is played in one process, for workers cannot play it: %s", self._spec.id, crew.trouble)

    def close(self) -> None:
        """Ends the workers and closes the environment."""
        if self._crew is not None:
            self._crew.close()
            self._crew = None
        self._player.close()


@contextmanager
def _shared_interpreter(crew: Crew | None) -> Iterator[None]:
    """Lets the threads that start workers have the interpreter soon, as long as workers are to come."""
    if crew is None or crew.is_complete or crew.is_hopeless:
        yield
        return
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(before, SWITCH_SECONDS))
    try:
        yield
    finally:
        sys.setswitchinterval(before)
