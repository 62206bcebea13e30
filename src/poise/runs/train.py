"""A run from its configuration to its files: search, then the race, then the evaluation. `resume` is the same path."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from poise.errors import UnknownNameError
from poise.evaluation import EpisodeRows, Evaluation, evaluate
from poise.optimizers import OPTIMIZERS
from poise.policies.architecture import Architecture
from poise.rollouts.base import Engine
from poise.rollouts.choice import make_engine
from poise.rollouts.environments import EnvironmentInfo, inspect
from poise.rollouts.recording import record
from poise.runs import checkpoint
from poise.runs.checkpoint import Progress
from poise.runs.config import TrainConfig, default_evaluation_episodes
from poise.runs.directory import RunDirectory
from poise.runs.files import read_json, write_json
from poise.runs.interrupts import graceful_interrupts
from poise.runs.policy import Policy, load
from poise.search import INTERRUPTED, SearchState, check_budget, search
from poise.seeding import Purpose, SeedStream, generator
from poise.selection import Selection, race
from poise.statistics.intervals import mean_interval
from poise.types import EnvironmentSpec, Event, FloatArray, Json, Observer

CHECKPOINT_SECONDS = 1.0
"""Least time between two checkpoints; a resumed run plays again what came after the last, to the same bytes."""

TOLERANCE = 1e-9
"""Relative slack when means are compared with what they are means of: a mean rounds."""


@dataclass(frozen=True)
class Run:
    """A run that has ended, or was stopped.

    Attributes:
        path: its directory.
        result: what ``poise train --json`` prints.
    """

    path: Path
    result: Mapping[str, Json]

    @property
    def policy(self) -> Policy:
        """The policy it found."""
        return load(self.path)

    @property
    def interrupted(self) -> bool:
        """Whether it was stopped before its end and can be resumed."""
        return bool(self.result["stopped_because"] == INTERRUPTED)


@dataclass(frozen=True)
class _Job:
    """What the stages of a run share."""

    config: TrainConfig
    directory: RunDirectory
    info: EnvironmentInfo
    architecture: Architecture
    engine: Engine
    observe: Observer


def train(env: str, *, out: str | Path | None = None, observe: Observer | None = None, **settings: Any) -> Run:
    """Searches for a policy, chooses one and evaluates it, and keeps everything in a run.

    Args:
        env: Gymnasium's identifier of the environment.
        out: the run's directory, which must not exist yet; ``None`` for ``runs/<env>/<time>-<seed>``.
        observe: told of every step of the way.
        settings: any attribute of `TrainConfig`: ``seed``, ``policy``, ``optimizer``, ``max_steps``, …

    Raises:
        PoiseError: something that was asked for cannot be done; the message says what to do.
    """
    known = [field.name for field in fields(TrainConfig)]
    for name in settings:
        if name not in known:
            raise UnknownNameError("setting of train", name, known)
    config = TrainConfig(env, **settings)
    info = inspect(EnvironmentSpec(config.env, dict(config.env_args)))
    architecture = Architecture(config.policy, info.observation, info.action)
    optimizer_class = OPTIMIZERS.get(config.optimizer)
    options = optimizer_class.make_options(config.optimizer_args)
    with make_engine(info.spec, config.engine) as engine:
        config = _resolved(config, info, engine)
        optimizer = optimizer_class(architecture.parameter_count, generator(config.seed, "optimizer"), options)
        state = SearchState.start(optimizer, SeedStream(config.seed, Purpose.SEARCH))
        progress = Progress(state, SeedStream(config.seed, Purpose.SELECTION))
        check_budget(state, config.budget, config.episodes_per_candidate)  # before anything is written
        directory = RunDirectory.create(out, info.spec.id, config.seed)
        write_json(directory.config, config.to_json())
        return _run(_Job(config, directory, info, architecture, engine, observe or _nobody), progress)


def resume(path: str | Path, *, observe: Observer | None = None, **budget: Any) -> Run:
    """Goes on with a run that was stopped, from its last checkpoint.

    Args:
        path: the run's directory.
        observe: told of every step of the way.
        budget: a larger ``max_steps``, ``max_episodes``, ``max_seconds``, or another ``target``.

    Raises:
        InvalidFileError: it is no run, or its checkpoint is damaged.
    """
    directory = RunDirectory.existing(path)
    config = TrainConfig.from_json(directory.read_config())
    changes = {name: value for name, value in budget.items() if value is not None}
    if directory.evaluation.exists() and not changes:
        return Run(directory.path, _result(directory, load(directory.path), read_json(directory.evaluation)))
    progress = checkpoint.load(directory.checkpoint)
    if changes:
        config = replace(config, **changes)
        progress.winner = None
        write_json(directory.config, config.to_json())
    for file in (directory.metrics, directory.timings):
        directory.keep_lines(file, progress.search.optimizer.generation)
    info = inspect(EnvironmentSpec(config.env, dict(config.env_args)))
    architecture = Architecture(config.policy, info.observation, info.action)
    with make_engine(info.spec, config.engine) as engine:
        return _run(_Job(config, directory, info, architecture, engine, observe or _nobody), progress)


def is_finished(path: str | Path) -> bool:
    """Whether a run has come to its end.

    Raises:
        InvalidFileError: it is no run.
    """
    return RunDirectory.existing(path).evaluation.exists()


def _run(job: _Job, progress: Progress) -> Run:
    began = time.monotonic() - progress.search.seconds
    try:
        if progress.winner is None:
            with graceful_interrupts() as interrupted:
                _search(job, progress, interrupted)
            checkpoint.save(job.directory.checkpoint, progress)
            if progress.search.stopped_because == INTERRUPTED:
                return _stopped(job, progress)
        if progress.winner is None:
            progress.winner = _select(job, progress)
            checkpoint.save(job.directory.checkpoint, progress)
        return _report(job, progress, progress.winner, began)
    finally:
        job.directory.close()


def _search(job: _Job, progress: Progress, interrupted: Callable[[], bool]) -> None:
    """The search, written down as it goes."""
    state = progress.search
    saved = written = time.monotonic()

    def confirm(candidates: FloatArray, claims: FloatArray) -> bool:
        chosen = _confirm(job, progress, candidates, claims)
        if chosen is not None:
            progress.winner = candidates[chosen].copy()
        return chosen is not None

    def note(event: Event) -> None:
        nonlocal saved, written
        now = time.monotonic()
        generation = event.metrics["generation"]
        job.directory.append(job.directory.metrics, event.metrics)
        timing = {"generation": generation, "seconds": state.seconds, "generation_seconds": now - written}
        job.directory.append(job.directory.timings, timing)
        written = now
        if generation == 1 or now - saved >= CHECKPOINT_SECONDS:
            checkpoint.save(job.directory.checkpoint, progress)
            saved = now
        job.observe(event)

    config = job.config
    search(
        state,
        job.engine,
        job.architecture,
        config.budget,
        episodes_per_candidate=config.episodes_per_candidate,
        common_episodes=config.common_episodes,
        confirm=confirm,
        observe=note,
        interrupted=interrupted,
    )


def _confirm(job: _Job, progress: Progress, candidates: FloatArray, claims: FloatArray) -> int | None:
    """Races those who claim that nothing is left to gain; the index of one whose claim held, if one did."""
    target = job.config.target
    floor = target if target is not None else progress.search.highest * (1 - TOLERANCE)
    result = _race(job, progress, candidates, claims, floor)
    if result.winner is None:
        return None
    if target is not None:
        return result.winner if mean_interval(result.returns, job.config.confidence).low >= target else None
    return result.winner if result.constant else None


def _select(job: _Job, progress: Progress) -> FloatArray:
    """The winner among the best candidates of the search and the optimizer's centre."""
    state = progress.search
    candidates = np.concatenate([state.optimizer.center[np.newaxis], state.archive.parameters])
    # The centre was never scored itself: it claims what the best of all did, and has to show it.
    claims = np.concatenate([state.archive.scores[:1], state.archive.scores])
    winner = _race(job, progress, candidates, claims, floor=-np.inf).winner
    chosen: FloatArray = candidates[winner if winner is not None else 0].copy()
    return chosen


