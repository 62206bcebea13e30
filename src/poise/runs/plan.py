"""What ``auto`` means: which policies are searched for, with what, at which scale and for how long.

The decision looks at the spaces and at whether kernels play, never at a clock or at the environment's name, so that
equal commands give equal runs and an environment that nobody here has seen is treated like those that were.
``docs/choosing.md`` has the measurements it rests on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from poise import tabular
from poise.errors import InvalidFileError, InvalidValueError
from poise.horizon import SLOW_GROWTH, shortened
from poise.policies.architecture import Architecture
from poise.probing import PROBES, STILL
from poise.rollouts.environments import EnvironmentInfo
from poise.runs.config import AUTO, VALUE_ITERATION, Scale, TrainConfig
from poise.runs.stage import Stage, Start
from poise.search import begin_stage, begin_trial
from poise.search_state import SearchState
from poise.trial import TURN, Rival, turn_steps
from poise.types import Effort, Json

POPULATION, LEAST_POPULATION = 64, 8
"""Candidates a generation. Many with one episode each average the noise away better than few with many."""

GENERATIONS = 20
"""Least number of generations that a budget should have; a small one gets a smaller population."""

PROBE_SHARE = 0.1
"""Largest share of a budget that may go into measuring the scale of observations."""

EPISODES = (1, 3, 10)
"""The ladder of episodes a candidate."""

ARS = {
    "directions": POPULATION // 4,
    "top": POPULATION // 8,
    "noise": 0.03,
    "step_size": 0.02,
    "halvings": 2,
    "winsorize": 2.0,
}
"""For ARS, where policies are large or lasting is not all: it starts from standing still, and looks closely around."""

TURNS = 8
"""Turns of a start that a budget should be good for, if starts are to be tried."""

BOLD, BOLDER = {"noise": 0.06, "step_size": 0.04}, {"noise": 0.1, "step_size": 0.06}
"""For ARS as a rival, which looks and goes farther: twice where lasting is not paid for, three times where it is."""

BOLDEST = {"noise": 0.2, "step_size": 0.12, "halvings": 1, "winsorize_until": 1}
MORE = (BOLDEST,) * 8
"""More such rivals: which gait a walker finds, a slow or a fast one, is luck, and settled after a few hundred steps.

They look closer only once. Not to fall is then learnt from more episodes, not from smaller differences, of which hardly
one decides between a fall and none.
"""

SURE_STEPS = 3_000_000
"""What many starts have on top of their turns: not to fall is learnt last, and from many episodes."""

MANY_TURNS = 20
"""Turns of a start that a budget should be good for, if as many as that are to be tried."""

NARROW = 0.1
"""First deviation of the second start of SNES, where actions are numbers that may be dosed."""

FINE = 0.01
"""First deviation of a third one for larger policies, whose many small numbers add up.

Its candidates differ by little, so that several of the same episodes tell them apart where one of their own does not.
"""

QUADRATIC_FEATURES = 10
"""Most features whose products are worth as many parameters."""

STEPS_PER_PARAMETER = 100_000
LEAST_STEPS, MOST_STEPS = 5_000_000, 10_000_000
COMPILED_STEPS = 30_000_000
"""The default budget: so many steps for each parameter of the first stage, within limits; all of them if compiled.

What many starts cost comes on top.
"""

SHORT_EPISODE, MOST_TIMES = 200, 4
"""An episode of fewer steps raises the least budget, as many times as it is shorter, but not more often than this.

