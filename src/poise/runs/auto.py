"""What ``auto`` means: which policies are searched for, with what, and from which starts.

The decision looks at the spaces and the budget, never at a clock or at the environment's name, so that equal commands
give equal runs and an environment that nobody here has seen is treated like those that were. ``docs/choosing.md`` has
the measurements it rests on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from poise import tabular
from poise.errors import InvalidValueError
from poise.horizon import SLOW_GROWTH, shortened
from poise.optimizers import OPTIMIZERS
from poise.policies.architecture import Architecture
from poise.rollouts.environments import EnvironmentInfo
from poise.runs.config import AUTO, VALUE_ITERATION, TrainConfig
from poise.runs.defaults import LEAST_STEPS
from poise.runs.plan import EPISODES, Plan
from poise.runs.stage import Stage, Start
from poise.trial import TURN, turn_steps

POPULATION, LEAST_POPULATION = 64, 8
"""Candidates a generation. Many with one episode each average the noise away better than few with many."""

GENERATIONS = 20
"""Least number of generations that a budget should have; a small one gets a smaller population."""

ARS = {
    "directions": POPULATION // 4,
    "top": POPULATION // 8,
    "noise": 0.03,
    "step_size": 0.02,
    "halvings": 2,
    "winsorize": 2.0,
}
"""For ARS, where policies are large or lasting is not all: it starts from standing still, and looks closely around."""

LARGE = 256
"""Numbers of a weighted sum from which on few directions tell too little."""

SHAKE = 0.15
"""Differences and steps of ARS there, for one feature; of many each has the less, so that an action is shaken alike."""

MOST = 128
"""Most candidates of a generation there, if the budget is good for them."""

TURNS = 8
"""Turns of a start that a budget should be good for, if starts are to be tried."""

BOLD, BOLDER = {"noise": 0.06, "step_size": 0.04}, {"noise": 0.1, "step_size": 0.06}
"""For ARS as a rival, which looks and goes farther: twice where lasting is not paid for, three times where it is."""

BOLDEST = {"noise": 0.2, "step_size": 0.12, "settles": True, "winsorize_means": False}
MORE = (BOLDEST,) * 8
"""More such rivals: which gait a walker finds, a slow or a fast one, is luck, and decided after a few hundred steps.

Large differences find more of them; of the few that are left then, smaller ones make better ones at once. Not to fall
is learnt last, from more episodes a candidate, where a fall counts for what it costs.
"""

MANY_TURNS = 20
"""Turns of a start that a budget should be good for, if as many as that are to be tried."""

NARROW = 0.1
"""First deviation of the second start of SNES, where actions are numbers that may be dosed."""

FINE = 0.01
"""First deviation of a third one for larger policies, whose many small numbers add up.

