"""Plays episodes one after another in one environment: what the engine in this process and every worker do."""

from __future__ import annotations

import math
import re
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from poise.errors import EnvironmentFailureError, PoiseError
from poise.policies.architecture import Architecture
from poise.policies.spaces import ActFunction
from poise.rollouts.compiled_steps import compiled_steps
from poise.rollouts.environments import close, make, remembers
from poise.rollouts.time_limit import TimeLimitError
from poise.types import EnvironmentSpec, EpisodeBatch, FloatArray, IntArray, ObservationSums, SeedArray

if TYPE_CHECKING:
    from poise.kernels.mujoco.simulation import Simulation
    from poise.rollouts.environments import Environment


MAX_HANGS = 3
"""How often an environment may hang in one process, a time limit each, before nobody waits for it again."""

LONGEST_MESSAGE = 300
"""Characters of an environment's own message that are kept."""


class Episode(NamedTuple):
    """What came of one episode.

    Attributes:
        total: its return.
        length: its steps.
        terminated, truncated: how it ended.
        sums: the features of its observations added up in their order, then their squares, shape (2 * features,);
            zeros if it failed, ``None`` where nobody asked.
        failure: how the environment failed, in words; ``None`` for an episode that came to its end.
    """

    total: float
    length: int
    terminated: bool
    truncated: bool
    sums: FloatArray | None
    failure: str | None = None

    @classmethod
    def failed(cls, failure: str, length: int, work: Work) -> Episode:
        """One that came to no end.

        Args:
            failure: in words, the same whenever and wherever it happens.
            length: steps that were taken.
            work: what it was part of.
        """
        size = work.architecture.observation.size
        return cls(math.nan, length, False, False, np.zeros(2 * size) if work.sum_observations else None, failure)


@dataclass(frozen=True)
class Work:
    """Episodes to be played, in a row.

    Attributes:
        architecture: the policy of all candidates.
        parameters: shape (candidates, parameters).
        candidates: whose episode each is: an index into `parameters`, shape (episodes,), ascending.
        seeds: shape (episodes,).
        sum_observations: whether to sum the features that are acted upon.
        horizon: steps after which an episode is cut off; ``None`` for none.
    """

    architecture: Architecture
    parameters: FloatArray
    candidates: IntArray
    seeds: SeedArray
    sum_observations: bool
    horizon: int | None = None

    @classmethod
    def of(
        cls,
        architecture: Architecture,
        parameters: FloatArray,
        seeds: SeedArray,
        sum_observations: bool,
        horizon: int | None,
    ) -> Work:
        """The work of a whole call of an engine; `seeds` has shape (candidates, episodes)."""
        candidates = np.repeat(np.arange(len(parameters)), seeds.shape[1])
        return cls(architecture, parameters, candidates, seeds.reshape(-1), sum_observations, horizon)

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


class _FailedError(Exception):
    """The environment failed in an episode, after so many steps."""

    def __init__(self, message: str, length: int) -> None:
        super().__init__(message)
        self.length = length