def _race(job: _Job, progress: Progress, candidates: FloatArray, claims: FloatArray, floor: float) -> Selection:
    result = race(
        job.engine,
        job.architecture,
        candidates,
        claims,
        progress.selection_seeds,
        limit=job.config.selection_episodes,
        floor=floor,
        observe=job.observe,
    )
    progress.selection_usage += result.usage
    return result


def _report(job: _Job, progress: Progress, winner: FloatArray, began: float) -> Run:
    """Evaluates the winner on episodes nobody has seen, and writes what is to be kept."""
    config, directory = job.config, job.directory
    threshold = config.target if config.target is not None else job.info.reward_threshold
    evaluation, rows = evaluate(
        job.engine,
        job.architecture,
        winner,
        SeedStream(config.seed, Purpose.EVALUATION),
        episodes=config.evaluation_episodes or 2,
        threshold=threshold,
        confidence=config.confidence,
        observe=job.observe,
    )
    policy = _policy(job, winner, {**evaluation.to_json(), "engine": job.engine.name})
    report = _report_json(job, progress, evaluation, rows)
    _record_episodes(job, policy, rows)
    policy.save(directory.policy)
    write_json(directory.evaluation, report)
    seconds = {"seconds": time.monotonic() - began}
    return Run(directory.path, {**_result(directory, policy, report), **seconds})


