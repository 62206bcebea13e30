"""Plays episodes one after another in one environment: what the engine in this process and every worker do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from poise.errors import EnvironmentFailureError, PoiseError
from poise.policies.architecture import Architecture
from poise.policies.spaces import ActFunction
from poise.rollouts.environments import close, make
from poise.rollouts.time_limit import TimeLimitError
from poise.types import EnvironmentSpec, EpisodeBatch, FloatArray, IntArray, ObservationSums, SeedArray

if TYPE_CHECKING:
    from poise.rollouts.environments import Environment


class Episode(NamedTuple):
    """What came of one episode.

    Attributes:
        total: its return.
        length: its steps.
        terminated, truncated: how it ended.
        sums: the features of its observations added up in their order, then their squares, shape (2 * features,);
            ``None`` where nobody asked.
    """

    total: float
    length: int
    terminated: bool
    truncated: bool
    sums: FloatArray | None


@dataclass(frozen=True)
class Work:
    """Episodes to be played, in a row.

    Attributes:
        architecture: the policy of all candidates.
        parameters: shape (candidates, parameters).
        candidates: whose episode each is: an index into `parameters`, shape (episodes,), ascending.
        seeds: shape (episodes,).
        sum_observations: whether to sum the features that are acted upon.
    """

    architecture: Architecture
    parameters: FloatArray
    candidates: IntArray
    seeds: SeedArray
    sum_observations: bool

    @classmethod
    def of(cls, architecture: Architecture, parameters: FloatArray, seeds: SeedArray, sum_observations: bool) -> Work:
        """The work of a whole call of an engine; `seeds` has shape (candidates, episodes)."""
        candidates = np.repeat(np.arange(len(parameters)), seeds.shape[1])
        return cls(architecture, parameters, candidates, seeds.reshape(-1), sum_observations)

    def __len__(self) -> int:
        return self.seeds.size

    def part(self, begin: int, end: int) -> Work:
        """Some of the episodes, with no more parameters than they need."""
        candidates = self.candidates[begin:end]
        first, last = int(candidates[0]), int(candidates[-1])
        return replace(
            self,
            parameters=self.parameters[first : last + 1],
            candidates=candidates - first,
            seeds=self.seeds[begin:end],
        )


class Player:
    """Plays episodes in an environment of its own.

    Args:
        spec: the environment.

    Attributes:
        steps: taken so far, in all episodes; resets count too. Whoever watches sees by it that something happens.
    """

    def __init__(self, spec: EnvironmentSpec) -> None:
        self._spec = spec
        self._environment: Environment | None = make(spec)
        self.steps = 0

    def play(self, work: Work) -> Iterator[Episode]:
        """The episodes, one by one as they end.

        Raises:
            EnvironmentFailureError: the environment raised, or returned what it must not.
        """
        candidate, act = -1, None
        size = work.architecture.observation.size
        for index, seed in zip(work.candidates.tolist(), work.seeds.tolist(), strict=True):
            if act is None or index != candidate:
                candidate, act = index, work.architecture.bind(work.parameters[index])
            sums = np.zeros(2 * size) if work.sum_observations else None
            watched = act if sums is None else _watched(act, work.architecture, sums)
            with np.errstate(over="ignore", invalid="ignore"):  # extreme parameters are no fault of anybody
                episode = self._play(watched, seed)
            yield Episode(*episode, sums)

    def _play(self, act: ActFunction, seed: int) -> tuple[float, int, bool, bool]:
        if self._environment is None:
            self._environment = make(self._spec)
        total, length = 0.0, 0
        try:
            observation, _ = self._environment.reset(seed=seed)
            terminated = truncated = False
            self.steps += 1
            while not (terminated or truncated):
                observation, reward, terminated, truncated, _ = self._environment.step(act(observation))
                total += float(reward)
                length += 1
                self.steps += 1
        except (Exception, TimeLimitError) as error:
            self.close()  # an environment that failed may be in any state: the next episode starts with a new one
            if isinstance(error, TimeLimitError):
                raise EnvironmentFailureError(f"{self._spec.id}, seed {seed}, step {length + 1}: {error}") from error
            said = str(error) if isinstance(error, PoiseError) else f"raised {type(error).__name__}: {error}"
            raise EnvironmentFailureError(
                f"{self._spec.id}, seed {seed}, step {length + 1}: {said}; "
                "expected an environment that keeps Gymnasium's contract (gymnasium.utils.env_checker can check it)"
            ) from error
        if not math.isfinite(total):
            raise EnvironmentFailureError(
                f"{self._spec.id}, seed {seed}: expected finite rewards, got a return of {total} after {length} steps"
            )
        return total, length, bool(terminated), bool(truncated)

    def close(self) -> None:
        """Closes the environment; the next episode makes another."""
        if self._environment is not None:
            close(self._environment)
            self._environment = None


def _watched(act: ActFunction, architecture: Architecture, sums: FloatArray) -> ActFunction:
    """The policy, adding up the features of every observation that it is shown."""
    encode = architecture.observation.encode

    def acting(observation: Any) -> Any:
        nonlocal sums
        features = encode(observation)
        sums += np.concatenate([features, features * features])
        return act(observation)

    return acting


def batch_of(episodes: Sequence[Episode], shape: tuple[int, int]) -> EpisodeBatch:
    """The episodes of a call, candidate by candidate, as a batch.

    Observations are added up first within an episode, then episode by episode in their order. Every engine adds in
    this order, whoever played and whenever, so that all of them agree to the bit.

    Args:
        episodes: candidates × episodes of them.
        shape: (candidates, episodes).
    """
    totals, lengths, terminated, truncated, sums = zip(*episodes, strict=True)
    observation_sums = None
    if sums[0] is not None:
        both = np.add.accumulate(np.stack(sums), axis=0)[-1]
        size = both.size // 2
        observation_sums = ObservationSums(sum(lengths), both[:size], both[size:])
    return EpisodeBatch(
        np.array(totals, dtype=np.float64).reshape(shape),
        np.array(lengths, dtype=np.int64).reshape(shape),
        np.array(terminated, dtype=np.bool_).reshape(shape),
        np.array(truncated, dtype=np.bool_).reshape(shape),
        observation_sums,
    )
