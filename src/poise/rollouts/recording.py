"""Episodes kept to be looked at: a seed and the actions are enough to play one again, and to check it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from poise.errors import EnvironmentFailureError, InvalidFileError, PoiseError
from poise.policies.spaces import ActFunction
from poise.rollouts.environments import close, make, remembers
from poise.seeding import check_seed
from poise.types import EnvironmentSpec, Json

if TYPE_CHECKING:
    from poise.rollouts.environments import Environment


@dataclass(frozen=True)
class Recording:
    """One episode, step by step.

    Attributes:
        environment: where it was played.
        seed: what ``env.reset(seed=...)`` was given.
        observations: what was seen, one more than there are steps: the last is the state it ended in.
        actions: what was done.
        rewards: what was earned at each step.
        terminated: it ended in a terminal state.
        truncated: a limit outside the task ended it.
    """

    environment: EnvironmentSpec
    seed: int
    observations: tuple[Any, ...]
    actions: tuple[Any, ...]
    rewards: tuple[float, ...]
    terminated: bool
    truncated: bool

    @property
    def score(self) -> float:
        """The return: the sum of the rewards, added in their order."""
        total = 0.0
        for reward in self.rewards:
            total += reward
        return total

    def to_json(self) -> Json:
        """As plain data; numbers keep every digit."""
        return {
            "environment": self.environment.id,
            "seed": self.seed,
            "return": self.score,
            "length": len(self.actions),
            "terminated": self.terminated,
            "truncated": self.truncated,
            "actions": [plain(action) for action in self.actions],
            "rewards": list(self.rewards),
            "observations": [plain(observation) for observation in self.observations],
        }


Record = Callable[[ActFunction, int], Recording]
"""Plays one episode, given by its seed, and keeps what was seen."""


def plain(value: Any) -> Json:
    """An observation or an action as JSON can hold it: numbers, lists and dictionaries."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value


def record(spec: EnvironmentSpec, act: ActFunction, seed: int) -> Recording:
    """Plays one episode and keeps it.

    Raises:
        EnvironmentFailureError: the environment raised.
        InvalidValueError: the seed is out of range.
    """
    with closing(Recorder(spec)) as recorder:
        return recorder(act, seed)


class Recorder:
    """Records one episode after another in one environment, which is made when the first is asked for.

    Args:
        spec: the environment.
    """

    def __init__(self, spec: EnvironmentSpec) -> None:
        self._spec = spec
        self._environment: Environment | None = None

    def __call__(self, act: ActFunction, seed: int) -> Recording:
        """As `record`; an environment that failed, or remembers earlier episodes, is made anew.

        Raises:
            EnvironmentFailureError: the environment raised.
            InvalidValueError: the seed is out of range.
        """
        if self._environment is not None and remembers(self._environment):
            self.close()
        if self._environment is None:
            self._environment = make(self._spec)
        try:
            with np.errstate(over="ignore", invalid="ignore"):  # as in the engines: extreme parameters are no fault
                return _play(self._environment, self._spec, act, check_seed(seed))
        except EnvironmentFailureError:
            self.close()
            raise

    def close(self) -> None:
        """Closes the environment, if there is one."""
        if self._environment is not None:
            close(self._environment)
        self._environment = None


def replay(spec: EnvironmentSpec, seed: int, actions: Sequence[Any]) -> Recording:
    """Plays the given actions again under the same seed.

    Raises:
        EnvironmentFailureError: the environment raised.
        InvalidFileError: the episode does not end with the last action, so it is not the one that was recorded.
    """
    remaining = iter(actions)

    def act(_: Any) -> Any:
        for action in remaining:
            return action
        raise _NoActionLeftError

    try:
        again = record(spec, act, seed)
    except _NoActionLeftError as error:
        raise InvalidFileError(
            f"the episode of seed {seed} goes on after its {len(actions)} recorded actions: it was recorded in "
            f"another environment or another version of {spec.id}"
        ) from error
    if len(again.actions) != len(actions):
        raise InvalidFileError(
            f"the episode of seed {seed} ends after {len(again.actions)} of its {len(actions)} recorded actions: it "
            f"was recorded in another environment or another version of {spec.id}"
        )
    return again


def _play(environment: Environment, spec: EnvironmentSpec, act: ActFunction, seed: int) -> Recording:
    try:
        observation, _ = environment.reset(seed=seed)
        observations, actions, rewards = [kept(observation)], [], []
        terminated = truncated = False
        while not (terminated or truncated):
            action = act(observation)
            actions.append(kept(action))
            observation, reward, terminated, truncated, _ = environment.step(action)
            observations.append(kept(observation))
            rewards.append(float(reward))
    except _NoActionLeftError:
        raise
    except Exception as error:
        said = str(error) if isinstance(error, PoiseError) else f"raised {type(error).__name__}: {error}"
        raise EnvironmentFailureError(f"{spec.id}, seed {seed}: {said}") from error
    total = sum(rewards)
    if not math.isfinite(total):
        raise EnvironmentFailureError(f"{spec.id}, seed {seed}: expected finite rewards, got {total}")
    return Recording(spec, seed, tuple(observations), tuple(actions), tuple(rewards), bool(terminated), bool(truncated))


class _NoActionLeftError(Exception):
    """The recorded actions are used up, and the episode goes on."""


def kept(observation: Any) -> Any:
    """A copy: an environment may write its next observation into the same array, a policy its next action."""
    if isinstance(observation, np.ndarray):
        return observation.copy()
    if isinstance(observation, dict):
        return {key: kept(value) for key, value in observation.items()}
    if isinstance(observation, tuple):
        return tuple(kept(value) for value in observation)
    return observation
