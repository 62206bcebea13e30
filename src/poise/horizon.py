"""How long the episodes of a search are: short at first, where nothing but the time limit ends them.

A gait shows itself within a few steps of a thousand. Where no episode of a random policy came to an end of its own, a
search begins with a share of each and plays them longer and longer, so that its first generations, in which there is
most to learn, cost little. Whole episodes decide: nothing is claimed of those that were cut off.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from poise.types import EpisodeBatch

FIRST_SHARE, LEAST_STEPS = 0.15, 100
"""The share of an episode that is played at first; but never fewer steps than this."""

GROWTH = 1.02
"""How much longer the episodes of each generation are than those before."""

SLOW_GROWTH = 1.006
"""The same where a task may be over before the time limit: while no episode gets there, who is fast earns more."""


@dataclass(frozen=True)
class Horizon:
    """Where the episodes of a generation are cut off.

    Attributes:
        steps: of an episode, at most.
        whole: steps of a whole episode.
        growth: how much longer the episodes of each generation are than those before, more than 1.
    """

    steps: int
    whole: int
    growth: float = GROWTH

    @property
    def longer(self) -> Horizon | None:
        """That of the next generation; ``None`` when it plays whole episodes."""
        steps = math.ceil(self.steps * self.growth)
        return replace(self, steps=steps) if steps < self.whole else None


def first_horizon(batch: EpisodeBatch) -> Horizon | None:
    """What a search begins with, by what random policies have lived through; ``None`` plays whole episodes.

    Whole ones it must be where an episode can end by itself, for then a short one is another task, and where all
    random policies earn the same, for then there is nothing to see on the way.

    Args:
        batch: whole episodes of random policies.
    """
    whole = int(batch.lengths.max())
    lasted = batch.truncated & ~batch.terminated & (batch.lengths == whole)
    if not lasted.all() or float(np.ptp(batch.returns)) == 0.0:
        return None
    return shortened(whole)


def shortened(whole: int, growth: float = GROWTH) -> Horizon | None:
    """The first horizon for episodes of so many steps; ``None`` if they are too short to be cut."""
    steps = max(LEAST_STEPS, math.ceil(FIRST_SHARE * whole))
    return Horizon(steps, whole, growth) if steps < whole else None
