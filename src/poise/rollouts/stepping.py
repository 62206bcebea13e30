"""A real environment that is played one step at a time, by somebody who learns between two steps."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from poise.errors import EnvironmentFailureError, PoiseError
from poise.rollouts.environments import EnvironmentInfo, close, make, remembers
from poise.rollouts.recording import Recording, kept
from poise.types import FloatArray

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from poise.rollouts.environments import Environment


@dataclass(frozen=True)
class Step:
    """What followed an action.

    Attributes:
        features: of the next observation, shape (features,).
        reward: what was earned.
        terminated: it led to a terminal state.
        truncated: a limit outside the task ended the episode.
    """

    features: FloatArray
    reward: float
    terminated: bool
    truncated: bool


class SteppedEnvironment:
    """Plays single steps, and remembers the episode they belong to. A context manager: leaving it closes it.

    Args:
        info: the environment.
    """

    def __init__(self, info: EnvironmentInfo) -> None:
        self.info = info
        self._environment: Environment = make(info.spec)
        self._seed = 0
        self._observations: list[Any] = []
        self._actions: list[Any] = []
        self._rewards: list[float] = []
        self._terminated = self._truncated = False

    def reset(self, seed: int) -> FloatArray:
        """Begins the episode of a seed; the features of its first observation.

        Raises:
            EnvironmentFailureError: the environment raised.
        """
        self._seed = seed
        self._actions, self._rewards = [], []
        self._terminated = self._truncated = False
        try:
            if remembers(self._environment):
                close(self._environment)
                self._environment = make(self.info.spec)
            observation, _ = self._environment.reset(seed=seed)
            self._observations = [kept(observation)]
            return self.info.observation.encode(observation)
        except Exception as error:
            raise self._failure(error) from error

    def step(self, outputs: FloatArray) -> Step:
        """Does what a policy's outputs say.

        Raises:
            EnvironmentFailureError: the environment raised, or returned what it must not.
        """
        try:
            action = self.info.action.decode(outputs)
            self._actions.append(kept(action))
            observation, reward, terminated, truncated, _ = self._environment.step(action)
            features = self.info.observation.encode(observation)
            earned = float(reward)
        except Exception as error:
            raise self._failure(error) from error
        if not math.isfinite(earned):
            raise EnvironmentFailureError(f"{self._where()}: expected a finite reward, got {earned}")
        self._observations.append(kept(observation))
        self._rewards.append(earned)
        self._terminated, self._truncated = bool(terminated), bool(truncated)
        return Step(features, earned, self._terminated, self._truncated)

    def recording(self) -> Recording:
        """The episode so far; one that was left before its end has its length as time limit."""
        spec, over = self.info.spec, self._terminated or self._truncated
        return Recording(
            spec if over else replace(spec, max_episode_steps=len(self._actions)),
            self._seed,
            tuple(self._observations),
            tuple(self._actions),
            tuple(self._rewards),
            self._terminated,
            not self._terminated,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        close(self._environment)

    def _failure(self, error: Exception) -> EnvironmentFailureError:
        said = str(error) if isinstance(error, PoiseError) else f"raised {type(error).__name__}: {error}"
        return EnvironmentFailureError(
            f"{self._where()}: {said}; expected an environment that keeps Gymnasium's contract "
            "(gymnasium.utils.env_checker can check it)"
        )

    def _where(self) -> str:
        return f"{self.info.spec.id}, seed {self._seed}, step {len(self._actions)}"
