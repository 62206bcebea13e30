"""The engine that any environment works with: Gymnasium itself, one episode after another, in this process."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from poise.errors import EnvironmentFailureError, PoiseError
from poise.policies.architecture import Architecture
from poise.policies.spaces import ActFunction
from poise.rollouts.base import Engine
from poise.rollouts.environments import close, make
from poise.types import EnvironmentSpec, EpisodeBatch, FloatArray, ObservationSums, SeedArray

if TYPE_CHECKING:
    from poise.rollouts.environments import Environment


class InProcess(Engine):
    """Plays episodes in an environment of its own.

    Args:
        spec: the environment.
    """

    name: ClassVar[str] = "gymnasium"

    def __init__(self, spec: EnvironmentSpec) -> None:
        self._spec = spec
        self._environment: Environment | None = make(spec)

    def _run(
        self, architecture: Architecture, parameters: FloatArray, seeds: SeedArray, sum_observations: bool
    ) -> EpisodeBatch:
        returns = np.empty(seeds.shape)
        lengths = np.empty(seeds.shape, dtype=np.int64)
        terminated = np.empty(seeds.shape, dtype=np.bool_)
        truncated = np.empty(seeds.shape, dtype=np.bool_)
        sums = _Sums(architecture) if sum_observations else None
        for candidate, vector in enumerate(parameters):
            act = architecture.bind(vector)
            if sums is not None:
                act = sums.watch(act)
            for episode, seed in enumerate(seeds[candidate].tolist()):
                place = candidate, episode
                if sums is not None:
                    sums.begin_episode()
                with np.errstate(over="ignore", invalid="ignore"):  # extreme parameters are no fault of anybody
                    returns[place], lengths[place], terminated[place], truncated[place] = self._play(act, seed)
        return EpisodeBatch(returns, lengths, terminated, truncated, sums.value() if sums is not None else None)

    def _play(self, act: ActFunction, seed: int) -> tuple[float, int, bool, bool]:
        if self._environment is None:
            self._environment = make(self._spec)
        total, length = 0.0, 0
        try:
            observation, _ = self._environment.reset(seed=seed)
            terminated = truncated = False
            while not (terminated or truncated):
                observation, reward, terminated, truncated, _ = self._environment.step(act(observation))
                total += float(reward)
                length += 1
        except Exception as error:
            self.close()  # an environment that failed may be in any state: the next episode starts with a new one
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
        """Closes the environment."""
        if self._environment is not None:
            close(self._environment)
            self._environment = None


class _Sums:
    """Adds up the features of every observation a policy was shown: first those of an episode, then the episodes.

    Every engine adds in this order, so that all of them agree to the bit.
    """

    def __init__(self, architecture: Architecture) -> None:
        self._encode = architecture.observation.encode
        self._count = 0
        self._episodes: list[FloatArray] = []
        self._size = architecture.observation.size

    def begin_episode(self) -> None:
        self._episodes.append(np.zeros(2 * self._size))

    def watch(self, act: ActFunction) -> ActFunction:
        def acting(observation: Any) -> Any:
            features = self._encode(observation)
            self._count += 1
            self._episodes[-1] += np.concatenate([features, features * features])
            return act(observation)

        return acting

    def value(self) -> ObservationSums:
        both = np.add.accumulate(np.stack(self._episodes), axis=0)[-1]
        return ObservationSums(self._count, both[: self._size], both[self._size :])