What it earns is mostly a matter of where it began: it takes several to tell candidates apart.
"""


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

    def steps_of_many(self, dimension: int) -> int:
        """What many starts of so many parameters cost in the first stage, and making sure of what the best finds."""
        starts = self.stages[0].starts
        more = sum(start.where_episodes_end for start in starts)
        return more * turn_steps(dimension, len(starts)) + SURE_STEPS if more else 0

    def first_architecture(self, info: EnvironmentInfo) -> Architecture:
        """The policy that the search begins with."""
        return Architecture(self.stages[0].policy, info.observation, info.action)

    def stage(self, index: int, levels: Sequence[float]) -> tuple[int, int] | None:
        """Which of the planned stages an index means, and how often its population is doubled; ``None`` at the end.

        Args:
            index: from 0; beyond the planned stages come repetitions of the best.
            levels: where each stage before it ended.
        """
        if index < len(self.stages):
            return index, 0
        if not self.open_ended:
            return None
        first = levels[: len(self.stages)]
        return first.index(max(first)), index - len(self.stages) + 1

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
        number, doublings = found
        stage, starts = self.stages[number], [*state.starts, state.start]
        chosen = min(starts[number], len(stage.rivals)) if doublings else 0
        start = stage.starts[chosen]
        architecture = replace(base, name=stage.policy, normalizer=None)
        optimizer = stage.optimizer_for(architecture, seed, state.stage + 1, doublings, chosen)
        begin_stage(state, architecture, optimizer, start=chosen, rung=start.rung, horizon=start.horizon)
        self.begin_trial(state, seed)
        return True

    def begin_trial(self, state: SearchState, seed: int, bonus: float = 0.0) -> None:
        """Puts the rivals of the present stage beside the optimizer that it began with.

        Args:
            state: the search, at the beginning of a stage.
            seed: the run's seed.
            bonus: what the task pays for a step of doing nothing; 0 leaves out those that are not to be told of it.
        """
        if state.stage >= len(self.stages):
            return  # a repetition
        others = []
        for index, start in enumerate(self.stages[state.stage].rivals):
            if self._is_tried(start, state, bonus):
                path = "optimizer", state.stage, "rival", index
                optimizer = start.make(state.optimizer.dimension, seed, path)
                others.append(
                    Rival(
                        optimizer,
                        replace(state.architecture, normalizer=None) if start.follows else state.architecture,
                        start.follows or state.follows,
                        None if start.follows else state.sums,
                        bonus if start.without_survival_bonus else state.survival_bonus,
                        state.first_horizon or start.horizon,
                        start.rung,
                        index + 1,
                    )
                )
        begin_trial(state, others)

    @staticmethod
    def _is_tried(start: Start, state: SearchState, bonus: float) -> bool:
        """Whether what was found out before the search speaks for a start that depends on it."""
        if start.without_survival_bonus and not bonus:
            return False
        return state.first_horizon is None or not start.where_episodes_end

    def probes(self, config: TrainConfig, info: EnvironmentInfo) -> int:
        """Episodes that are played before the search, at most: for the scale, or for what else they tell a plan."""
        plays = config.normalize == "probe"
        if config.normalize == "running":
            plays = self.open_ended and _affords_probes(config, info)
        return (PROBES + (STILL if info.action.kind == "box" else 0)) if plays else 0

    def may_begin_short(self, *, compiled: bool) -> bool:
        """Whether random policies are to say if episodes begin short; compiled steps need not be spared."""
        return self.open_ended and not compiled

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
            plan = cls(tuple(Stage.from_json(stage) for stage in data["stages"]), bool(data["open_ended"]))
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
    chosen = [_stage(policy, population, info) for policy in policies]
    if info.action.kind == "box" and _bears_a_trial(config):
        chosen = [replace(stage, rivals=_rivals(stage, config, info, index)) for index, stage in enumerate(chosen)]
    return Plan(tuple(chosen), open_ended=True)


def _bears_a_trial(config: TrainConfig) -> bool:
    """Whether a turn is a small part of the budget, in steps and in episodes."""
    steps, episodes = config.max_steps or LEAST_STEPS, config.max_episodes or math.inf
    return steps >= TURNS * TURN.steps and episodes >= TURNS * TURN.episodes


def _rivals(stage: Stage, config: TrainConfig, info: EnvironmentInfo, index: int) -> tuple[Start, ...]:
    """The other starts of a stage where actions are numbers."""
    if stage.optimizer == "ars":
        others = [_bold(stage, info, BOLDER)]
    else:
        others = [Start("snes", {**stage.optimizer_args, "sigma0": NARROW})]
        if index:
            others.append(Start("snes", {**stage.optimizer_args, "sigma0": FINE}, rung=1))
    if index == 0:
        others.append(Start("ars", {**ARS, **BOLD}, without_survival_bonus=True, follows=True))
    if stage.optimizer == "ars" and others[0].horizon is not None and _bears_many(stage, config, info):
        others += [replace(_bold(stage, info, sizes), where_episodes_end=True) for sizes in MORE]
    return tuple(others)


def _bold(stage: Stage, info: EnvironmentInfo, sizes: Mapping[str, float]) -> Start:
    """ARS that looks and goes farther, on episodes that begin short even where they can end by themselves."""
    short = shortened(info.max_episode_steps, SLOW_GROWTH)
    return Start("ars", {**stage.optimizer_args, **sizes}, follows=True, horizon=short)


def _bears_many(stage: Stage, config: TrainConfig, info: EnvironmentInfo) -> bool:
    """Whether the turns of many starts are a small part of the budget, as they are of the default."""
    if config.max_episodes is not None or (config.max_steps is None and config.max_seconds is not None):
        return False
    dimension = Architecture(stage.policy, info.observation, info.action).parameter_count
    return config.max_steps is None or config.max_steps >= MANY_TURNS * turn_steps(dimension)


def _stage(policy: str, population: int, info: EnvironmentInfo) -> Stage:
    """What searches for a kind of policy: SNES, or ARS for weighted sums with more numbers than candidates."""
    count = Architecture(policy, info.observation, info.action).parameter_count
    if policy in ("linear", "linear+bias") and count > POPULATION and info.observation.numbers.any():
        directions = population // 4  # of two candidates each: half as many in all
        return Stage(policy, "ars", {**ARS, "directions": directions, "top": directions // 2})
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


def _affords_probes(config: TrainConfig, info: EnvironmentInfo) -> bool:
    return PROBE_SHARE * _episodes(config, info) >= PROBES


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
    """The configuration with every default that depends on the environment filled in.

    Args:
        config: what was asked for.
        info: the environment.
        plan: the stages.
        compiled: whether kernels play.
    """
    normalize = config.normalize
    if normalize == AUTO:
        measured = "running" if plan.open_ended and plan.stages[0].optimizer == "ars" else "probe"
        normalize = measured if info.observation.numbers.any() and _affords_probes(config, info) else "none"
    unlimited = config.max_steps is None and config.max_episodes is None and config.max_seconds is None
    if unlimited:
        config = replace(config, max_steps=default_steps(info, plan, compiled=compiled))
    scale = Scale.of(info.max_episode_steps, compiled=compiled, searched=_episodes(config, info))
    return replace(
        config,
        normalize=normalize,
        episodes_per_candidate=config.episodes_per_candidate or EPISODES,
        selection_episodes=config.selection_episodes or scale.selection_episodes,
        confirmation_episodes=config.confirmation_episodes or scale.confirmation_episodes,
        evaluation_episodes=config.evaluation_episodes or scale.evaluation_episodes,
    )


def default_steps(info: EnvironmentInfo, plan: Plan, *, compiled: bool) -> int:
    """The budget of a search for which none was given, in environment steps."""
    if compiled:
        return COMPILED_STEPS
    dimension = plan.first_architecture(info).parameter_count
    least = int(LEAST_STEPS * min(max(SHORT_EPISODE / info.max_episode_steps, 1), MOST_TIMES))
    return max(least, min(STEPS_PER_PARAMETER * dimension, MOST_STEPS)) + plan.steps_of_many(dimension)
