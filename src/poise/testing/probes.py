"""A ladder of five tiny environments with known answers: the lowest rung that breaks says what is wrong.

| probe | what fails if it is not solved |
|---|---|
| ``poise-probe/Ending-v0`` | episodes are played, end and are counted |
| ``poise-probe/Choosing-v0`` | actions reach the environment |
| ``poise-probe/Looking-v0`` | observations reach the policy, and the seed fixes the episode |
| ``poise-probe/Waiting-v0`` | steps follow one another, and what ends an episode is told apart |
| ``poise-probe/Steering-v0`` | actions are numbers of any size, and every step counts |

`register_probes` makes them known to Gymnasium; importing this module does not.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from poise.types import EnvironmentSpec, FloatArray

CELLS = 5
"""Length of the corridor of `Waiting`."""

STEPS = 10
"""Time limit of `Waiting` and `Steering`."""


@dataclass(frozen=True)
class Probe:
    """An environment, and what is known of it.

    Attributes:
        spec: the environment.
        policy: the kind of policy that solves it.
        solution: parameters with which every episode has the highest return there is.
        best_return: that return.
        blunder: parameters that do it wrong.
        blunder_return: the mean return they get, over all episodes.
        length: steps of an episode of the solution.
    """

    spec: EnvironmentSpec
    policy: str
    solution: tuple[float, ...]
    best_return: float
    blunder: tuple[float, ...]
    blunder_return: float
    length: int


class _Probe(gymnasium.Env[Any, Any]):
    """Begins and acts as the subclass says."""

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """The first observation."""
        super().reset(seed=seed)
        return self._begin(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """The next observation, the reward, and whether that was the end; only a time limit truncates."""
        observation, reward, terminated = self._act(action)
        return observation, reward, terminated, False, {}

    def _begin(self) -> Any:
        return np.ones(1, dtype=np.float32)

    @abstractmethod
    def _act(self, action: Any) -> tuple[Any, float, bool]:
        """Observation, reward and whether the episode terminated."""


class Ending(_Probe):
    """One step, and a reward of 1 whatever is done."""

    observation_space = spaces.Box(-1, 1, (1,), np.float32)
    action_space = spaces.Discrete(2)

    def _act(self, action: Any) -> tuple[Any, float, bool]:
        return np.zeros(1, dtype=np.float32), 1.0, True


class Choosing(_Probe):
    """One step, and a reward of 1 for action 1."""

    observation_space = spaces.Box(-1, 1, (1,), np.float32)
    action_space = spaces.Discrete(2)

    def _act(self, action: Any) -> tuple[Any, float, bool]:
        return np.zeros(1, dtype=np.float32), float(action == 1), True


class Looking(_Probe):
    """One step, and a reward of 1 for action 1 where the observation is 1, for action 0 where it is -1."""

    observation_space = spaces.Box(-1, 1, (1,), np.float32)
    action_space = spaces.Discrete(2)

    def _begin(self) -> Any:
        self._shown = int(self.np_random.integers(2))
        return np.array([2 * self._shown - 1], dtype=np.float32)

    def _act(self, action: Any) -> tuple[Any, float, bool]:
        return np.zeros(1, dtype=np.float32), float(action == self._shown), True


class Waiting(_Probe):
    """A corridor: action 1 goes to the next cell, action 0 stays; the last cell gives a reward of 1 and ends it."""

    observation_space = spaces.Discrete(CELLS)
    action_space = spaces.Discrete(2)

    def _begin(self) -> Any:
        self._cell = 0
        return self._cell

    def _act(self, action: Any) -> tuple[Any, float, bool]:
        self._cell += int(action == 1)
        there = self._cell == CELLS - 1
        return self._cell, float(there), there


class Steering(_Probe):
    """A point on a line, moved by the action itself; each step costs its distance from 0."""

    observation_space = spaces.Box(-STEPS - 1, STEPS + 1, (1,), np.float32)
    action_space = spaces.Box(-1, 1, (1,), np.float32)

    def _begin(self) -> Any:
        self._place = np.float32(self.np_random.uniform(-1, 1))
        return np.array([self._place])

    def _act(self, action: Any) -> tuple[Any, float, bool]:
        self._place = np.float32(self._place + action[0])
        return np.array([self._place]), -abs(float(self._place)), False


def _probe(
    kind: type[_Probe],
    solution: tuple[float, ...],
    best: float,
    blunder: tuple[float, ...],
    worse: float,
    length: int = 1,
    limit: int = 1,
) -> Probe:
    spec = EnvironmentSpec(f"poise-probe/{kind.__name__}-v0", max_episode_steps=limit)
    return Probe(spec, "linear", solution, best, blunder, worse, length)


PROBES: tuple[Probe, ...] = (
    _probe(Ending, (0.0,), 1.0, (0.0,), 1.0),
    _probe(Choosing, (1.0,), 1.0, (-1.0,), 0.0),
    _probe(Looking, (1.0,), 1.0, (-1.0,), 0.0),
    _probe(Waiting, (1.0,) * CELLS, 1.0, (0.0,) * CELLS, 0.0, CELLS - 1, STEPS),
    _probe(Steering, (-1.0,), 0.0, (0.0,), -STEPS / 2, STEPS, STEPS),
)
"""The ladder, the easiest first."""


def register_probes() -> None:
    """Makes the probes known to Gymnasium, if they are not yet."""
    for probe, kind in zip(PROBES, (Ending, Choosing, Looking, Waiting, Steering), strict=True):
        if probe.spec.id not in gymnasium.registry:
            entry = f"{kind.__module__}:{kind.__name__}"
            gymnasium.register(probe.spec.id, entry_point=entry, max_episode_steps=probe.spec.max_episode_steps)


def solution_of(probe: Probe) -> FloatArray:
    """The solution as a batch of one candidate, shape (1, parameters)."""
    return np.array([probe.solution])
