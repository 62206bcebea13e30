"""Which start suits a task: several search one after another for a while, and the best goes on.

How far from zero good parameters lie cannot be seen beforehand: a lander wants thrusters that are on or off, which
large weights give it, a pole on a pole wants to be held gently. Nor can be seen whether a task that pays for every step
that it lasts is learnt better without that bonus. So each start has its turn, and then their centres play the same
episodes. Of many, three have another turn each before one is chosen: a gait takes time to show what it is worth, and
does so sooner when it is shaken less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from poise.horizon import Horizon
from poise.optimizers.ars import winsorized
from poise.optimizers.base import Optimizer
from poise.policies.architecture import Architecture
from poise.policies.candidate import Candidate
from poise.rollouts.base import Engine
from poise.toll import Toll
from poise.types import EpisodeBatch, ObservationSums, SeedArray, Usage

TURN = Usage(steps=250_000, episodes=1_600)
"""What a turn may cost at least; the generation that crosses a limit is its last."""

STEPS_PER_PARAMETER, MOST_STEPS = 5_000, 500_000
"""More steps for larger policies, which take longer to show what they can, but never more than these."""

EPISODES = 20
"""Episodes that the centres play to be compared, the same for all."""

FENCE = 2.0
"""How far below the median the return of a short episode counts, in distances from there to the upper quartile."""

FEW = 3
"""Of more starts than a few as many are left for another round of turns."""

SHARE_OF_MANY = 0.75
"""How much of a turn each of more than a few has."""


@dataclass
class Rival:
    """A start, as far as it has come.

    Attributes:
        optimizer: what searches.
        architecture: the policy whose parameters it looks for, with its present normaliser.
        follows: whether the normaliser follows what is observed, whatever the run asks for.
        sums: over what it has observed, where the normaliser follows.
        survival_bonus: reward of a step that it is not told of.
        horizon: where its next episodes are cut off; ``None`` for whole ones.
        rung: of the ladder of episodes a candidate, on which it begins, from 0.
        start: which of the stage's starts it is, from 0, the one that the stage begins with.
        first_level: mean score of its first generation of whole episodes; ``None`` before.
        toll: what it is charged for ending episodes; ``None`` for nothing.
    """

    optimizer: Optimizer
    architecture: Architecture
    follows: bool = False
    sums: ObservationSums | None = None
    survival_bonus: float = 0.0
    horizon: Horizon | None = None
    rung: int = 0
    start: int = 0
    first_level: float | None = None
    toll: Toll | None = None

    def told(self, batch: EpisodeBatch, cut: int | None) -> EpisodeBatch:
        """The episodes as it sees them, with its toll.

        Args:
            batch: the episodes.
            cut: where they were cut off; ``None`` for whole ones.
        """
        return batch if self.toll is None else self.toll.charged(batch, cut)


@dataclass
class Trial:
    """The starts of a stage beside the one whose turn it is.

    Attributes:
        began: what the search had paid when this turn began.
        waiting: those whose turn is to come, in their order.
        tried: those that have had it.
    """

    began: Usage
    waiting: list[Rival] = field(default_factory=list)
    tried: list[Rival] = field(default_factory=list)

    def turn_is_over(self, usage: Usage) -> bool:
        """Whether the present one has had its turn, now that the search has paid `usage`."""
        steps, episodes = usage.steps - self.began.steps, usage.episodes - self.began.episodes
        return steps >= self.steps or episodes >= TURN.episodes

    @property
    def steps(self) -> int:
        """What a turn may cost, in steps."""
        others = [*self.waiting, *self.tried]
        return turn_steps(max(rival.optimizer.dimension for rival in others), 1 + len(others))

    @property
    def set_aside(self) -> int:
        """Episodes of the budget that are kept for the comparison, from the last turn of a round on."""
        return 0 if self.waiting else 2 * EPISODES * (1 + len(self.tried))  # whole ones and short ones

    def compare(self, engine: Engine, seeds: SeedArray) -> tuple[list[Candidate], list[EpisodeBatch], list[Rival]]:
        """The centres of those that were tried, what they earn in these episodes, and the starts in order of that.

        Where some do not play whole episodes yet, and some episode ended before its time, those are better that earn
        more as far as the shortest of them go. A start that was never asked to last longer is not blamed for falling
        later, and for a fall on the way no more than ARS would blame it: it has hardly begun to learn not to.

        Args:
            engine: plays the episodes.
            seeds: of the episodes, shape (episodes,).

        Returns:
            The centres; each claims its mean return on whole episodes, minus infinity if the environment failed in one
            of them. All that was played. And the starts, the best first; of equals the one that was tried first.
        """
        batches = self._play(engine, seeds, None)
        claims = _means(batches)
        levels = _means(self._told(batches, None))
        centres = [
            Candidate(rival.architecture, rival.optimizer.center, claim)
            for rival, claim in zip(self.tried, claims, strict=True)
        ]
        lengths = [rival.horizon.steps for rival in self.tried if rival.horizon is not None]
        if lengths and any(batch.terminated.any() for batch in batches):
            short = self._play(engine, seeds, min(lengths))
            batches, levels = [*batches, *short], [_level(batch) for batch in self._told(short, min(lengths))]
        return centres, batches, [self.tried[index] for index in np.argsort(-np.array(levels), kind="stable")]

    def next_round(self, ranked: Sequence[Rival]) -> None:
        """Lets the best go on; if there were many, the best few have another turn each, and may settle before it.

        Args:
            ranked: those that were tried, the best first.
        """
        many = len(ranked) > FEW
        self.waiting, self.tried = list(ranked[: FEW if many else 1]), []
        if many:
            for rival in self.waiting:
                rival.optimizer.settle()

    def _play(self, engine: Engine, seeds: SeedArray, horizon: int | None) -> list[EpisodeBatch]:
        return [
            engine.run(rival.architecture, rival.optimizer.center[np.newaxis], seeds, horizon=horizon)
            for rival in self.tried
        ]

    def _told(self, batches: Sequence[EpisodeBatch], cut: int | None) -> list[EpisodeBatch]:
        return [rival.told(batch, cut) for rival, batch in zip(self.tried, batches, strict=True)]


def turn_steps(dimension: int, starts: int = 1) -> int:
    """What the turn of one of so many starts with so many parameters may cost, in steps."""
    steps = max(TURN.steps, min(STEPS_PER_PARAMETER * dimension, MOST_STEPS))
    return int(steps * SHARE_OF_MANY) if starts > FEW else steps


def _level(batch: EpisodeBatch) -> float:
    """The mean return, in which none counts for less than a fence below the median; minus infinity after a failure."""
    returns = batch.returns[0]
    return float(winsorized(returns, FENCE).mean()) if np.isfinite(returns).all() else -np.inf


def _means(batches: Sequence[EpisodeBatch]) -> list[float]:
    """The mean return of each; minus infinity where the environment failed."""
    return [float(np.nan_to_num(batch.scores[0], nan=-np.inf)) for batch in batches]


def survival_bonus(random: EpisodeBatch, still: EpisodeBatch) -> float:
    """What a task pays for a step in which nothing happens, if it is not all that it pays for; 0 if it pays nothing.

    Args:
        random: episodes of random policies. One of them must have ended by itself: else there is nothing to survive.
        still: episodes of a policy that does nothing.
    """
    rates = still.returns / still.lengths
    bonus = float(np.median(rates))
    if not bool(random.terminated.any()) or not bonus > 0 or float(np.ptp(rates)) > bonus:
        return 0.0
    rest = random.returns - bonus * random.lengths
    return bonus if float(np.ptp(rest[~random.failed])) > bonus else 0.0
