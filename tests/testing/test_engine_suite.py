"""The contract suite finds what it is for: each broken engine is caught by the check that bears its name."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from poise.policies.architecture import Architecture
from poise.rollouts.environments import inspect
from poise.rollouts.in_process import InProcess
from poise.testing import engine_suite as suite
from poise.types import EnvironmentSpec, EpisodeBatch, FloatArray, SeedArray

INFO = inspect(EnvironmentSpec("CartPole-v1"))


class Sound(InProcess):
    """Keeps every promise."""

    def __init__(self) -> None:
        super().__init__(INFO.spec)


def _changed(name: str, change: Any) -> type[Sound]:
    """An engine that spoils one array of its batches."""

    class Changed(Sound):
        def _run(self, a: Architecture, p: FloatArray, s: SeedArray, *how: Any) -> EpisodeBatch:
            batch = super()._run(a, p, s, *how)
            return dataclasses.replace(batch, **{name: change(getattr(batch, name))})

    return Changed


class CountsItsCalls(Sound):
    """Plays other episodes at every call."""

    calls = 0

    def _run(self, a: Architecture, p: FloatArray, s: SeedArray, *how: Any) -> EpisodeBatch:
        self.calls += 1
        return super()._run(a, p, s + np.uint32(self.calls), *how)


class LooksAtTheFirst(Sound):
    """Plays the first candidate's seeds with all."""

    def _run(self, a: Architecture, p: FloatArray, s: SeedArray, *how: Any) -> EpisodeBatch:
        return super()._run(a, p, np.broadcast_to(s[0], s.shape), *how)


class OneBuffer(Sound):
    """Hands out its own arrays, and writes into them again."""

    def __init__(self) -> None:
        super().__init__()
        self._buffers: dict[Any, FloatArray] = {}

    def _run(self, a: Architecture, p: FloatArray, s: SeedArray, *how: Any) -> EpisodeBatch:
        batch = super()._run(a, p, s, *how)
        buffer = self._buffers.setdefault(batch.returns.shape, np.empty(batch.returns.shape))
        buffer[:] = batch.returns
        return dataclasses.replace(batch, returns=buffer)


class Unchecked(Sound):
    """Takes whatever it is given."""

    def run(
        self,
        architecture: Architecture,
        parameters: FloatArray,
        seeds: SeedArray,
        *,
        sum_observations: bool = False,
        horizon: int | None = None,
    ) -> EpisodeBatch:
        vectors = np.atleast_2d(np.asarray(parameters, dtype=np.float64))
        numbers = np.atleast_1d(np.asarray(seeds)).astype(np.uint32)
        return self._run(
            architecture, vectors, np.broadcast_to(numbers, (len(vectors), numbers.shape[-1])), False, horizon
        )


class OtherSeeds(Sound):
    """Its episodes are fixed by the seeds, but not those that Gymnasium plays under them."""

    def _run(self, a: Architecture, p: FloatArray, s: SeedArray, *how: Any) -> EpisodeBatch:
        return super()._run(a, p, s ^ np.uint32(1), *how)


class NeverCuts(Sound):
    """Plays every episode to its end."""

    def _run(self, a: Architecture, p: FloatArray, s: SeedArray, *how: Any) -> EpisodeBatch:
        return super()._run(a, p, s, how[0], None)


class ClosesOnce(Sound):
    """Fails when it is closed again."""

    closed = False

    def close(self) -> None:
        if self.closed:
            raise AssertionError("closed twice")
        self.closed = True
        super().close()


def _subject(kind: type[Sound]) -> suite.Subject:
    return suite.Subject(kind, Architecture("linear", INFO.observation, INFO.action), INFO.spec)


def test_a_sound_engine_passes_every_check() -> None:
    suite.check_engine(_subject(Sound))


@pytest.mark.parametrize(
    ("broken", "check"),
    [
        (_changed("returns", lambda r: r.astype(np.float32)), suite.check_episodes_are_whole),
        (_changed("terminated", np.zeros_like), suite.check_episodes_are_whole),
        (CountsItsCalls, suite.check_the_same_call_plays_the_same_episodes),
        (LooksAtTheFirst, suite.check_seeds_tell_episodes_apart),
        (NeverCuts, suite.check_episodes_are_cut_at_a_horizon),
        (OneBuffer, suite.check_arguments_are_left_alone),
        (Unchecked, suite.check_bad_arguments_are_refused),
        (_changed("observation_sums", lambda _: None), suite.check_observations_are_summed_when_asked),
        (
            _changed("observation_sums", lambda s: s and dataclasses.replace(s, count=s.count + 1)),
            suite.check_observations_are_summed_when_asked,
        ),
        (
            _changed("observation_sums", lambda s: s and dataclasses.replace(s, squares=s.total)),
            suite.check_observations_are_summed_when_asked,
        ),
        (ClosesOnce, suite.check_it_closes),
        (OtherSeeds, suite.check_plain_gymnasium_replays_its_exact_episodes),
    ],
    ids=lambda value: value.__name__,
)
def test_a_broken_engine_is_caught(broken: type[Sound], check: suite.Check) -> None:
    with pytest.raises((AssertionError, ValueError)):
        check(_subject(broken))


def test_every_check_is_run() -> None:
    written = {value for name, value in vars(suite).items() if name.startswith("check_")}
    assert set(suite.CHECKS) == written - {suite.check_engine}
