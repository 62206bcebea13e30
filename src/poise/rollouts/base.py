"""The contract of an engine: candidates and episode seeds in, an `EpisodeBatch` out. All engines agree."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import ClassVar, Self

import numpy as np

from poise.errors import InvalidValueError
from poise.policies.architecture import Architecture
from poise.types import EpisodeBatch, FloatArray, SeedArray


class Engine(ABC):
    """Plays episodes. A context manager: leaving it releases environments and processes.

    An engine is bound to one environment. It is stateless towards its caller: the same arguments give the same
    episodes, in whatever order and however often it is called.
    """

    name: ClassVar[str]

    @property
    def width(self) -> int:
        """Episodes that it plays at once: calls with fewer leave processors idle."""
        return 1

    def run(
        self,
        architecture: Architecture,
        parameters: FloatArray,
        seeds: SeedArray,
        *,
        sum_observations: bool = False,
        horizon: int | None = None,
    ) -> EpisodeBatch:
        """Plays every candidate on its episodes.

        Args:
            architecture: the policy of all candidates.
            parameters: float64, shape (candidates, architecture.parameter_count), finite.
            seeds: uint32. Shape (episodes,): the same for all candidates; shape (candidates, episodes): each its own.
            sum_observations: whether to sum the features of every observation that was acted upon.
            horizon: steps after which an episode is cut off, and counts as truncated; ``None`` plays it to its end.

        Raises:
            InvalidValueError: for wrong shapes or types, no episodes, or a horizon without a step.
            EnvironmentFailureError: if there is no environment to play. One that fails in an episode spoils only that
                one: its return is NaN, and `EpisodeBatch.first_failure` says what happened.
        """
        parameters = architecture.check_parameters(parameters, dimensions=2)
        seeds = np.asarray(seeds)
        if seeds.dtype != np.uint32:
            raise InvalidValueError(f"expected seeds of type uint32, got {seeds.dtype}")
        if seeds.ndim == 1:
            seeds = np.broadcast_to(seeds, (len(parameters), seeds.size))
        if seeds.ndim != 2 or len(seeds) != len(parameters):
            raise InvalidValueError(
                f"expected seeds of shape (episodes,) or ({len(parameters)}, episodes), got {seeds.shape}"
            )
        if seeds.size == 0:
            raise InvalidValueError("expected at least one candidate and one episode, got none")
        if horizon is not None and horizon < 1:
            raise InvalidValueError(f"expected a horizon of at least one step, got {horizon}")
        return self._run(architecture, parameters, seeds, sum_observations, horizon)

    @abstractmethod
    def _run(
        self,
        architecture: Architecture,
        parameters: FloatArray,
        seeds: SeedArray,
        sum_observations: bool,
        horizon: int | None,
    ) -> EpisodeBatch:
        """`run` with its arguments checked; `seeds` has shape (candidates, episodes)."""

    def exact(self) -> Engine:
        """The engine whose episodes are Gymnasium's to the bit: what is reported comes from it. Most are that already.

        It shares what this engine holds, and is closed with it.
        """
        return self

    def prepare(self, architecture: Architecture) -> None:
        """Does now what would otherwise be done at the first `run` with this architecture."""
        return

    def expect(self, steps: int) -> None:
        """Hears that about so many steps are still to be played; it may prepare for them. No episode depends on it."""
        return

    def close(self) -> None:
        """Releases what the engine holds. It may be called twice."""
        return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
