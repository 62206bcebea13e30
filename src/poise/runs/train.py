"""A run from its configuration to its files: search, then the race, then the evaluation. `resume` is the same path."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from poise.errors import UnknownNameError
from poise.policies.architecture import Architecture
from poise.policies.candidate import Candidate
from poise.rollouts.base import Engine
from poise.rollouts.choice import make_engine
from poise.rollouts.environments import EnvironmentInfo, EnvironmentLike, inspect, specify
from poise.rollouts.recording import record
from poise.rollouts.time_limit import DEFAULT_SECONDS
from poise.runs import checkpoint, frugal_run, table_run
from poise.runs.checkpoint import Progress
from poise.runs.config import Scale, TrainConfig
from poise.runs.directory import RunDirectory
from poise.runs.files import write_json
from poise.runs.interrupts import graceful_interrupts
from poise.runs.plan import Plan, explain, plan_for, resolved
from poise.runs.report import Findings, Job, PhaseClock, Run, finished, report, stopped
from poise.search import PROBES, SearchState, check_budget, probe, search
from poise.seeding import Purpose, SeedStream, generator
from poise.selection import Selection, race
from poise.statistics.intervals import mean_interval
from poise.types import EnvironmentSpec, Event, Observer

CHECKPOINT_SECONDS = 1.0
"""Least time between two checkpoints; a resumed run plays again what came after the last, to the same bytes."""

TOLERANCE = 1e-9
"""Relative slack when means are compared with what they are means of: a mean rounds."""


def train(
    env: EnvironmentLike,
    *,
    out: str | Path | None = None,
    observe: Observer | None = None,
    workers: int | None = None,
    step_seconds: float = DEFAULT_SECONDS,
    **settings: Any,
) -> Run:
    """Searches for a policy, chooses one and evaluates it, and keeps everything in a run.

    Args:
        env: Gymnasium's identifier of the environment; or a `gymnasium.Env`, which is made again as far as Gymnasium
            knows how, or a function that makes one. No file holds these two: they have to be given again.
        out: the run's directory, which must not exist yet; ``None`` for ``runs/<env>/<time>-<seed>``.
        observe: told of every step of the way.
        workers: how many play at once; ``None`` for one a processor. No result depends on it.
        step_seconds: how long an environment that Gymnasium plays may take for one ``reset`` or ``step``.
        settings: any attribute of `TrainConfig`: ``seed``, ``policy``, ``optimizer``, ``max_steps``, …

    Raises:
        PoiseError: something that was asked for cannot be done; the message says what to do.
    """
    known = [field.name for field in fields(TrainConfig)]
    for name in settings:
        if name not in known:
            raise UnknownNameError("setting of train", name, known)
    spec = specify(env, settings.get("env_args"))
    config = TrainConfig(spec.id, **{**settings, "env_args": dict(spec.kwargs)})
    info = inspect(spec)
    if config.frugal:
        engines = partial(make_engine, workers=workers, step_seconds=step_seconds)
        return frugal_run.train(config, info, out, engines, observe or _nobody)
    plan = plan_for(config, info)
    first = plan.first_architecture(info)
    with make_engine(info.spec, first, config.engine, workers=workers, step_seconds=step_seconds) as engine:
        config = _resolved(config, info, plan, engine)
        if plan.learns_a_table:
            return table_run.train(_job(config, plan, out, info, engine, observe))
        progress = _beginning(config, plan, first)
        probes = PROBES if config.normalize == "probe" else 0
        check_budget(progress.search, config.budget, plan.effort(config), probes)  # before anything is written
        return _run(_job(config, plan, out, info, engine, observe), progress)


def _job(
    config: TrainConfig,
    plan: Plan,
    out: str | Path | None,
    info: EnvironmentInfo,
    engine: Engine,
    observe: Observer | None,
) -> Job:
    """A new run's directory, with its configuration in it."""
    directory = RunDirectory.create(out, info.spec.id, config.seed)
    write_json(directory.config, config.to_json(plan.to_json()))
    return Job(config, plan, directory, info, engine, observe or _nobody)


