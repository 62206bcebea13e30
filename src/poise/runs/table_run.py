"""A run that learns a table: its episodes, then the best policy of the table, then the evaluation, as any run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from poise import tabular
from poise.models.table import Table
from poise.policies.lookup import combinations
from poise.rollouts.environments import EnvironmentInfo
from poise.rollouts.stepping import SteppedEnvironment
from poise.runs import checkpoint_file, form
from poise.runs.interrupts import graceful_interrupts, until_stopped
from poise.runs.policy import Policy
from poise.runs.recovery import recover, reopen
from poise.runs.report import Findings, Job, PhaseClock, Run, report, stopped
from poise.runs.saver import Saver
from poise.seeding import Purpose, SeedStream
from poise.tabular import TabularState
from poise.types import INTERRUPTED, Event, Usage


def train(job: Job) -> Run:
    """A new run, in a directory that holds its configuration."""
    return _run(job, tabular.beginning(job.info, SeedStream(job.config.seed, Purpose.SEARCH)))


def resume(job: Job, changes: Mapping[str, Any]) -> Run:
    """Goes on with a run that was stopped; with `changes` of its budget, also with one that had ended."""
    directory = job.directory
    beginning = tabular.beginning(job.info, SeedStream(job.config.seed, Purpose.SEARCH))

    def load(file: Path) -> TabularState:
        return checkpoint_file.read(file, lambda state: _from_state(state, job.info))

    state = recover(directory, beginning, load, lambda state: state.generation)
    if state.stopped_because == INTERRUPTED or (changes and state.stopped_because != tabular.KNOWN):
        state.stopped_because = None
    if changes:

        def save() -> None:
            if state.generation:
                checkpoint_file.write(directory.checkpoint, _to_state(state))

        reopen(directory, save, job.config.to_json(job.plan.to_json()))
    return _run(job, state)


def policy_so_far(file: Path, info: EnvironmentInfo) -> Policy:
    """The policy of a run that is under way, as its table is known by now.

    Args:
        file: its checkpoint.
        info: its environment.

    Raises:
        InvalidFileError: the file is damaged.
    """

    def policy(state: dict[str, Any]) -> Policy:
        best = tabular.candidate(_from_state(state, info), info)
        return Policy(info.spec, best.architecture, best.parameters)

    return checkpoint_file.read(file, policy)


def _run(job: Job, state: TabularState) -> Run:
    clock = PhaseClock(state.seconds)
    return until_stopped(
        job.directory.path,
        lambda: _phases(job, state, clock),
        lambda: stopped(job, _findings(state), tabular.candidate(state, job.info), clock),
    )


def _phases(job: Job, state: TabularState, clock: PhaseClock) -> Run:
    """Learning and evaluation, as far as they are still to be done."""
    saver = Saver(job.directory, lambda: checkpoint_file.write(job.directory.checkpoint, _to_state(state)))
    with graceful_interrupts() as interrupts:
        with interrupts.patience():
            _learn(job, state, saver, lambda: interrupts.asked)
        saver.save()
        if interrupts.asked:
            raise KeyboardInterrupt
        clock.lap("search")
        return report(job, _findings(state), tabular.candidate(state, job.info), clock)


def _learn(job: Job, state: TabularState, saver: Saver, interrupted: Callable[[], bool]) -> None:
    """The episodes, written down as they go by."""
    written = time.monotonic()

    def note(event: Event) -> None:
        nonlocal written
        now = time.monotonic()
        job.directory.append(job.directory.metrics, event.metrics)
        timing = {"generation": state.generation, "seconds": state.seconds, "generation_seconds": now - written}
        job.directory.append(job.directory.timings, timing)
        written = now
        saver.save_if_due()
        job.observe(event)

    with SteppedEnvironment(job.info) as world:
        tabular.learn(state, world, job.config.budget, observe=note, interrupted=interrupted)


def _findings(state: TabularState) -> Findings:
    best = state.best if state.generation else None
    return Findings(state.usage, Usage(), state.generation, best, state.stopped_because)


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


def _from_state(state: dict[str, Any], info: EnvironmentInfo) -> TabularState:
    form.check(state, form.TABLE)
    table = Table.from_state(state["table"])
    states, actions = combinations(info.observation), info.action.sizes[0]
    if (table.states, table.actions) != (states, actions):
        raise ValueError(f"expected {states} x {actions} values, as {info.spec.id} has")
    return TabularState(
        SeedStream(state["run_seed"], Purpose.SEARCH, state["search_position"]),
        table,
        state["known_after"],
        Usage(**state["usage"]),
        state["generation"],
        -float("inf") if state["best"] is None else state["best"],
        state["seconds"],
        state["stopped_because"],
    )
