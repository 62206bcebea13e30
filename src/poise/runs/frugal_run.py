"""A run that learns a model: the real episodes, then the choice among policies, then the evaluation, as any run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from poise import frugal
from poise.frugal import learn
from poise.frugal_state import FrugalState, RealEpisode
from poise.models.transitions import Transitions
from poise.policies.architecture import Architecture
from poise.policies.candidate import Candidate
from poise.rollouts.base import Engine
from poise.rollouts.environments import EnvironmentInfo
from poise.rollouts.stepping import SteppedEnvironment
from poise.runs import checkpoint, checkpoint_file, form
from poise.runs.config import TrainConfig
from poise.runs.defaults import Scale
from poise.runs.directory import RunDirectory
from poise.runs.interrupts import graceful_interrupts, until_stopped
from poise.runs.plan import Plan
from poise.runs.policy import Policy
from poise.runs.recovery import recover, reopen
from poise.runs.report import Findings, Job, PhaseClock, Run, report, stopped
from poise.seeding import Purpose, SeedStream
from poise.selection import race
from poise.types import EnvironmentSpec, Event, Json, Observer, Usage
from poise.words import counted

DEFAULT_EPISODES, LEAST_STEPS = 10, 2_000
"""The budget of real steps when none is given: so many episodes to their time limit, and at least so many steps."""

SELECTION_EPISODES = 20
"""Fresh real episodes that the winner must lead for, when no number is given: they too are dear."""

MakeEngine = Callable[[EnvironmentSpec, Architecture, str], Engine]
"""What plays the episodes of selection and evaluation."""

_NO_PLAN = Plan((), open_ended=False)


@dataclass
class Progress:
    """Where a run stands.

    Attributes:
        learning: what was lived through.
        selection_seeds: gives out the episodes of selection.
        selection_usage: what selecting has cost.
        winner: the candidate chosen, once it is.
        before_choice: where selection stood before the choice: position of its seeds, and usage.
    """

    learning: FrugalState
    selection_seeds: SeedStream
    selection_usage: Usage = field(default_factory=Usage)
    winner: Candidate | None = None
    before_choice: tuple[int, Usage] | None = None

    def reopen(self) -> None:
        """Goes back to before the choice, so that a larger budget can be used."""
        self.winner = self.learning.stopped_because = None
        if self.before_choice is not None:
            position, self.selection_usage = self.before_choice
            self.selection_seeds = SeedStream(self.selection_seeds.seed, Purpose.SELECTION, position)
            self.before_choice = None


def train(config: TrainConfig, info: EnvironmentInfo, path: Path, engines: MakeEngine, observe: Observer) -> Run:
    """A new run.

    Raises:
        PoiseError: no model can be learnt of this environment, or it cannot be played, or nothing can be written.
    """
    frugal.check(info)  # before anything is written, and before a step is spent
    with engines(info.spec, _base(info), config.engine) as engine:
        config = _resolved(config, info, compiled=engine.name == "kernel")
        directory = RunDirectory.create(path)
        try:
            directory.write_config(config.to_json(_NO_PLAN.to_json()))
            return _run(Job(config, _NO_PLAN, directory, info, engine, observe), _beginning(config, info))
        finally:
            directory.close()


def resume(
    directory: RunDirectory,
    config: TrainConfig,
    changes: Mapping[str, Any],
    info: EnvironmentInfo,
    engines: MakeEngine,
    observe: Observer,
) -> Run:
    """Goes on with a run that was stopped; with `changes` of its budget, also with one that had ended.

    Args:
        directory: the run, taken hold of.
        config: its configuration.
        changes: of the budget.
        info: its environment.
        engines: makes what plays.
        observe: told of every step of the way.
    """
    progress = recover(
        directory,
        _beginning(config, info),
        lambda file: checkpoint_file.read(file, lambda state: _from_state(state, info)),
        lambda progress: len(progress.learning.episodes),
    )
    if changes:
        config = replace(config, **changes)
        progress.reopen()

        def save() -> None:
            if progress.learning.episodes:
                checkpoint_file.write(directory.checkpoint, _to_state(progress))

        reopen(directory, save, config.to_json(_NO_PLAN.to_json()))
    with engines(info.spec, _base(info), config.engine) as engine:
        return _run(Job(config, _NO_PLAN, directory, info, engine, observe), progress)


def policy_so_far(file: Path, info: EnvironmentInfo) -> Policy:
    """The newest policy of a run that is under way.

    Args:
        file: its checkpoint.
        info: its environment.

    Raises:
        InvalidFileError: the file is damaged.
    """

    def policy(state: dict[str, Any]) -> Policy:
        best = _best(_from_state(state, info), info)
        return Policy(info.spec, best.architecture, best.parameters)

    return checkpoint_file.read(file, policy)


def explain(config: TrainConfig, info: EnvironmentInfo) -> list[str]:
    """What `train` would do, in words, a line each.

    Raises:
        UnsupportedSpaceError: no model can be learnt of this environment.
    """
    frugal.check(info)
    config = _resolved(config, info, compiled=False)
    limits = [("step", config.max_steps), ("episode", config.max_episodes), ("second", config.max_seconds)]
    return [
        f"environment  {info.spec.id}: {counted(info.observation.size, 'feature')}, {info.action.kind} actions, "
        f"at most {counted(info.max_episode_steps, 'step')} an episode",
        "first        resets without a step, to measure the scale of a start",
        "then         a linear model refitted at every step and its best regulator, while every step earns the same",
        "otherwise    a learnt world and a search inside it, again and again; the best policies race for real",
        "budget       " + ", ".join(counted(value, f"real {unit}") for unit, value in limits if value is not None),
    ]


def _beginning(config: TrainConfig, info: EnvironmentInfo) -> Progress:
    learning = FrugalState.beginning(info, SeedStream(config.seed, Purpose.SEARCH))
    return Progress(learning, SeedStream(config.seed, Purpose.SELECTION))


def _base(info: EnvironmentInfo) -> Architecture:
    return Architecture("linear", info.observation, info.action)


def _resolved(config: TrainConfig, info: EnvironmentInfo, *, compiled: bool) -> TrainConfig:
    scale = Scale.of(info, compiled=compiled)
    unlimited = config.max_steps is None and config.max_episodes is None and config.max_seconds is None
    default_steps = max(LEAST_STEPS, DEFAULT_EPISODES * info.max_episode_steps)
    return replace(
        config,
        env=info.spec.id,
        max_steps=default_steps if unlimited else config.max_steps,
        selection_episodes=config.selection_episodes or SELECTION_EPISODES,
        evaluation_episodes=config.evaluation_episodes or scale.evaluation_episodes,
    )


def _run(job: Job, progress: Progress) -> Run:
    clock = PhaseClock(progress.learning.seconds)
    return until_stopped(
        job.directory.path,
        lambda: _phases(job, progress, clock),
        lambda: stopped(job, _findings(progress), _best(progress, job.info), clock),
    )


def _phases(job: Job, progress: Progress, clock: PhaseClock) -> Run:
    """Learning, choice and evaluation, as far as they are still to be done."""
    with graceful_interrupts() as interrupts:
        if progress.winner is None:
            with interrupts.patience():
                _learn(job, progress, lambda: interrupts.asked)
            if interrupts.asked:
                raise KeyboardInterrupt
            clock.lap("search")
            progress.before_choice = progress.selection_seeds.position, progress.selection_usage
            progress.winner = _choose(job, progress)
            _save(job, progress)
        clock.lap("selection")
        return report(job, _findings(progress), progress.winner, clock)


def _best(progress: Progress, info: EnvironmentInfo) -> Candidate:
    candidates = progress.learning.candidates
    return progress.winner or (candidates[-1] if candidates else _nothing(info))


def _nothing(info: EnvironmentInfo) -> Candidate:
    """What is reported where the steps did not even do for a first model; it races with nobody, and claims nothing."""
    base = _base(info)
    return Candidate(base, np.zeros(base.parameter_count), 0.0)


def _learn(job: Job, progress: Progress, interrupted: Callable[[], bool]) -> None:
    """The real episodes, written down as they go by."""
    written = time.monotonic()

    def note(event: Event) -> None:
        nonlocal written
        now, episode = time.monotonic(), event.metrics["generation"]
        job.directory.append(job.directory.metrics, event.metrics)
        timing = {"generation": episode, "seconds": progress.learning.seconds, "generation_seconds": now - written}
        job.directory.append(job.directory.timings, timing)
        written = now
        _save(job, progress)
        job.observe(event)

    with SteppedEnvironment(job.info) as world:
        learn(
            progress.learning,
            world,
            job.config.budget,
            keep=job.directory.write_episode,
            observe=note,
            interrupted=interrupted,
        )


def _choose(job: Job, progress: Progress) -> Candidate:
    """The winner among the policies on fresh real episodes, if there is more than one."""
    candidates = progress.learning.candidates or [_nothing(job.info)]
    if len(candidates) == 1:
        return candidates[0]
    limit = job.config.selection_episodes or SELECTION_EPISODES
    result = race(job.engine, candidates, progress.selection_seeds, limit=limit, observe=job.observe)
    progress.selection_usage += result.usage
    return candidates[result.winner or 0]


def _findings(progress: Progress) -> Findings:
    learning = progress.learning
    return Findings(
        learning.usage,
        progress.selection_usage,
        len(learning.episodes),
        learning.best,
        learning.stopped_because,
        _real_episodes(learning),
    )


def _real_episodes(learning: FrugalState) -> list[Json]:
    ends = np.cumsum([episode.length for episode in learning.episodes]).tolist()
    return [
        {
            "steps": steps,
            "length": episode.length,
            "return": episode.score,
            "predicted": episode.predicted,
            "seed": episode.seed,
            "whole": episode.whole,
        }
        for steps, episode in zip(ends, learning.episodes, strict=True)
    ]


def _save(job: Job, progress: Progress) -> None:
    job.directory.sync()  # a checkpoint must not know of lines that a power failure could still take
    checkpoint_file.write(job.directory.checkpoint, _to_state(progress))


def _to_state(progress: Progress) -> dict[str, Any]:
    learning = progress.learning
    return {
        "run_seed": learning.seeds.seed,
        "search_position": learning.seeds.position,
        "selection_position": progress.selection_seeds.position,
        "selection_usage": asdict(progress.selection_usage),
        "starts": learning.starts,
        "transitions": asdict(learning.transitions),
        "episodes": [asdict(episode) for episode in learning.episodes],
        "candidates": [checkpoint.from_candidate(candidate) for candidate in learning.candidates],
        "planned_at": learning.planned_at,
        "expected": learning.expected,
        "seconds": learning.seconds,
        "stopped_because": learning.stopped_because,
        "winner": None if progress.winner is None else checkpoint.from_candidate(progress.winner),
        "before_choice": None
        if progress.before_choice is None
        else {"position": progress.before_choice[0], "usage": asdict(progress.before_choice[1])},
    }


def _from_state(state: dict[str, Any], info: EnvironmentInfo) -> Progress:
    form.check(state, form.FRUGAL)
    form.check_where_there(state, form.CHOICE)
    seed, winner, base = state["run_seed"], state["winner"], _base(info)
    before = state.get("before_choice")
    learning = FrugalState(
        seeds=SeedStream(seed, Purpose.SEARCH, state["search_position"]),
        starts=state["starts"],
        transitions=Transitions(**state["transitions"]),
        episodes=[RealEpisode(**episode) for episode in state["episodes"]],
        candidates=[checkpoint.to_candidate(candidate, base) for candidate in state["candidates"]],
        planned_at=state["planned_at"],
        expected=state["expected"],
        seconds=state["seconds"],
        stopped_because=state["stopped_because"],
    )
    return Progress(
        learning,
        SeedStream(seed, Purpose.SELECTION, state["selection_position"]),
        Usage(**state["selection_usage"]),
        None if winner is None else checkpoint.to_candidate(winner, base),
        None if before is None else (before["position"], Usage(**before["usage"])),
    )
