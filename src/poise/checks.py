"""What a search refuses: a budget that is too small to begin, and an environment that fails every candidate."""

from __future__ import annotations

from poise.errors import EnvironmentFailureError, InvalidValueError
from poise.optimizers.base import Optimizer
from poise.types import Budget, Effort, EpisodeBatch


def check_failures(batch: EpisodeBatch, where: str) -> None:
    """Raises `EnvironmentFailureError` if the environment failed every candidate: then nothing can be learnt."""
    if batch.failed.any(axis=1).all():
        raise EnvironmentFailureError(
            f"the environment failed every candidate of {where}, {batch.failures.episodes} of {batch.returns.size} "
            f"episodes. The first: {batch.first_failure}; expected an environment that keeps Gymnasium's contract "
            "(gymnasium.utils.env_checker can check it)"
        )


def check_budget(budget: Budget, optimizer: Optimizer, effort: Effort, before: int, looked_at: int) -> None:
    """Raises `InvalidValueError` if the budget does not allow a search its first generation.

    Args:
        budget: when the search must stop.
        optimizer: has the first generation's candidates.
        effort: how many episodes each plays, where that is not the optimizer's to say.
        before: episodes that have been played, or will be, to measure the scale of observations.
        looked_at: episodes that tell the optimizer what changes of its parameters do.
    """
    population, each = optimizer.population, 1 if optimizer.groups else effort.episodes_per_candidate[0]
    needed = population * each
    if budget.max_episodes is not None and budget.max_episodes < before + looked_at + needed:
        also = {"measure the scale of observations": before, "are looked at first": looked_at}
        beside = "".join(f" beside the {count} that {purpose}" for purpose, count in also.items() if count)
        raise InvalidValueError(
            f"expected a budget of at least one generation, {needed} episodes ({population} candidates "
            f"with {each} each){beside}, got max_episodes = {budget.max_episodes}"
        )
