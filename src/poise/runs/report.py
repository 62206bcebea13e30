"""The end of a run: the evaluation of the winner, the files that stay, and what is said of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path

import numpy as np

from poise.errors import EnvironmentFailureError
from poise.evaluation import EpisodeRows, Evaluation, evaluate
from poise.policies.candidate import Candidate
from poise.rollouts.base import Engine
from poise.rollouts.environments import EnvironmentInfo
from poise.rollouts.recording import record
from poise.runs.checkpoint import Progress
from poise.runs.config import TrainConfig
from poise.runs.directory import RunDirectory
from poise.runs.files import read_json, write_json
from poise.runs.plan import Plan
from poise.runs.policy import Policy, load
from poise.seeding import Purpose, SeedStream
from poise.types import EnvironmentSpec, EpisodeBatch, Failures, Json, Observer, Usage

STOPPED = "interrupted"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """A run that has ended, or was stopped.

    Attributes:
        path: its directory.
        result: what ``poise train --json`` prints.
        environment: where it was found; the policy's file cannot hold one that was given from Python.
    """

    path: Path
    result: Mapping[str, Json]
    environment: EnvironmentSpec | None = None

    @property
    def policy(self) -> Policy:
        """The policy it found; one without a certificate if it was stopped."""
        policy = load(self.path)
        return policy if self.environment is None else replace(policy, environment=self.environment)

    @property
    def interrupted(self) -> bool:
        """Whether it was stopped before its end and can be resumed."""
        return self.result["evaluation"] is None


@dataclass(frozen=True)
class Job:
    """What the stages of a run share."""

    config: TrainConfig
    plan: Plan
    directory: RunDirectory
    info: EnvironmentInfo
    engine: Engine
    observe: Observer

    def policy(self, candidate: Candidate, certificate: dict[str, Json] | None) -> Policy:
        """A candidate of this run as a policy to keep."""
        version = metadata.version("gymnasium")
        return Policy(self.info.spec, candidate.architecture, candidate.parameters, certificate, version)


class PhaseClock:
    """Wall time of a run and of its phases; for the screen, never for a file that must be equal in equal runs.

    Args:
        before: seconds that sessions before this one have spent.
    """

    def __init__(self, before: float) -> None:
        self._began = self._lap = time.monotonic()
        self._before = before
        self.phases: dict[str, float] = {}

    def lap(self, phase: str) -> None:
        """Ends a phase."""
        now = time.monotonic()
        self.phases[phase] = now - self._lap
        self._lap = now

    def to_json(self) -> dict[str, Json]:
        """Seconds in all, and of each phase in this session."""
        return {"seconds": self._before + time.monotonic() - self._began, "phase_seconds": self.phases}


@dataclass(frozen=True)
class Findings:
    """What a search is reported with.

    Attributes:
        search, selection: what was paid.
        generations: how many there were; real episodes, where a model was learnt.
        best_score: the highest score met on the way: a claim, not a result.
        stopped_because: why it ended, in words.
        real_episodes: where a model was learnt, every episode it was learnt from; elsewhere ``None``.
        search_failures, selection_failures: the episodes in which the environment failed.
    """

    search: Usage
    selection: Usage
    generations: int
    best_score: float | None
    stopped_because: str | None
    real_episodes: list[Json] | None = None
    search_failures: Failures = field(default_factory=Failures)
    selection_failures: Failures = field(default_factory=Failures)

    @classmethod
    def of(cls, progress: Progress) -> Findings:
        """Those of a black-box search."""
        state = progress.search
        return cls(
            state.usage,
            progress.selection_usage,
            state.generation,
            state.best_claim,
            state.stopped_because,
            search_failures=state.failures,
            selection_failures=progress.selection_failures,
        )


def report(job: Job, findings: Findings, winner: Candidate, clock: PhaseClock) -> Run:
    """Evaluates the winner on episodes nobody has seen, and writes what is to be kept."""
    config, directory = job.config, job.directory
    evaluation, rows = evaluate(
        job.engine.exact(),
        winner.architecture,
        winner.parameters,
        SeedStream(config.seed, Purpose.EVALUATION),
        episodes=config.evaluation_episodes or 2,
        threshold=config.target if config.target is not None else job.info.reward_threshold,
        confidence=config.confidence,
        observe=job.observe,
    )
    clock.lap("evaluation")
    policy = job.policy(winner, {**evaluation.to_json(), "engine": job.engine.name})
    account = _account(job, findings, evaluation, rows.batch)
    _record_episodes(job, policy, rows)
    policy.save(directory.policy)
    write_json(directory.evaluation, account)
    return Run(directory.path, {**_result(directory, policy, account), **clock.to_json()}, policy.environment)


def stopped(job: Job, findings: Findings, best: Candidate, clock: PhaseClock) -> Run:
    """Keeps what was found so far as a policy without a certificate."""
    policy = job.policy(best, None)
    policy.save(job.directory.policy)
    account = _account(job, replace(findings, stopped_because=STOPPED), None, None)
    return Run(job.directory.path, {**_result(job.directory, policy, account), **clock.to_json()}, policy.environment)


def finished(directory: RunDirectory) -> Run:
    """A run that had ended before."""
    policy, account = load(directory.path), read_json(directory.evaluation)
    return Run(directory.path, _result(directory, policy, account))


def _account(
    job: Job, findings: Findings, evaluation: Evaluation | None, evaluated: EpisodeBatch | None
) -> dict[str, Json]:
    """What was found and what was paid: the content of ``evaluation.json``."""
    usage, failures = (Usage(), Failures()) if evaluated is None else (evaluated.usage, evaluated.failures)
    paid = {"search": findings.search, "selection": findings.selection, "evaluation": usage}
    failed = {
        "search": findings.search_failures,
        "selection": findings.selection_failures,
        "evaluation": failures,
    }
    lived = {} if findings.real_episodes is None else {"real_episodes": findings.real_episodes}
    return {
        "evaluation": None if evaluation is None else evaluation.to_json(),
        "best_score_in_search": findings.best_score,
        "generations": findings.generations,
        "steps": {phase: usage.steps for phase, usage in paid.items()},
        "episodes": {phase: usage.episodes for phase, usage in paid.items()},
        "failed_episodes": {phase: some.episodes for phase, some in failed.items()},
        "first_failure": sum(failed.values(), Failures()).first,
        **lived,
        "engine": job.engine.name,
        "max_episode_steps": job.info.max_episode_steps,
        "time_limit_is_ours": job.info.time_limit_is_ours,
        "stopped_because": findings.stopped_because,
    }


def _result(directory: RunDirectory, policy: Policy, account: Mapping[str, Json]) -> dict[str, Json]:
    return {
        "run": str(directory.path),
        "policy": policy.architecture.name,
        "policy_file": str(directory.policy),
        "env": policy.environment.id,
        "seed": directory.read_config()["train"]["seed"],
        "parameters": policy.parameters.tolist(),
        **account,
    }


def _record_episodes(job: Job, policy: Policy, rows: EpisodeRows) -> None:
    """Keeps the first, the best and the worst episode of the evaluation, to be looked at."""
    returns = rows.batch.returns[0]
    first = int(np.flatnonzero(~rows.batch.failed[0])[0])
    for index in sorted({first, int(np.nanargmax(returns)), int(np.nanargmin(returns))}):
        try:
            recording = record(policy.environment, policy.act, int(rows.seeds[index]))
        except EnvironmentFailureError as error:  # it did not when it was evaluated: that is what counts
            _log.warning("an episode is not kept to be looked at: %s", error)
            continue
        job.directory.write_episode(recording)
