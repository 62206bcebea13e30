"""Where the frugal learning stands: the episodes it has played, and all that it goes on from."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from poise.models.transitions import Transitions
from poise.policies.candidate import Candidate
from poise.rollouts.controls import Controls
from poise.rollouts.environments import EnvironmentInfo
from poise.seeding import SeedStream
from poise.types import FloatArray, Usage


@dataclass(frozen=True)
class RealEpisode:
    """One episode of the search.

    Attributes:
        seed: what ``env.reset`` was given.
        length: its steps.
        score: its return.
        predicted: the return that the model expected before it began; ``None`` where there was no model yet.
        terminated: it ended in a terminal state.
        truncated: a time limit ended it, the environment's or the budget's.
        whole: it was not left in its middle because the steps were used up; one that was has shown no return.
    """

    seed: int
    length: int
    score: float
    predicted: float | None
    terminated: bool
    truncated: bool
    whole: bool = True


@dataclass
class FrugalState:
    """Where the learning stands; what it knows beyond this is refitted from it.

    Attributes:
        seeds: gives out the episodes of the search.
        starts: observations of resets without a step, shape (resets, features).
        transitions: every step so far.
        episodes: every real episode so far.
        candidates: the policies from which the winner is chosen, the newest last.
        planned_at: steps from which the last world was learnt.
        expected: return that was expected in it of the newest candidate; ``None`` before the first.
        seconds: wall time spent, over all sessions.
        stopped_because: why it ended, in words; ``None`` while it may go on.
    """

    seeds: SeedStream
    starts: FloatArray
    transitions: Transitions
    episodes: list[RealEpisode] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    planned_at: int = 0
    expected: float | None = None
    seconds: float = 0.0
    stopped_because: str | None = None

    @classmethod
    def beginning(cls, info: EnvironmentInfo, seeds: SeedStream) -> FrugalState:
        """Nothing learnt yet."""
        features = info.observation.size
        return cls(seeds, np.empty((0, features)), Transitions.none(features, Controls(info.action).size))

    @property
    def usage(self) -> Usage:
        """Steps and episodes paid for so far; resets without a step are no episodes."""
        return Usage(len(self.transitions), len(self.episodes))

    @property
    def best(self) -> float | None:
        """Highest return of an episode that was played to its end; ``None`` before there is one."""
        return max((episode.score for episode in self.episodes if episode.whole), default=None)