def _report_json(job: _Job, progress: Progress, evaluation: Evaluation, rows: EpisodeRows) -> dict[str, Json]:
    paid = {
        "search": progress.search.usage,
        "selection": progress.selection_usage,
        "evaluation": rows.batch.usage,
    }
    return {
        "evaluation": evaluation.to_json(),
        "best_score_in_search": float(progress.search.archive.scores[0]),
        "generations": progress.search.optimizer.generation,
        "steps": {phase: usage.steps for phase, usage in paid.items()},
        "episodes": {phase: usage.episodes for phase, usage in paid.items()},
        "engine": job.engine.name,
        "stopped_because": progress.search.stopped_because,
    }


def _result(directory: RunDirectory, policy: Policy, report: Mapping[str, Json]) -> dict[str, Json]:
    return {
        "run": str(directory.path),
        "policy": policy.architecture.name,
        "policy_file": str(directory.policy),
        "env": policy.environment.id,
        "seed": directory.read_config()["train"]["seed"],
        "parameters": policy.parameters.tolist(),
        **report,
    }


def _stopped(job: _Job, progress: Progress) -> Run:
    """Keeps the best candidate so far as a policy without a certificate."""
    state = progress.search
    best = state.archive.parameters[0] if len(state.archive.scores) else state.optimizer.center
    policy = _policy(job, best, None)
    policy.save(job.directory.policy)
    report = {
        "evaluation": None,
        "generations": state.optimizer.generation,
        "steps": {"search": state.usage.steps, "selection": progress.selection_usage.steps, "evaluation": 0},
        "episodes": {"search": state.usage.episodes, "selection": progress.selection_usage.episodes, "evaluation": 0},
        "engine": job.engine.name,
        "stopped_because": state.stopped_because,
        "seconds": state.seconds,
    }
    return Run(job.directory.path, _result(job.directory, policy, report))


def _record_episodes(job: _Job, policy: Policy, rows: EpisodeRows) -> None:
    """Keeps the first, the best and the worst episode of the evaluation, to be looked at."""
    returns = rows.batch.returns[0]
    for index in sorted({0, int(returns.argmax()), int(returns.argmin())}):
        job.directory.write_episode(record(policy.environment, policy.act, int(rows.seeds[index])))


def _policy(job: _Job, parameters: FloatArray, certificate: dict[str, Json] | None) -> Policy:
    return Policy(job.info.spec, job.architecture, parameters, certificate, metadata.version("gymnasium"))


def _resolved(config: TrainConfig, info: EnvironmentInfo, engine: Engine) -> TrainConfig:
    """The configuration with every default that depends on the environment filled in."""
    compiled = engine.name == "kernel"
    episodes = config.evaluation_episodes or default_evaluation_episodes(info.max_episode_steps, compiled=compiled)
    return replace(config, env=info.spec.id, evaluation_episodes=episodes)


def _nobody(_: Event) -> None:
    """The observer of a run that nobody watches."""