class Player:
    """Plays episodes in an environment of its own.

    Args:
        spec: the environment.
    """

    def __init__(self, spec: EnvironmentSpec) -> None:
        self._spec = spec
        self._environment: Environment | None = make(spec)
        self._simulation: Simulation | None = None
        self._speeds_up: bool | None = None
        self._steps, self._compiled_steps = 0, np.zeros(1, dtype=np.int64)
        self._hangs = 0

    @property
    def steps(self) -> int:
        """Taken so far, in all episodes; resets count too. Whoever watches sees by it that something happens."""
        return self._steps + int(self._compiled_steps[0])

    def speed_up(self, *, compile_now: bool) -> None:
        """Lets compiled code play steps from now on, where it plays the very same ones.

        Args:
            compile_now: whether to compile what is not on disk yet, and to say so; else Gymnasium goes on playing.
        """
        self._speeds_up = compile_now
        if self._environment is not None:
            progress = self._compiled_steps
            self._simulation = compiled_steps(self._spec, self._environment, progress, compile_now=compile_now)

    def play(self, work: Work) -> Iterator[Episode]:
        """The episodes, one by one as they end. One in which the environment fails has no return, and says why.

        Raises:
            EnvironmentFailureError: the environment hangs again and again, or no other can be made after it failed.
        """
        candidate, act = -1, None
        size = work.architecture.observation.size
        for index, seed in zip(work.candidates.tolist(), work.seeds.tolist(), strict=True):
            if act is None or index != candidate:
                candidate, act = index, work.architecture.bind(work.parameters[index])
            sums = np.zeros(2 * size) if work.sum_observations else None
            watched = act if sums is None else _watched(act, work.architecture, sums)
            with np.errstate(over="ignore", invalid="ignore"):  # extreme parameters are no fault of anybody
                try:
                    episode = Episode(*self._play(watched, work, index, seed, sums), sums)
                except _FailedError as failed:
                    episode = Episode.failed(str(failed), failed.length, work)
            yield episode

    def _play(
        self, act: ActFunction, work: Work, candidate: int, seed: int, sums: FloatArray | None
    ) -> tuple[float, int, bool, bool]:
        environment = self._ready()
        total, length = 0.0, 0
        try:
            observation, _ = environment.reset(seed=seed)
            self._steps += 1
            if self._simulation is not None:
                parameters = work.parameters[candidate]
                ended = self._simulation.play(work.architecture, parameters, work.horizon, sums)
                if ended is not None:
                    return ended
                observation, _ = environment.reset(seed=seed)
            terminated = truncated = False
            while not (terminated or truncated):
                observation, reward, terminated, truncated, _ = environment.step(act(observation))
                total += float(reward)
                length += 1
                self._steps += 1
                truncated = truncated or length == work.horizon
        except (Exception, SystemExit, TimeLimitError) as error:
            self.close()  # an environment that failed may be in any state: the next episode starts with a new one
            said = in_words(error)
            self._hangs += isinstance(error, TimeLimitError)
            if self._hangs >= MAX_HANGS:
                raise EnvironmentFailureError(f"{self._spec.id}, seed {seed}, step {length + 1}: {said}") from error
            raise _FailedError(f"{self._spec.id}, seed {seed}, step {length + 1}: {said}", length) from error
        if not math.isfinite(total):
            raise _FailedError(not_finite(self._spec.id, seed, total, length), length)
        return total, length, bool(terminated), bool(truncated)

    def _ready(self) -> Environment:
        """The environment, made again if it was closed, or would not forget the last episode."""
        if self._environment is not None and remembers(self._environment):
            self.close()
        if self._environment is None:
            self._environment = make(self._spec)
            if self._speeds_up is not None:
                self.speed_up(compile_now=self._speeds_up)
        return self._environment

    def close(self) -> None:
        """Closes the environment; the next episode makes another."""
        self._simulation = None
        if self._environment is not None:
            close(self._environment)
            self._environment = None


def in_words(error: BaseException) -> str:
    """What an environment raised, and where, in words that are the same in every process and every directory."""
    if isinstance(error, PoiseError | TimeLimitError):
        return str(error)
    text = re.sub(r"0x[0-9a-fA-F]{4,}", "0x…", f"raised {type(error).__name__}: {error}")
    text = text if len(text) <= LONGEST_MESSAGE else text[:LONGEST_MESSAGE] + " …"
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{text} ({PurePath(last.filename).name}, line {last.lineno})"


def not_finite(name: str, seed: int, total: float, length: int) -> str:
    """What is said of rewards that do not add up to a number."""
    return f"{name}, seed {seed}: expected finite rewards, got a return of {total} after {length} steps"


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
    totals, lengths, terminated, truncated, sums, failures = zip(*episodes, strict=True)
    observation_sums = None
    if sums[0] is not None:
        both = np.add.accumulate(np.stack(sums), axis=0)[-1]
        size = both.size // 2
        seen = sum(episode.length for episode in episodes if episode.failure is None)
        observation_sums = ObservationSums(seen, both[:size], both[size:])
    return EpisodeBatch(
        np.array(totals, dtype=np.float64).reshape(shape),
        np.array(lengths, dtype=np.int64).reshape(shape),
        np.array(terminated, dtype=np.bool_).reshape(shape),
        np.array(truncated, dtype=np.bool_).reshape(shape),
        observation_sums,
        next((failure for failure in failures if failure is not None), None),
    )
