"""What a search refuses: a budget that is too small to begin, and an environment that fails every candidate."""

from __future__ import annotations

from poise.errors import EnvironmentFailureError, InvalidValueError
from poise.types import Budget, Effort, EpisodeBatch


def check_failures(batch: EpisodeBatch, where: str) -> None:
    """Raises `EnvironmentFailureError` if the environment failed every candidate: then nothing can be learnt."""
    if batch.failed.any(axis=1).all():
        raise EnvironmentFailureError(
            f"the environment failed every candidate of {where}, {batch.failures.episodes} of {batch.returns.size} "
            f"episodes. The first: {batch.first_failure}; expected an environment that keeps Gymnasium's contract "
            "(gymnasium.utils.env_checker can check it)"
        )


def check_budget(budget: Budget, population: int, effort: Effort, before: int) -> None:
    """Raises `InvalidValueError` if the budget does not allow a search its first generation.

    Args:
        budget: when the search must stop.
        population: candidates of the first generation.
        effort: how many episodes each plays.
        before: episodes that have been played, or will be, to measure the scale of observations.
    """
    each = effort.episodes_per_candidate[0]
    needed = population * each
    if budget.max_episodes is not None and budget.max_episodes < before + needed:
        beside = f" beside the {before} that measure the scale of observations" if before else ""
        raise InvalidValueError(
            f"expected a budget of at least one generation, {needed} episodes ({population} candidates "
            f"with {each} each){beside}, got max_episodes = {budget.max_episodes}"
        )
