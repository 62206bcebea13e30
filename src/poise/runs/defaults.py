"""What a run has of everything that was not asked for: how long a search, on which scale, how sure of its result."""

from __future__ import annotations

from dataclasses import dataclass, replace

from poise.probing import affordable
from poise.rollouts.environments import EnvironmentInfo
from poise.runs.config import AUTO, TrainConfig
from poise.runs.plan import EPISODES, Plan
from poise.trial import turn_steps

STEPS_PER_PARAMETER = 100_000
LEAST_STEPS, MOST_STEPS = 5_000_000, 10_000_000
COMPILED_STEPS = 30_000_000
"""The default budget: so many steps for each parameter of the first stage, within limits; another if compiled.

What many starts cost comes on top.
"""

SHORT_EPISODE, MOST_TIMES = 200, 4
"""An episode of fewer steps raises the least budget, as many times as it is shorter, but not more often than this.

What it earns is mostly a matter of where it began: it takes several to tell candidates apart.
"""

SURE_STEPS = 3_000_000
"""What many starts have on top of their turns: not to fall is learnt last, and from many episodes."""

EVALUATION_STEPS = 500_000
"""Most steps that an evaluation of the default size may take."""

MOST_EPISODES = 1_000
"""Most episodes that it has where Gymnasium plays."""

SELECTION_SHARE = 0.05
"""Episodes that the chosen policy must have played, as a share of those that the search may play at least."""


@dataclass(frozen=True)
class Scale:
    """How many episodes are spent on being sure, by default.

    A number depends on nothing that is measured, for equal commands must give equal files.

    Attributes:
        selection_episodes: fresh episodes that the chosen policy must have played.
        confirmation_episodes: fresh episodes without a flaw that end the search.
        evaluation_episodes: fresh episodes of the evaluation.
    """

    selection_episodes: int
    confirmation_episodes: int
    evaluation_episodes: int

    @classmethod
    def of(cls, info: EnvironmentInfo, *, compiled: bool, searched: float = 0) -> Scale:
        """The scale for an environment.

        Where Gymnasium plays: an evaluation of 1,000 episodes where they are short, at least 100, and in between as
        many as fit into `EVALUATION_STEPS` steps if every one lasted to the time limit. An environment of choices alone
        looks its steps up, and seldom has a limit that says how long an episode lasts: 1,000. Where compiled kernels
        make an episode cost microseconds: ten times and a thousand times as many. A policy that is perfect on 100
        episodes fails on one of the next 1,000 in one case of ten; that is why being sure is bought where it is cheap.

        Args:
            info: the environment.
            compiled: whether kernels play.
            searched: episodes that the budget of the search is good for at least: a long one deserves a longer choice.
        """
        if compiled:
            return cls(1_000, 100_000, 10_000)
        selection = int(min(max(SELECTION_SHARE * searched, 100), 200))
        fitting = EVALUATION_STEPS // info.max_episode_steps if info.observation.numbers.any() else MOST_EPISODES
        return cls(selection, 100, max(100, min(fitting, MOST_EPISODES)))


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
        normalize = (
            measured if info.observation.numbers.any() and affordable(config.budget, info.max_episode_steps) else "none"
        )
    unlimited = config.max_steps is None and config.max_episodes is None and config.max_seconds is None
    if unlimited:
        config = replace(config, max_steps=default_steps(info, plan, compiled=compiled))
    scale = Scale.of(info, compiled=compiled, searched=config.budget.episodes(info.max_episode_steps))
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
    return max(least, min(STEPS_PER_PARAMETER * dimension, MOST_STEPS)) + steps_of_many(plan, dimension)


def steps_of_many(plan: Plan, dimension: int) -> int:
    """What many starts of so many parameters cost in the first stage, and making sure of what the best finds."""
    starts = plan.stages[0].starts
    more = sum(start.where_episodes_end for start in starts)
    return more * turn_steps(dimension, len(starts)) + SURE_STEPS if more else 0