def dry_run(env: str, **settings: Any) -> list[str]:
    """What `train` would do, in words, a line each. Nothing is written, and no episode is played.

    Raises:
        PoiseError: as `train`.
    """
    config = TrainConfig(env, **settings)
    info = inspect(EnvironmentSpec(config.env, dict(config.env_args)))
    if config.frugal:
        return frugal_run.explain(config, info)
    plan = plan_for(config, info)
    with make_engine(info.spec, plan.first_architecture(info), config.engine) as engine:
        return explain(_resolved(config, info, plan, engine), info, plan, compiled=engine.name == "kernel")


def resume(
    path: str | Path,
    *,
    env: EnvironmentLike | None = None,
    observe: Observer | None = None,
    workers: int | None = None,
    step_seconds: float = DEFAULT_SECONDS,
    **budget: Any,
) -> Run:
    """Goes on with a run that was stopped, from its last checkpoint.

    Args:
        path: the run's directory.
        env: the environment, where the run was given one that has no name.
        observe: told of every step of the way.
        workers: how many play at once; ``None`` for one a processor. No result depends on it.
        step_seconds: how long an environment that Gymnasium plays may take for one ``reset`` or ``step``.
        budget: a larger ``max_steps``, ``max_episodes``, ``max_seconds``, or another ``target``.

    Raises:
        InvalidFileError: it is no run, or its checkpoint is damaged.
    """
    directory = RunDirectory.existing(path)
    config = TrainConfig.from_json(directory.read_config())
    changes = {name: value for name, value in budget.items() if value is not None}
    if directory.evaluation.exists() and not changes:
        return finished(directory)
    spec = EnvironmentSpec(config.env, dict(config.env_args))
    if env is not None:
        spec = replace(specify(env, spec.kwargs if callable(env) else None), id=spec.id)
    info = inspect(spec)
    if config.frugal:
        engines = partial(make_engine, workers=workers, step_seconds=step_seconds)
        return frugal_run.resume(directory, config, changes, info, engines, observe or _nobody)
    plan = Plan.from_json(directory.read_config().get("plan"))
    if changes:
        config = replace(config, **changes)
        write_json(directory.config, config.to_json(plan.to_json()))
    first = plan.first_architecture(info)
    with make_engine(info.spec, first, config.engine, workers=workers, step_seconds=step_seconds) as engine:
        job = Job(config, plan, directory, info, engine, observe or _nobody)
        return table_run.resume(job, changes) if plan.learns_a_table else _taken_up(job, first, changes)


def _taken_up(job: Job, first: Architecture, changes: Mapping[str, Any]) -> Run:
    """A search that goes on from its last checkpoint; killed before its first it begins again, to the same bytes."""
    directory, progress = job.directory, _beginning(job.config, job.plan, first)
    if directory.checkpoint.exists():
        progress = checkpoint.load(directory.checkpoint, first)
    if changes:
        progress.winner = None
    for file in (directory.metrics, directory.timings):
        directory.keep_lines(file, progress.search.generation)
    return _run(job, progress)


def _beginning(config: TrainConfig, plan: Plan, architecture: Architecture) -> Progress:
    """Where a run stands before its first generation."""
    optimizer = plan.stages[0].optimizer_for(architecture, config.seed, 0)
    state = SearchState(optimizer, architecture, SeedStream(config.seed, Purpose.SEARCH))
    return Progress(state, SeedStream(config.seed, Purpose.SELECTION))


def is_finished(path: str | Path) -> bool:
    """Whether a run has come to its end.

    Raises:
        InvalidFileError: it is no run.
    """
    return RunDirectory.existing(path).evaluation.exists()


