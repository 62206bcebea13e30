"""An engine that needs no environment: returns come from a formula, so that all above it is tested in microseconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np

from poise.policies.architecture import Architecture
from poise.rollouts.base import Engine
from poise.types import EpisodeBatch, FloatArray, ObservationSums, SeedArray

ReturnFunction = Callable[[FloatArray, np.random.Generator], float]
"""From a candidate's parameters and the episode's own generator to the return of the episode."""


class FakeEngine(Engine):
    """Plays imaginary episodes.

    Args:
        episode_return: what an episode of a candidate returns; the generator it may use is fixed by the episode's seed.
        length: steps of every episode.
        ceiling: an episode with this return or more is truncated (it lasted to the time limit), others terminate.

    Attributes:
        seen: the seeds of all episodes played so far, in their order.
    """

    name: ClassVar[str] = "fake"

    def __init__(self, episode_return: ReturnFunction, *, length: int = 10, ceiling: float = np.inf) -> None:
        self._return = episode_return
        self._length = length
        self._ceiling = ceiling
        self.seen: list[int] = []

    def _run(
        self,
        architecture: Architecture,
        parameters: FloatArray,
        seeds: SeedArray,
        sum_observations: bool,
        horizon: int | None,
    ) -> EpisodeBatch:
        self.seen.extend(seeds.reshape(-1).tolist())
        returns = np.array(
            [
                [self._return(vector, np.random.default_rng(seed)) for seed in row.tolist()]
                for vector, row in zip(parameters, seeds, strict=True)
            ]
        )
        truncated = returns >= self._ceiling
        length = self._length
        if horizon is not None and horizon < length:  # an equal reward in every step
            returns, truncated, length = returns * horizon / length, np.ones_like(truncated), horizon
        lengths = np.full(seeds.shape, length, dtype=np.int64)
        sums = self._observations(architecture.observation.size, seeds, length) if sum_observations else None
        return EpisodeBatch(returns, lengths, ~truncated, truncated, sums)

    def _observations(self, size: int, seeds: SeedArray, length: int) -> ObservationSums:
        """Standard normal features, fixed by the episodes' seeds."""
        seen = np.concatenate(
            [np.random.default_rng([seed, 1]).normal(size=(length, size)) for seed in seeds.reshape(-1).tolist()]
        )
        return ObservationSums(len(seen), seen.sum(axis=0), np.square(seen).sum(axis=0))
