"""The engine that any environment works with: Gymnasium itself, one episode after another, in this process."""

from __future__ import annotations

from typing import ClassVar

from poise.policies.architecture import Architecture
from poise.rollouts.base import Engine
from poise.rollouts.player import Player, Work, batch_of
from poise.rollouts.time_limit import DEFAULT_SECONDS, check_seconds, time_limit
from poise.types import EnvironmentSpec, EpisodeBatch, FloatArray, SeedArray


class InProcess(Engine):
    """Plays episodes in an environment of its own.

    Args:
        spec: the environment.
        step_seconds: how long one ``reset`` or ``step`` may take.
        compiled_steps: whether compiled code may play steps that are equal to Gymnasium's.
    """

    name: ClassVar[str] = "gymnasium"

    def __init__(
        self, spec: EnvironmentSpec, *, step_seconds: float = DEFAULT_SECONDS, compiled_steps: bool = True
    ) -> None:
        self._step_seconds = check_seconds(step_seconds)
        self._player = Player(spec)
        if compiled_steps:
            self._player.speed_up(compile_now=True)

    def _run(
        self,
        architecture: Architecture,
        parameters: FloatArray,
        seeds: SeedArray,
        sum_observations: bool,
        horizon: int | None,
    ) -> EpisodeBatch:
        work = Work.of(architecture, parameters, seeds, sum_observations, horizon)
        with time_limit(self._step_seconds, lambda: self._player.steps):
            episodes = list(self._player.play(work))
        return batch_of(episodes, (len(parameters), seeds.shape[1]))

    def close(self) -> None:
        """Closes the environment."""
        self._player.close()
