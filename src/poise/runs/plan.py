"""What ``auto`` means: which policies are searched for, with what, at which scale and for how long.

The decision looks at the spaces and at whether kernels play, never at a clock or at the environment's name, so that
equal commands give equal runs and an environment that nobody here has seen is treated like those that were.
``docs/choosing.md`` has the measurements it rests on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from poise import tabular
from poise.errors import InvalidFileError, InvalidValueError
from poise.horizon import FIRST_SHARE
from poise.optimizers import OPTIMIZERS
from poise.optimizers.base import Optimizer
from poise.policies.architecture import Architecture
from poise.probing import PROBES
from poise.rollouts.environments import EnvironmentInfo
from poise.runs.config import AUTO, VALUE_ITERATION, TrainConfig
from poise.search import SearchState, begin_stage
from poise.seeding import generator
from poise.types import Effort, Json

POPULATION, LEAST_POPULATION = 64, 8
"""Candidates a generation. Many with one episode each average the noise away better than few with many."""

GENERATIONS = 20
"""Least number of generations that a budget should have; a small one gets a smaller population."""

PROBE_SHARE = 0.1
"""Largest share of a budget that may go into measuring the scale of observations."""

EPISODES = (1, 3, 10)
"""The ladder of episodes a candidate."""

SIZES = "population", "directions", "top"
"""Options that say how many candidates a generation has; they are doubled together."""

FINITE_DIFFERENCES = {"noise": 0.03, "step_size": 0.02}
"""For ARS where policies are large: it starts from standing still, and looks closely around."""

QUADRATIC_FEATURES = 8
"""Most features whose products are worth as many parameters."""

STEPS_PER_PARAMETER = 100_000
LEAST_STEPS, MOST_STEPS = 2_000_000, 10_000_000
COMPILED_STEPS = 30_000_000
"""The default budget: so many steps for each parameter of the first stage, within limits; all of them if compiled."""


@dataclass(frozen=True)
class Stage:
    """One kind of policy and what searches for it.

    Attributes:
        policy: the kind of policy.
        optimizer: what searches.
        optimizer_args: its options.
    """

    policy: str
    optimizer: str
    optimizer_args: Mapping[str, Json] = field(default_factory=dict)

    def optimizer_for(self, architecture: Architecture, seed: int, index: int, doublings: int = 0) -> Optimizer:
        """A new optimizer for the stage of this index, with the population doubled so many times."""
        chosen = OPTIMIZERS.get(self.optimizer)
        args = dict(self.optimizer_args)
        args.update({name: args[name] * 2**doublings for name in SIZES if args.get(name) is not None})
        path = ("optimizer",) if index == 0 else ("optimizer", index)
        return chosen(architecture.parameter_count, generator(seed, *path), chosen.make_options(args))


@dataclass(frozen=True)
class Plan:
    """The stages of a search.

    Attributes:
        stages: one after another, each until its scores no longer rise.
        open_ended: whether the search, when it is through, goes on with the stage that came highest, each time with
            twice the population; otherwise it ends when the optimizer of its only stage does.
    """

    stages: tuple[Stage, ...]
    open_ended: bool

    @property
    def learns_a_table(self) -> bool:
        """Whether a table is learnt instead of a search."""
        return any(stage.optimizer == VALUE_ITERATION for stage in self.stages)

    def first_architecture(self, info: EnvironmentInfo) -> Architecture:
        """The policy that the search begins with."""
        return Architecture(self.stages[0].policy, info.observation, info.action)

    def stage(self, index: int, levels: Sequence[float]) -> tuple[Stage, int] | None:
        """The stage of an index, and how often its population is doubled; ``None`` when the plan is at its end.

        Args:
            index: from 0; beyond the planned stages come repetitions of the best.
            levels: where each stage before it ended.
        """
        if index < len(self.stages):
            return self.stages[index], 0
        if not self.open_ended:
            return None
        first = levels[: len(self.stages)]
        return self.stages[first.index(max(first))], index - len(self.stages) + 1

    def proceed(self, state: SearchState, base: Architecture, seed: int) -> bool:
        """Begins the next stage of a search; false if there is none.

        Args:
            state: the search.
            base: an architecture for its environment, of any kind.
            seed: the run's seed.
        """
        found = self.stage(state.stage + 1, [*state.levels, state.trend.level])
        if found is None:
            return False
        stage, doublings = found
        architecture = replace(base, name=stage.policy, normalizer=None)
        begin_stage(state, architecture, stage.optimizer_for(architecture, seed, state.stage + 1, doublings))
        return True

    def may_begin_short(self, config: TrainConfig, *, compiled: bool) -> bool:
        """Whether random policies are to say if episodes begin short; compiled steps need not be spared."""
        return self.open_ended and config.normalize == "probe" and not compiled

    def effort(self, config: TrainConfig) -> Effort:
        """How the search spends its episodes."""
        ladder = config.episodes_per_candidate or EPISODES
        follows = config.normalize == "running"
        return Effort(ladder, config.common_episodes, follows, self.open_ended, config.survival_bonus)

    def to_json(self) -> Json:
        """What ``config.json`` says of it."""
        return {"stages": [asdict(stage) for stage in self.stages], "open_ended": self.open_ended}

    @classmethod
    def from_json(cls, data: Json) -> Plan:
        """The plan that `to_json` described.

        Raises:
            InvalidFileError: if it is none.
        """
        try:
            plan = cls(tuple(Stage(**stage) for stage in data["stages"]), bool(data["open_ended"]))
        except (KeyError, TypeError) as error:
            raise InvalidFileError(f"expected a config.json with a plan: {error!r}") from error
        for stage in plan.stages:
            if not (isinstance(stage.policy, str) and isinstance(stage.optimizer, str)):
                raise InvalidFileError(f"expected a config.json with a plan, got the stage {stage!r:.80}")
        return plan


def plan_for(config: TrainConfig, info: EnvironmentInfo) -> Plan:
    """The stages that a configuration asks for, ``auto`` decided.

    Raises:
        InvalidValueError: for options of an optimizer that is not named.
    """
    if config.optimizer == AUTO and config.optimizer_args:
        names = ", ".join(config.optimizer_args)
        raise InvalidValueError(f"expected an optimizer whose options these are: {names}; name it, for instance snes")
    if config.optimizer == VALUE_ITERATION or (config.optimizer == AUTO and _may_learn_a_table(config, info)):
        return Plan((_table_stage(config, info),), open_ended=False)
    policies = policies_for(info) if config.policy == AUTO else (config.policy,)
    if config.optimizer != AUTO:
        stages = tuple(Stage(policy, config.optimizer, dict(config.optimizer_args)) for policy in policies)
        return Plan(stages, open_ended=config.policy == AUTO)
    population = int(min(max(_episodes(config, info) / GENERATIONS, LEAST_POPULATION), POPULATION))
    return Plan(tuple(_stage(policy, population, info) for policy in policies), open_ended=True)


def _stage(policy: str, population: int, info: EnvironmentInfo) -> Stage:
    """What searches for a kind of policy: SNES, or ARS for weighted sums with more numbers than candidates."""
    count = Architecture(policy, info.observation, info.action).parameter_count
    if policy in ("linear", "linear+bias") and count > POPULATION and info.observation.numbers.any():
        directions = population // 4  # of two candidates each: half as many in all
        return Stage(policy, "ars", {"directions": directions, "top": directions // 2, **FINITE_DIFFERENCES})
    return Stage(policy, "snes", {"population": population})


def _may_learn_a_table(config: TrainConfig, info: EnvironmentInfo) -> bool:
    return config.policy in (AUTO, "linear") and tabular.suits(info)


def _table_stage(config: TrainConfig, info: EnvironmentInfo) -> Stage:
    if not _may_learn_a_table(config, info) or config.optimizer_args:
        raise InvalidValueError(
            f"{VALUE_ITERATION} needs an environment that observes one choice and takes one (Discrete), with at most "
            f"{tabular.MAX_PAIRS:,} pairs of both, a linear policy and no options; leave it out for {info.spec.id}"
        )
    return Stage("linear", VALUE_ITERATION)


def _episodes(config: TrainConfig, info: EnvironmentInfo) -> float:
    """How many episodes the budget is good for at least; infinite where it says nothing of it."""
    steps = math.inf if config.max_steps is None else config.max_steps // info.max_episode_steps
    return min(steps, math.inf if config.max_episodes is None else config.max_episodes)


def policies_for(info: EnvironmentInfo) -> tuple[str, ...]:
    """The kinds of policies for an environment, the smallest first."""
    observation, action = info.observation, info.action
    if not observation.numbers.any():
        return ("linear",)  # of choices: a table, which holds whatever a larger policy could say of one choice
    first = "linear" if action.kind == "discrete" and action.outputs == 1 else "linear+bias"
    if observation.size <= QUADRATIC_FEATURES:
        return (first, "quadratic", "mlp:8")
    return (first, "mlp:16")


def resolved(config: TrainConfig, info: EnvironmentInfo, plan: Plan, *, compiled: bool) -> TrainConfig:
    """The configuration with its scale and its budget decided.

    Args:
        config: what was asked for.
        info: the environment.
        plan: the stages.
        compiled: whether kernels play.
    """
    normalize = config.normalize
    if normalize == AUTO:
        affordable = PROBE_SHARE * _episodes(config, info) >= PROBES
        normalize = "probe" if info.observation.numbers.any() and affordable else "none"
    unlimited = config.max_steps is None and config.max_episodes is None and config.max_seconds is None
    return replace(
        config,
        normalize=normalize,
        max_steps=default_steps(info, plan, compiled=compiled) if unlimited else config.max_steps,
        episodes_per_candidate=config.episodes_per_candidate or EPISODES,
    )


def default_steps(info: EnvironmentInfo, plan: Plan, *, compiled: bool) -> int:
    """The budget of a search for which none was given, in environment steps."""
    if compiled:
        return COMPILED_STEPS
    first = plan.first_architecture(info)
    return min(max(STEPS_PER_PARAMETER * first.parameter_count, LEAST_STEPS), MOST_STEPS)


def explain(config: TrainConfig, info: EnvironmentInfo, plan: Plan, *, compiled: bool) -> list[str]:
    """The plan in words, a line each, with its reasons."""
    architecture = plan.first_architecture(info)
    lines = [
        f"environment  {info.spec.id}: {info.observation.size} features, {info.action.kind} actions "
        f"({architecture.action.outputs} outputs), at most {info.max_episode_steps:,} steps an episode",
        "engine       " + ("compiled kernel" if compiled else "Gymnasium: there is no kernel for it"),
    ]
    for index, stage in enumerate(plan.stages):
        count = Architecture(stage.policy, info.observation, info.action).parameter_count
        args = ", ".join(f"{name} {value}" for name, value in stage.optimizer_args.items())
        reason = "as asked" if config.policy != AUTO else _why(stage, plan, info)
        lines.append(
            f"stage {index + 1}      {stage.policy}, {count:,} numbers, by {stage.optimizer} ({args}): {reason}"
        )
    lines += _how(config, plan, compiled)
    limits = [("steps", config.max_steps), ("episodes", config.max_episodes), ("seconds", config.max_seconds)]
    lines.append("budget       " + ", ".join(f"{value:,} {unit}" for unit, value in limits if value is not None))
    lines.append(
        f"being sure   {config.selection_episodes:,} fresh episodes for the winner of the race, "
        f"{config.evaluation_episodes:,} more for the result"
    )
    return lines


def _why(stage: Stage, plan: Plan, info: EnvironmentInfo) -> str:
    if plan.learns_a_table:
        return _WHY["learnt"]
    return _WHY[stage.policy.partition(":")[0] if info.observation.numbers.any() else "table"]


def _how(config: TrainConfig, plan: Plan, compiled: bool) -> list[str]:
    """How the stages are gone through."""
    if plan.learns_a_table:
        return ["episodes     towards what is not known yet, until everything that can be reached is"]
    lines = []
    if plan.open_ended:
        lines.append("then         the stage that came highest again, with twice the population each time")
    ladder = ", then ".join(map(str, config.episodes_per_candidate or EPISODES))
    lines.append(f"episodes     {ladder} a candidate; the next number when the scores no longer rise")
    if plan.may_begin_short(config, compiled=compiled):
        lines.append(
            f"length       where nothing but the time limit ends what random policies play, {FIRST_SHARE:.0%} of an "
            "episode at first, then longer"
        )
    lines.append(f"scale        {_SCALES[config.normalize]}")
    return lines


_WHY = {
    "learnt": "one choice is observed and one is made, so that the best table can be worked out from what follows what",
    "table": "observations are choices, so that one weight for each is a table",
    "linear": "the smallest that could do",
    "linear+bias": "the smallest that could do",
    "quadratic": "products of few features cost little and say much",
    "mlp": "a small network, when features and their products get no further",
}

_SCALES = {
    "none": "features as they are",
    "probe": "features divided by their spread in what the best of some random policies saw",
    "running": "features divided by their spread in all that the search has seen so far",
}
