"""The crash course's experiments: one push, a handful of random policies, and whether the best was only lucky."""

from __future__ import annotations

import numpy as np

from poise.policies.architecture import Architecture
from poise.rollouts.environments import close, inspect, make
from poise.seeding import Purpose, SeedStream, generator
from poise.statistics.intervals import mean_interval
from poise.studio.bench import Bench
from poise.types import EnvironmentSpec, FloatArray, Json

ENVIRONMENT = EnvironmentSpec("CartPole-v1")

AGAIN = 100
"""Fresh episodes of a second look."""

FINALISTS, SECOND_LOOKS = 10, 20
"""The honest way: so many of the best are looked at again, each on so many fresh episodes."""


class Course:
    """The experiments. It belongs to one thread."""

    def __init__(self) -> None:
        self._bench = Bench()
        self._architecture: Architecture | None = None

    def push(self, state: FloatArray, action: int) -> Json:
        """The state of the cart a fiftieth of a second after a push, and whether the pole has fallen.

        Args:
            state: position, velocity, angle, angular velocity; shape (4,).
            action: 0 to the left, 1 to the right.
        """
        environment = make(ENVIRONMENT)
        try:
            environment.reset(seed=0)
            inner = environment.unwrapped
            inner.state = np.asarray(state, dtype=np.float64)  # type: ignore[attr-defined]  # CartPole's own
            observation, reward, fallen, _, _ = environment.step(action)
            return {"state": observation.tolist(), "reward": float(reward), "fallen": bool(fallen)}
        finally:
            close(environment)

    def tries(self, seed: int, count: int) -> Json:
        """Random policies, each with the return of one episode: all of them meet the same one.

        Args:
            seed: which policies, and which episode.
            count: how many.
        """
        weights = random_policies(seed, count)
        episode = SeedStream(seed, Purpose.SEARCH).take(1)
        scores = self._play(weights, episode)[:, 0]
        return {"seed": int(episode[0]), "policies": weights.tolist(), "scores": scores.tolist()}

    def again(self, weights: FloatArray, seed: int) -> Json:
        """A policy on fresh episodes: every return, the mean and its interval."""
        returns = self._play(weights[np.newaxis], SeedStream(seed, Purpose.REEVALUATION).take(AGAIN))[0]
        return {"returns": returns.tolist(), **_figures(returns)}

    def honest(self, seed: int, count: int) -> Json:
        """The same policies chosen with a second look, and the winner measured with a third.

        Args:
            seed: as for `tries`.
            count: as for `tries`.
        """
        weights = random_policies(seed, count)
        first = self._play(weights, SeedStream(seed, Purpose.SEARCH).take(1))[:, 0]
        finalists = weights[np.argsort(-first, kind="stable")[:FINALISTS]]
        second = self._play(finalists, SeedStream(seed, Purpose.SELECTION).take(SECOND_LOOKS)).mean(axis=1)
        winner = finalists[int(second.argmax())]
        returns = self._play(winner[np.newaxis], SeedStream(seed, Purpose.EVALUATION).take(AGAIN))[0]
        return {"weights": winner.tolist(), "returns": returns.tolist(), **_figures(returns)}

    def _play(self, weights: FloatArray, seeds: object) -> FloatArray:
        if self._architecture is None:
            info = inspect(ENVIRONMENT)
            self._architecture, self._spec = Architecture("linear", info.observation, info.action), info.spec
        return self._bench.play(self._spec, self._architecture, weights, np.asarray(seeds, dtype=np.uint32)).returns


def random_policies(seed: int, count: int) -> FloatArray:
    """Weights from -1 to 1 with three decimals, so that what is shown is what plays; shape (count, 4)."""
    return np.asarray(generator(seed, "learn").uniform(-1, 1, (count, 4)).round(3), dtype=np.float64)


def _figures(returns: FloatArray) -> Json:
    interval = mean_interval(returns)
    return {"mean": float(returns.mean()), "low": interval.low, "high": interval.high, "episodes": returns.size}