Its candidates differ by little, so that several of the same episodes tell them apart where one of their own does not.
"""

NETWORK = "mlp:16"
"""The network for many features, and for the last stage, which searches by what networks do: far, but not fast."""

DEEPER = "mlp:16,16"
"""That of a last stage which looks at every episode by itself, if it is not too large for that."""

TOGETHER = 50
"""Episodes that are looked at for a step."""

LAST_GENERATIONS = 300
"""Generations that a budget should have for it, if every episode lasted to the time limit."""

QUADRATIC_FEATURES = 10
"""Most features whose products are worth as many parameters."""


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
    episodes = config.budget.episodes(info.max_episode_steps)
    most = int(min(max(episodes / GENERATIONS, LEAST_POPULATION), MOST))
    chosen = [_stage(policy, most, info) for policy in policies]
    if info.action.kind == "box" and _bears_a_trial(config):
        chosen = [replace(stage, rivals=_rivals(stage, config, info, index)) for index, stage in enumerate(chosen)]
    return Plan(tuple(chosen), open_ended=True)


def with_last_stage(plan: Plan, config: TrainConfig, info: EnvironmentInfo, *, compiled: bool) -> Plan:
    """The plan with a network at its end that is searched for by what it does, if the budget is good for that.

    Where a step costs much and an action can be dosed, every episode is looked at by itself, which takes fewer of them;
    where a kernel plays, that would take longer than it saves.

    Args:
        plan: as it was made.
        config: with the budget that it has, by default or not.
        info: the environment.
        compiled: whether a kernel plays it.
    """
    if config.optimizer != AUTO or plan.learns_a_table or not plan.stages[-1].policy.startswith("mlp:"):
        return plan
    by_episodes = info.action.kind == "box" and not compiled
    kind = "episode_newton" if by_episodes else "fisher_snes"
    most = OPTIMIZERS.get(kind).most_parameters or math.inf
    deeper = by_episodes and _count(DEEPER, info) <= most
    policy = (DEEPER if deeper else NETWORK) if config.policy == AUTO else config.policy
    enough = config.budget.episodes(info.max_episode_steps) >= LAST_GENERATIONS * POPULATION * EPISODES[1]
    if not enough or _count(policy, info) > most:
        return plan
    if by_episodes:
        last = Stage(policy, kind, {"episodes": TOGETHER})
    else:
        last = Stage(policy, kind, {"population": POPULATION}, rung=1)
    return replace(plan, stages=(*plan.stages, last))


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
        large = _count(stage.policy, info) >= LARGE
        args = stage.optimizer_args if large else {**ARS, **BOLD}
        others.append(Start("ars", {**args}, without_survival_bonus=True, follows=True))
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
    return config.max_steps is None or config.max_steps >= MANY_TURNS * turn_steps(_count(stage.policy, info))


def _stage(policy: str, most: int, info: EnvironmentInfo) -> Stage:
    """What searches for a kind of policy: SNES, or ARS for weighted sums with more numbers than candidates.

    Args:
        policy: its name.
        most: candidates a generation that the budget is good for.
        info: the environment.
    """
    population, count = min(most, POPULATION), _count(policy, info)
    if policy not in ("linear", "linear+bias") or count <= POPULATION or not info.observation.numbers.any():
        return Stage(policy, "snes", {"population": population})
    if count >= LARGE:
        size = round(SHAKE / math.sqrt(info.observation.size), 4)
        many = {"directions": most // 2, "top": most // 6, "noise": size, "step_size": size}
        return Stage(policy, "ars", {**ARS, **many})
    directions = population // 4  # of two candidates each: half as many in all
    return Stage(policy, "ars", {**ARS, "directions": directions, "top": directions // 2})


def _count(policy: str, info: EnvironmentInfo) -> int:
    """Numbers that a kind of policy has for an environment."""
    return Architecture(policy, info.observation, info.action).parameter_count


def _may_learn_a_table(config: TrainConfig, info: EnvironmentInfo) -> bool:
    return tabular.suits(info) and config.policy in (AUTO, tabular.policy_name(info))


def _table_stage(config: TrainConfig, info: EnvironmentInfo) -> Stage:
    if not _may_learn_a_table(config, info) or config.optimizer_args:
        raise InvalidValueError(
            f"{VALUE_ITERATION} needs an environment that observes choices alone and takes one (Discrete), with at "
            f"most {tabular.MAX_PAIRS:,} pairs of both, no other kind of policy and no options; leave it out for "
            f"{info.spec.id}"
        )
    return Stage(tabular.policy_name(info), VALUE_ITERATION)


def policies_for(info: EnvironmentInfo) -> tuple[str, ...]:
    """The kinds of policies for an environment, the smallest first."""
    observation, action = info.observation, info.action
    if not observation.numbers.any():
        return ("linear",)  # a weight for each choice; of one choice nothing larger could say more
    first = "linear" if action.kind == "discrete" and action.outputs == 1 else "linear+bias"
    if observation.size <= QUADRATIC_FEATURES:
        return (first, "quadratic", "mlp:8")
    return (first, NETWORK)
