"""The values that pass between layers: arrays, episodes, budgets, events."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from poise.errors import InvalidValueError

FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
SeedArray: TypeAlias = npt.NDArray[np.uint32]

Json: TypeAlias = Any
"""Whatever `json` can write: None, bool, int, float, str, and lists and dictionaries of these."""


@dataclass(frozen=True)
class EnvironmentSpec:
    """Which environment: all that is needed to make it again.

    Attributes:
        id: Gymnasium's identifier, for instance ``"CartPole-v1"``.
        kwargs: keyword arguments for `gymnasium.make`.
        max_episode_steps: the time limit of an episode in steps; ``None`` is the environment's own.
        factory: what makes it, where it was given from Python and has no identifier; no file holds it.
        from_file: it was read from a file, which may be a stranger's: no module is imported because it stands there.
    """

    id: str
    kwargs: Mapping[str, Json] = field(default_factory=dict)
    max_episode_steps: int | None = None
    factory: Callable[..., Any] | None = field(default=None, compare=False, repr=False)
    from_file: bool = field(default=False, compare=False, repr=False)

    @property
    def module(self) -> str:
        """The module that has to be imported first, in an identifier like ``package.module:Name-v0``; else ``""``."""
        return self.id.rpartition(":")[0]


@dataclass(frozen=True)
class Usage:
    """What has been paid: environment steps and episodes."""

    steps: int = 0
    episodes: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.steps + other.steps, self.episodes + other.episodes)


@dataclass(frozen=True)
class Failures:
    """Episodes that came to no end because the environment failed.

    Attributes:
        episodes: how many.
        first: what went wrong in the first of them; ``None`` if there were none.
    """

    episodes: int = 0
    first: str | None = None

    def __add__(self, other: Failures) -> Failures:
        return Failures(self.episodes + other.episodes, self.first if self.episodes else other.first)


@dataclass(frozen=True)
class ObservationSums:
    """Sums over all observations that policies saw in a batch, for a running normaliser.

    Attributes:
        count: number of observations.
        total: their sum, shape (features,).
        squares: the sum of their squares, shape (features,).
    """

    count: int
    total: FloatArray
    squares: FloatArray

    def __add__(self, other: ObservationSums) -> ObservationSums:
        return ObservationSums(self.count + other.count, self.total + other.total, self.squares + other.squares)


@dataclass(frozen=True)
class EpisodeBatch:
    """Episodes of several candidates.

    Attributes:
        returns: sum of rewards of each episode, float64, shape (candidates, episodes); NaN where the environment
            failed, and then neither terminated nor truncated.
        lengths: steps of each episode, int64, same shape.
        terminated: the environment reached a terminal state, bool, same shape.
        truncated: the time limit (or another limit outside the task) ended it, bool, same shape.
        observation_sums: present when the engine was asked for them; episodes that failed are not in them.
        first_failure: what went wrong in the first episode that failed, in the order of the arrays.
    """

    returns: FloatArray
    lengths: IntArray
    terminated: BoolArray
    truncated: BoolArray
    observation_sums: ObservationSums | None = None
    first_failure: str | None = None

    def __post_init__(self) -> None:
        shapes = {a.shape for a in (self.returns, self.lengths, self.terminated, self.truncated)}
        if len(shapes) != 1 or self.returns.ndim != 2:
            raise InvalidValueError(f"expected four arrays of one shape (candidates, episodes), got {sorted(shapes)}")

    @property
    def usage(self) -> Usage:
        """Steps and episodes of the whole batch."""
        return Usage(int(self.lengths.sum()), self.returns.size)

    @property
    def failed(self) -> BoolArray:
        """Which episodes failed, shape (candidates, episodes)."""
        return np.isnan(self.returns)

    @property
    def failures(self) -> Failures:
        """How many episodes failed, and why."""
        return Failures(int(self.failed.sum()), self.first_failure)

    @property
    def scores(self) -> FloatArray:
        """Mean return of each candidate, shape (candidates,); NaN for one with an episode that failed."""
        return np.asarray(self.returns.mean(axis=1), dtype=np.float64)


INTERRUPTED = "interrupted"
"""Why a search stopped that was asked to, between two generations; it goes on from there."""


@dataclass(frozen=True)
class Budget:
    """When the search must stop; ``None`` is no limit of that kind.

    Attributes:
        max_steps: environment steps of the search. The generation that crosses the limit is finished.
        max_episodes: episodes of the search. No generation is begun that would cross the limit.
        max_seconds: wall time of the search.
        target: a mean return; the search stops when fresh episodes confirm it.
    """

    max_steps: int | None = None
    max_episodes: int | None = None
    max_seconds: float | None = None
    target: float | None = None

    def __post_init__(self) -> None:
        for name in ("max_steps", "max_episodes", "max_seconds"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise InvalidValueError(f"{name} must be greater than 0, got {value}; leave it out for no limit")
        if self.target is not None and not np.isfinite(self.target):
            raise InvalidValueError(f"target must be a finite number, got {self.target}")

    def episodes(self, longest: int) -> float:
        """How many episodes it is good for at least, if one may take `longest` steps; infinite if it does not say."""
        steps = math.inf if self.max_steps is None else self.max_steps // longest
        return min(steps, math.inf if self.max_episodes is None else self.max_episodes)

    def used_up(self, usage: Usage, seconds: float, next_episodes: int = 1) -> str | None:
        """Which limit is reached, in words; ``None`` while there is something left.

        Args:
            usage: what has been paid.
            seconds: wall time spent.
            next_episodes: episodes that would be played next, all of them or none.
        """
        if self.max_steps is not None and usage.steps >= self.max_steps:
            return f"the budget of {self.max_steps} steps is used"
        if self.max_episodes is not None and usage.episodes + next_episodes > self.max_episodes:
            return f"the budget of {self.max_episodes} episodes is used"
        if self.max_seconds is not None and seconds >= self.max_seconds:
            return f"the budget of {self.max_seconds:g} seconds is used"
        return None

    def share_used(self, usage: Usage, seconds: float) -> float | None:
        """How much of it is used, 0 to 1, by the limit that is nearest; ``None`` without a limit."""
        limits = ((usage.steps, self.max_steps), (usage.episodes, self.max_episodes), (seconds, self.max_seconds))
        shares = [used / limit for used, limit in limits if limit is not None]
        return min(max(shares), 1.0) if shares else None


@dataclass(frozen=True)
class Effort:
    """How a search spends its episodes.

    Attributes:
        episodes_per_candidate: the ladder of a stage, episodes each candidate plays in a generation: (1, 3, 10) is 1
            until the scores no longer rise, then 3, then 10. It does not depend on the budget, so that a search with a
            larger one begins as the same search.
        common_episodes: whether the candidates of a generation meet the same episodes, where they play several. With
            one each they play their own: a whole generation that met a single start would learn that start.
        running_normalizer: whether the normaliser follows the observations of the search, or stays as it is.
        leave_plateaus: whether a stage is over when the scores no longer rise on its last rung; otherwise it is over
            when the optimizer says so.
        stages: how many kinds of policies are tried; while others wait, a stage makes room for them sooner.
        survival_bonus: reward of a step that the optimizer is not told of. Where a task pays for every step that it
            lasts, standing still is soon learnt and never left (Mania et al., arXiv:1803.07055). Claims and results are
            the environment's own returns all the same.
    """

    episodes_per_candidate: tuple[int, ...] = (1,)
    common_episodes: bool = True
    running_normalizer: bool = False
    leave_plateaus: bool = False
    stages: int = 1
    survival_bonus: float = 0.0

    def training_scores(self, batch: EpisodeBatch, found_bonus: float = 0.0) -> FloatArray:
        """What the optimizer is told of each candidate, shape (candidates,).

        Args:
            batch: their episodes.
            found_bonus: the survival bonus that the search leaves out by itself; one that was asked for comes first.
        """
        return np.asarray(batch.scores - (self.survival_bonus or found_bonus) * batch.lengths.mean(axis=1))


Phase: TypeAlias = Literal["search", "selection", "evaluation"]


@dataclass(frozen=True)
class Event:
    """What a running search tells its observers (progress bar, metrics file, studio).

    Attributes:
        phase: where in the work this happened.
        usage: steps and episodes of this phase so far.
        done: share of this phase that is done, of its budget or of what else ends it, 0 to 1; ``None`` if nobody knows.
        metrics: numbers of this moment, free of times and paths; for a generation one line of ``metrics.jsonl``.
    """

    phase: Phase
    usage: Usage
    done: float | None
    metrics: Mapping[str, Json]


Observer: TypeAlias = Callable[[Event], None]
