"""What it costs to end an episode early, where a search has learnt to: each step costs something, so the end is cheap.

A drone that pays for its distance to a target at every step, and is out of the game when it is too far off, loses least
by flying away at once: to stay and come near is worth more, but almost nobody among policies that know nothing yet
stays. A search that is charged for the steps it did not play learns to stay first, and then what to do there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from poise.types import EpisodeBatch


@dataclass(frozen=True)
class Toll:
    """The charge for steps that were not played.

    Attributes:
        price: of a step, more than 0.
        whole: steps of an episode that lasts to the time limit.
        usual: steps after which a random policy ended an episode, in the mean; who learns to leave does so sooner.
    """

    price: float
    whole: int
    usual: float

    def charged(self, batch: EpisodeBatch, cut: int | None = None) -> EpisodeBatch:
        """The same episodes, those that ended by themselves charged for the steps that they lack.

        Args:
            batch: the episodes.
            cut: steps after which they were cut off; ``None`` for whole ones.
        """
        longest = self.whole if cut is None else min(cut, self.whole)
        missing = np.where(batch.terminated, np.maximum(longest - batch.lengths, 0), 0)
        return replace(batch, returns=batch.returns - self.price * missing)


def toll_of(batch: EpisodeBatch, whole: int) -> Toll | None:
    """What a search may be charged that learns to leave; ``None`` where random policies seldom do.

    Charged is the most that a step of any of them cost in the mean of its episode: to stay is worth it then, wherever.

    Args:
        batch: episodes of random policies, of which some did not fail.
        whole: steps of an episode that lasts to the time limit.
    """
    dearest = float((-batch.returns[~batch.failed] / batch.lengths[~batch.failed]).max())
    if batch.terminated.mean() <= 1 / 2 or dearest <= 0:
        return None
    return Toll(dearest, whole, float(batch.lengths[batch.terminated].mean()))
