"""A run that learns a table: its episodes, then the best policy of the table, then the evaluation, as any run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from poise import tabular
from poise.models.table import Table
from poise.rollouts.environments import EnvironmentInfo
from poise.rollouts.stepping import SteppedEnvironment
from poise.runs import checkpoint
from poise.runs.interrupts import graceful_interrupts
from poise.runs.policy import Policy
from poise.runs.report import Findings, Job, PhaseClock, Run, report, stopped
from poise.seeding import Purpose, SeedStream
from poise.tabular import TabularState
from poise.types import Event, Usage

CHECKPOINT_SECONDS = 1.0
"""Least time between two checkpoints."""


def train(job: Job) -> Run:
    """A new run, in a directory that holds its configuration."""
    return _run(job, tabular.beginning(job.info, SeedStream(job.config.seed, Purpose.SEARCH)))


def resume(job: Job, changes: Mapping[str, Any]) -> Run:
    """Goes on with a run that was stopped; with `changes` of its budget, also with one that had ended."""
    directory, state = job.directory, tabular.beginning(job.info, SeedStream(job.config.seed, Purpose.SEARCH))
    if directory.checkpoint.exists():
        state = checkpoint.read(directory.checkpoint, _from_state)
    if state.stopped_because == tabular.INTERRUPTED or (changes and state.stopped_because != tabular.KNOWN):
        state.stopped_because = None
    for file in (directory.metrics, directory.timings):
        directory.keep_lines(file, state.generation)
    return _run(job, state)


def policy_so_far(file: Path, info: EnvironmentInfo) -> Policy:
    """The policy of a run that is under way, as its table is known by now.

    Args:
        file: its checkpoint.
        info: its environment.

    Raises:
        InvalidFileError: the file is damaged.
    """
    best = tabular.candidate(checkpoint.read(file, _from_state), info)
    return Policy(info.spec, best.architecture, best.parameters)


def _run(job: Job, state: TabularState) -> Run:
    clock = PhaseClock(state.seconds)
    try:
        with graceful_interrupts() as interrupts:
            with interrupts.patience():
                _learn(job, state, lambda: interrupts.asked)
            _save(job, state)
            if interrupts.asked:
                raise KeyboardInterrupt
            clock.lap("search")
            return report(job, _findings(state), tabular.candidate(state, job.info), clock)
    except KeyboardInterrupt:
        return stopped(job, _findings(state), tabular.candidate(state, job.info), clock)
    finally:
        job.directory.close()


def _learn(job: Job, state: TabularState, interrupted: Callable[[], bool]) -> None:
    """The episodes, written down as they go by."""
    saved = written = time.monotonic()

    def note(event: Event) -> None:
        nonlocal saved, written
        now = time.monotonic()
        job.directory.append(job.directory.metrics, event.metrics)
        timing = {"generation": state.generation, "seconds": state.seconds, "generation_seconds": now - written}
        job.directory.append(job.directory.timings, timing)
        written = now
        if state.generation == 1 or now - saved >= CHECKPOINT_SECONDS:
            _save(job, state)
            saved = now
        job.observe(event)

    with SteppedEnvironment(job.info) as world:
        tabular.learn(state, world, job.config.budget, observe=note, interrupted=interrupted)


def _findings(state: TabularState) -> Findings:
    best = state.best if state.generation else None
    return Findings(state.usage, Usage(), state.generation, best, state.stopped_because)


def _save(job: Job, state: TabularState) -> None:
    job.directory.sync()  # a checkpoint must not know of lines that a power failure could still take
    checkpoint.write(job.directory.checkpoint, _to_state(state))


def _to_state(state: TabularState) -> dict[str, Any]:
    return {
        "run_seed": state.seeds.seed,
        "search_position": state.seeds.position,
        "table": state.table.state(),
        "known_after": state.known_after,
        "usage": asdict(state.usage),
        "generation": state.generation,
        "best": state.best if state.generation else None,
        "seconds": state.seconds,
        "stopped_because": state.stopped_because,
    }


def _from_state(state: dict[str, Any]) -> TabularState:
    return TabularState(
        SeedStream(state["run_seed"], Purpose.SEARCH, state["search_position"]),
        Table.from_state(state["table"]),
        state["known_after"],
        Usage(**state["usage"]),
        state["generation"],
        -float("inf") if state["best"] is None else state["best"],
        state["seconds"],
        state["stopped_because"],
    )
