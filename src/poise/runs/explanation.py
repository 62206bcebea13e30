"""A plan in words: what ``poise train --dry-run`` says that it will do, and why."""

from __future__ import annotations

from poise.horizon import FIRST_SHARE
from poise.impatience import LUCK, SMALL
from poise.policies.architecture import Architecture
from poise.rollouts.environments import EnvironmentInfo
from poise.runs.config import AUTO, TrainConfig
from poise.runs.plan import EPISODES, Plan
from poise.runs.stage import Stage, Start
from poise.trial import FEW, MOST_STEPS, SHARE_OF_MANY, TURN
from poise.words import counted


def explain(config: TrainConfig, info: EnvironmentInfo, plan: Plan, *, compiled: bool) -> list[str]:
    """The plan in words, a line each, with its reasons."""
    architecture = plan.first_architecture(info)
    lines = [
        f"environment  {info.spec.id}: {counted(info.observation.size, 'feature')}, {info.action.kind} actions "
        f"({counted(architecture.action.outputs, 'output')}), at most "
        f"{counted(info.max_episode_steps, 'step')} an episode",
        "engine       " + ("compiled kernel" if compiled else "Gymnasium: there is no kernel for it"),
    ]
    for index, stage in enumerate(plan.stages):
        count = Architecture(stage.policy, info.observation, info.action).parameter_count
        first, *others = map(_start_in_words, stage.starts)
        reason = _why(stage, config, plan, info)
        lines.append(f"stage {index + 1}      {stage.policy}, {counted(count, 'number')}, by {first}: {reason}")
        lines += [f"  or from    {words}{_times(others.count(words))}" for words in dict.fromkeys(others)]
    lines += _how(config, info, plan, compiled)
    limits = [("step", config.max_steps), ("episode", config.max_episodes), ("second", config.max_seconds)]
    lines.append("budget       " + ", ".join(counted(value, unit) for unit, value in limits if value is not None))
    choice = (
        "" if plan.learns_a_table else f"{config.selection_episodes:,} fresh episodes for the policy that is chosen, "
    )
    more = "fresh episodes" if plan.learns_a_table else "more"
    lines.append(f"being sure   {choice}{config.evaluation_episodes:,} {more} for the result")
    return lines


def _start_in_words(start: Start) -> str:
    args = ", ".join(f"{name} {value}" for name, value in start.optimizer_args.items())
    words = [f"{start.optimizer} ({args})" if args else start.optimizer]
    if start.follows:
        words.append("a scale that follows")
    if start.horizon is not None:
        words.append(f"{start.horizon.steps:,} steps an episode at first")
    if start.rung:
        words.append("several episodes a candidate from the beginning")
    if start.where_episodes_end:
        words.append("if an episode can end before the time limit")
    if start.without_survival_bonus:
        words.append("not told what lasting is paid for, if it is")
    return ", ".join(words)


def _times(count: int) -> str:
    return f", {count} times" if count > 1 else ""


def _why(stage: Stage, config: TrainConfig, plan: Plan, info: EnvironmentInfo) -> str:
    if stage.optimizer in _LAST and config.optimizer == AUTO:
        return _LAST[stage.optimizer]
    if config.policy != AUTO:
        return "as asked"
    if plan.learns_a_table:
        return _WHY["learnt"]
    return _WHY[stage.policy.partition(":")[0] if info.observation.numbers.any() else "table"]


def _how(config: TrainConfig, info: EnvironmentInfo, plan: Plan, compiled: bool) -> list[str]:
    """How the stages are gone through."""
    if plan.learns_a_table:
        return ["episodes     towards what is not known yet, until everything that can be reached is"]
    lines = []
    if plan.open_ended:
        lines.append(
            "then         the stage that came highest goes on; then again, with twice the population each time"
        )
    if any(stage.rivals for stage in plan.stages):
        lines.append(
            f"starts       each has a turn of {TURN.steps:,} to {MOST_STEPS:,} steps, more for larger policies, or "
            f"{TURN.episodes:,} episodes; the best goes on; of more than {FEW} each has {SHARE_OF_MANY:.0%} "
            f"of it, and then the best {FEW} have another"
        )
    ladder = config.episodes_per_candidate or EPISODES
    numbers = ", then ".join(map(str, ladder))
    share = [stage.optimizer == "episode_newton" for stage in plan.stages]
    if all(share):
        lines.append("episodes     one a candidate, which several share")
    else:
        lines.append(f"episodes     {numbers} a candidate; the next number when the scores no longer rise")
        lines += ["             one that several share for episode_newton"] if any(share) else []
    if plan.open_ended and len(ladder) > 1 and not all(share):
        lines.append("             the second at once where most candidates share the lowest score")
    if len(plan.stages) > 1 and plan.open_ended:
        lines += [
            "             no more for a stage that has not come half as far as an earlier one",
            "             while other stages wait the next number once at most, and only if chance moves a score by "
            f"{LUCK:.0%} of what was gained",
            f"             a rise of less than {SMALL:.0%} of it is none then (ars with halvings is left its time)",
        ]
    if plan.open_ended and plan.probes(config, info):
        lines += [
            "leaving      a first stage that learns no more than to end episodes early, at a loss, is searched again, "
            "charged for the steps that were not played",
        ]
    options = [start.optimizer_args for stage in plan.stages for start in stage.starts]
    if any("halvings" in args for args in options):
        lines.append("closer       before that, noise and step_size are halved as often as halvings says")
    if any("settles" in args for args in options):
        lines.append(
            "             one that settles does so the first time when it is among the few that are left of many"
        )
    if any("winsorize" in args for args in options):
        lines.append(
            "outliers     a score far below the median of its generation counts for no less than winsorize says; where "
            "winsorize_means is False, only until candidates play more episodes than at first"
        )
    if plan.probes(config, info) and plan.may_begin_short(compiled=compiled):
        lines.append(
            f"length       where nothing but the time limit ends what random policies play, {FIRST_SHARE:.0%} of an "
            "episode at first, then longer"
        )
    lines.append(f"scale        {_SCALES[config.normalize]}")
    return lines


_WHY = {
    "learnt": "choices are observed and one is made, so that the best table can be worked out from what follows what",
    "table": "observations are choices, and each has a weight",
    "linear": "the smallest that could do",
    "linear+bias": "the smallest that could do",
    "quadratic": "products of few features cost little and say much",
    "mlp": "a small network, when features and their products get no further",
}

_LAST = {
    "fisher_snes": "a network by what it does: slow at first, then far",
    "episode_newton": "a network by what it does on every episode, from what the best before it does",
}

_SCALES = {
    "none": "features as they are",
    "probe": "features divided by their spread in what the best of some random policies saw",
    "running": "features divided by their spread in all that the search has seen so far",
}