def _run(job: Job, progress: Progress) -> Run:
    clock = PhaseClock(progress.search.seconds)
    try:
        with graceful_interrupts() as interrupts:
            if progress.winner is None:
                if job.config.normalize == "probe" and progress.search.usage.episodes == 0:
                    _probe(job, progress)
                with interrupts.patience():
                    _search(job, progress, lambda: interrupts.asked)
                _save(job, progress)
                if interrupts.asked:
                    raise KeyboardInterrupt
            clock.lap("search")
            if progress.winner is None:
                progress.winner = _select(job, progress)
                _save(job, progress)
            clock.lap("selection")
            return report(job, Findings.of(progress), progress.winner, clock)
    except KeyboardInterrupt:
        best = progress.winner or progress.search.centre.unscaled()
        return stopped(job, Findings.of(progress), best, clock)
    finally:
        job.directory.close()


def _probe(job: Job, progress: Progress) -> None:
    """Measures the scale of the observations."""
    rng = generator(job.config.seed, "probe")
    probe(progress.search, job.engine, rng, lambda act, seed: record(job.info.spec, act, seed))


def _search(job: Job, progress: Progress, interrupted: Callable[[], bool]) -> None:
    """The search, written down as it goes."""
    state = progress.search
    saved = written = time.monotonic()

    def note(event: Event) -> None:
        nonlocal saved, written
        now = time.monotonic()
        generation = event.metrics["generation"]
        job.directory.append(job.directory.metrics, event.metrics)
        timing = {"generation": generation, "seconds": state.seconds, "generation_seconds": now - written}
        job.directory.append(job.directory.timings, timing)
        written = now
        if generation == 1 or now - saved >= CHECKPOINT_SECONDS:
            _save(job, progress)
            saved = now
        job.observe(event)

    search(
        state,
        job.engine,
        job.config.budget,
        job.plan.effort(job.config),
        confirm=lambda claimants: _confirm(job, progress, claimants),
        observe=note,
        proceed=lambda state: job.plan.proceed(state, state.architecture, job.config.seed),
        interrupted=interrupted,
    )


def _save(job: Job, progress: Progress) -> None:
    job.directory.sync()  # a checkpoint must not know of lines that a power failure could still take
    checkpoint.save(job.directory.checkpoint, progress)


def _confirm(job: Job, progress: Progress, claimants: Sequence[Candidate]) -> bool:
    """Races those who claim that nothing is left to gain; whether the claim of one held, who has then won."""
    target, limits = job.config.target, job.config
    floor = target if target is not None else progress.search.highest * (1 - TOLERANCE)
    limit = limits.confirmation_episodes if target is None else limits.selection_episodes
    claimants = [claimant.unscaled() for claimant in claimants]
    result = _race(job, progress, claimants, floor, limit)
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
    return candidates[_race(job, progress, candidates, -np.inf, job.config.selection_episodes).winner or 0]


def _race(job: Job, progress: Progress, candidates: Sequence[Candidate], floor: float, limit: int | None) -> Selection:
    seeds, observe = progress.selection_seeds, job.observe
    result = race(job.engine, candidates, seeds, limit=limit or 1, floor=floor, observe=observe)
    progress.selection_usage += result.usage
    return result


def _resolved(config: TrainConfig, info: EnvironmentInfo, plan: Plan, engine: Engine) -> TrainConfig:
    """The configuration with every default that depends on the environment filled in."""
    compiled = engine.name == "kernel"
    scale = Scale.of(info.max_episode_steps, compiled=compiled)
    return replace(
        resolved(config, info, plan, compiled=compiled),
        env=info.spec.id,
        selection_episodes=config.selection_episodes or scale.selection_episodes,
        confirmation_episodes=config.confirmation_episodes or scale.confirmation_episodes,
        evaluation_episodes=config.evaluation_episodes or scale.evaluation_episodes,
    )


def _nobody(_: Event) -> None:
    """The observer of a run that nobody watches."""
