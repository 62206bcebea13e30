"""A run from its configuration to its files: search, then selection, then evaluation. `resume` is the same path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from poise import fisher, frugal
from poise.checks import check_budget
from poise.errors import UnknownNameError
from poise.policies.architecture import Architecture
from poise.rollouts.base import Engine
from poise.rollouts.choice import ENGINE_NAMES, make_engine
from poise.rollouts.environments import EnvironmentInfo, EnvironmentLike, inspect, specify
from poise.rollouts.time_limit import DEFAULT_SECONDS
from poise.runs import checkpoint, frugal_run, table_run
from poise.runs.auto import plan_for, with_last_stage
from poise.runs.checkpoint import Progress
from poise.runs.config import TrainConfig
from poise.runs.defaults import resolved
from poise.runs.directory import RunDirectory, new_path
from poise.runs.explanation import explain
from poise.runs.plan import Plan
from poise.runs.recovery import recover, reopen
from poise.runs.report import Job, Run, finished
from poise.runs.session import play_on
from poise.runs.tensorboard import observed
from poise.search import CONFIRMED, TARGET_CONFIRMED
from poise.search_state import SearchState
from poise.seeding import Purpose, SeedStream
from poise.types import EnvironmentSpec, Event, Observer


def train(
    env: EnvironmentLike,
    *,
    out: str | Path | None = None,
    observe: Observer | None = None,
    workers: int | None = None,
    step_seconds: float = DEFAULT_SECONDS,
    tensorboard: bool = False,
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
        tensorboard: also write event files for TensorBoard, into the run's directory.
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
    path = new_path(info.spec.id, config.seed) if out is None else Path(out)
    engines = partial(make_engine, workers=workers, step_seconds=step_seconds)
    with observed(tensorboard, path, observe or _nobody) as told:
        return _train(config, info, path, engines, told)


def _train(
    config: TrainConfig, info: EnvironmentInfo, path: Path, engines: frugal_run.MakeEngine, observe: Observer
) -> Run:
    """A new run of one of the three kinds."""
    if config.frugal:
        return frugal_run.train(config, info, path, engines, observe)
    plan = plan_for(config, info)
    first = plan.first_architecture(info)
    with engines(info.spec, first, config.engine) as engine:
        config = _resolved(config, info, plan, engine)
        plan = with_last_stage(plan, config, info, compiled=engine.name == "kernel")
        progress = None if plan.learns_a_table else _beginning(config, plan, first)
        if progress is not None:
            _check_budget(config, info, plan, progress)  # before anything is written
        directory = RunDirectory.create(path)
        try:
            directory.write_config(config.to_json(plan.to_json()))
            job = Job(config, plan, directory, info, engine, observe)
            return table_run.train(job) if progress is None else play_on(job, progress)
        finally:
            directory.close()


def check(config: TrainConfig) -> None:
    """Refuses what `train` would refuse before it plays; nothing is written, nothing is compiled.

    Raises:
        PoiseError: as `train`.
    """
    if config.engine not in ENGINE_NAMES:
        raise UnknownNameError("engine", config.engine, ENGINE_NAMES)
    info = inspect(EnvironmentSpec(config.env, dict(config.env_args)))
    if config.frugal:
        frugal.check(info)
        return
    plan = plan_for(config, info)
    if not plan.learns_a_table:
        progress = _beginning(config, plan, plan.first_architecture(info))
        _check_budget(resolved(config, info, plan, compiled=False), info, plan, progress)


def _check_budget(config: TrainConfig, info: EnvironmentInfo, plan: Plan, progress: Progress) -> None:
    state = progress.search
    before, looked_at = plan.probes(config, info), fisher.set_aside(state)
    check_budget(config.budget, state.optimizer, plan.effort(config), before, looked_at)


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
        config = _resolved(config, info, plan, engine)
        compiled = engine.name == "kernel"
        return explain(config, info, with_last_stage(plan, config, info, compiled=compiled), compiled=compiled)


def resume(
    path: str | Path,
    *,
    env: EnvironmentLike | None = None,
    observe: Observer | None = None,
    workers: int | None = None,
    step_seconds: float = DEFAULT_SECONDS,
    tensorboard: bool = False,
    **budget: Any,
) -> Run:
    """Goes on with a run that was stopped, from its last checkpoint.

    Args:
        path: the run's directory.
        env: the environment, where the run was given one that has no name.
        observe: told of every step of the way.
        workers: how many play at once; ``None`` for one a processor. No result depends on it.
        step_seconds: how long an environment that Gymnasium plays may take for one ``reset`` or ``step``.
        tensorboard: also write event files for TensorBoard, into the run's directory.
        budget: a larger ``max_steps``, ``max_episodes``, ``max_seconds``, or another ``target``.

    Raises:
        InvalidFileError: it is no run, or its checkpoints are damaged.
        RunInUseError: another process is at work on it.
        RunStoppedError: its files cannot be written; it can be resumed again.
    """
    directory = RunDirectory.existing(path)
    config = TrainConfig.from_json(directory.read_config())
    changes = {name: value for name, value in budget.items() if value is not None}
    if directory.evaluation.exists() and not changes:
        return finished(directory)
    spec = EnvironmentSpec(config.env, dict(config.env_args), from_file=True)
    if env is not None:
        spec = replace(specify(env, spec.kwargs if callable(env) else None), id=spec.id)
    info = inspect(spec)
    directory.take()
    # What has taken a process along may do so again: then it shall not be this one.
    engines = partial(make_engine, workers=workers, step_seconds=step_seconds, isolate=directory.was_left)
    try:
        with observed(tensorboard, directory.path, observe or _nobody) as told:
            if config.frugal:
                return frugal_run.resume(directory, config, changes, info, engines, told)
            config, plan = replace(config, **changes), Plan.from_json(directory.read_config().get("plan"))
            first = plan.first_architecture(info)
            with engines(info.spec, first, config.engine) as engine:
                job = Job(config, plan, directory, info, engine, told)
                return table_run.resume(job, changes) if plan.learns_a_table else _taken_up(job, first, changes)
    finally:
        directory.close()


def _taken_up(job: Job, first: Architecture, changes: Mapping[str, Any]) -> Run:
    """A search that goes on from its last checkpoint; killed before its first it begins again, to the same bytes."""
    directory, beginning = job.directory, _beginning(job.config, job.plan, first)
    progress = recover(
        directory, beginning, lambda file: checkpoint.load(file, first), lambda progress: progress.search.generation
    )

    def save() -> None:
        if progress.search.generation:
            checkpoint.save(directory.checkpoint, progress)

    config = job.config.to_json(job.plan.to_json())
    if changes and "target" not in changes and progress.search.stopped_because in (CONFIRMED, TARGET_CONFIRMED):
        directory.write_config(config)  # nothing is left to gain: a larger budget makes no difference
        if directory.evaluation.exists():
            return finished(directory)
    elif changes:
        progress.reopen()
        reopen(directory, save, config)
    return play_on(job, progress)


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


def _resolved(config: TrainConfig, info: EnvironmentInfo, plan: Plan, engine: Engine) -> TrainConfig:
    """The configuration with every default that depends on the environment filled in."""
    return replace(resolved(config, info, plan, compiled=engine.name == "kernel"), env=info.spec.id)


def _nobody(_: Event) -> None:
    """The observer of a run that nobody watches."""
