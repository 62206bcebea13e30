"""One session of a search: its phases, from where the run stands to its end or to the first Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial

from poise.policies.candidate import Candidate
from poise.probing import probe
from poise.rollouts.recording import Recorder, record
from poise.runs import checkpoint
from poise.runs.checkpoint import Progress
from poise.runs.interrupts import graceful_interrupts, until_stopped
from poise.runs.report import Findings, Job, PhaseClock, Run, report, stopped
from poise.runs.saver import Saver
from poise.search import search
from poise.seeding import generator
from poise.selection import Selection, race, sequential_halving
from poise.statistics.intervals import mean_interval
from poise.types import INTERRUPTED, Event

TOLERANCE = 1e-9
"""Relative slack when means are compared with what they are means of: a mean rounds."""


def play_on(job: Job, progress: Progress) -> Run:
    """Carries a run to its end, or until it is stopped.

    Raises:
        RunStoppedError: its files cannot be written; it can be resumed.
    """
    clock = PhaseClock(progress.search.seconds)

    def keep() -> Run:
        best = progress.winner or progress.search.centre.unscaled()
        return stopped(job, Findings.of(progress), best, clock)

    return until_stopped(job.directory.path, lambda: _phases(job, progress, clock), keep)


def _phases(job: Job, progress: Progress, clock: PhaseClock) -> Run:
    """Search, selection and evaluation, as far as they are still to be done."""
    saver = Saver(job.directory, lambda: checkpoint.save(job.directory.checkpoint, progress))
    with graceful_interrupts() as interrupts:
        if progress.winner is None:
            if progress.search.usage.episodes == 0:
                bonus = _probe(job, progress) if job.plan.probes(job.config, job.info) else 0.0
                job.plan.begin_trial(progress.search, job.config.seed, bonus)
            with interrupts.patience():
                _search(job, progress, saver, lambda: interrupts.asked)
            if progress.search.stopped_because != INTERRUPTED:
                progress.end_search()
            if interrupts.asked:
                saver.save()
                raise KeyboardInterrupt
            clock.lap("search")
            if progress.winner is None:
                saver.save_if_due()
                progress.winner = _select(job, progress)
            saver.save()
        clock.lap("selection")
        return report(job, Findings.of(progress), progress.winner, clock)


def _probe(job: Job, progress: Progress) -> float:
    """Measures the scale of the observations, and whether episodes may begin short; what lasting is paid for."""
    rng = generator(job.config.seed, "probe")
    return probe(
        progress.search,
        job.engine,
        rng,
        partial(record, job.info.spec),
        whole=job.info.max_episode_steps,
        short_at_first=job.plan.may_begin_short(compiled=job.engine.name == "kernel"),
        fixes_scale=job.config.normalize == "probe",
    )


def _search(job: Job, progress: Progress, saver: Saver, interrupted: Callable[[], bool]) -> None:
    """The search, written down as it goes."""
    state = progress.search
    if job.config.max_steps is not None:
        job.engine.expect(_steps_left(job, progress))
    written = time.monotonic()

    def note(event: Event) -> None:
        nonlocal written
        now = time.monotonic()
        generation = event.metrics["generation"]
        job.directory.append(job.directory.metrics, event.metrics)
        timing = {"generation": generation, "seconds": state.seconds, "generation_seconds": now - written}
        job.directory.append(job.directory.timings, timing)
        written = now
        saver.save_if_due()
        job.observe(event)

    with closing(Recorder(job.info.spec)) as recorder:
        search(
            state,
            job.engine,
            job.config.budget,
            job.plan.effort(job.config),
            confirm=lambda claimants: _confirm(job, progress, claimants),
            observe=note,
            record=recorder,
            proceed=lambda state: job.plan.proceed(state, state.architecture, job.config.seed),
            interrupted=interrupted,
        )


def _steps_left(job: Job, progress: Progress) -> int:
    """Steps that the budget of the search allows at most."""
    usage, steps = progress.search.usage, job.config.max_steps or 0
    if job.config.max_episodes is not None:
        steps = min(steps, usage.steps + (job.config.max_episodes - usage.episodes) * job.info.max_episode_steps)
    return max(0, steps - usage.steps)


def _confirm(job: Job, progress: Progress, claimants: Sequence[Candidate]) -> bool:
    """Races those who claim that nothing is left to gain; whether the claim of one held, who has then won."""
    target, limits = job.config.target, job.config
    floor = target if target is not None else progress.search.highest * (1 - TOLERANCE)
    limit = limits.confirmation_episodes if target is None else limits.selection_episodes
    claimants = [claimant.unscaled() for claimant in claimants]
    seeds = progress.selection_seeds
    result = race(job.engine, claimants, seeds, limit=limit or 1, floor=floor, observe=job.observe)
    _pay(progress, result)
    if result.winner is None:
        return False
    certain = target is not None and mean_interval(result.returns, job.config.confidence).low >= target
    held = result.constant if target is None else certain
    if held:
        progress.winner = claimants[result.winner]
    return held


def _select(job: Job, progress: Progress) -> Candidate:
    """The winner among all that the search has to offer."""
    candidates = [candidate.unscaled() for candidate in progress.search.candidates]
    limit, seeds = job.config.selection_episodes or 1, progress.selection_seeds
    result = sequential_halving(job.engine, candidates, seeds, limit=limit, observe=job.observe)
    _pay(progress, result)
    return candidates[result.winner or 0]


def _pay(progress: Progress, result: Selection) -> None:
    progress.selection_usage += result.usage
    progress.selection_failures += result.failures
