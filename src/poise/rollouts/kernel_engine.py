"""The engine that plays compiled kernels: physics and policy together, without Python in a step."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from poise.errors import InvalidValueError
from poise.kernels._cache import Announce, to_stderr
from poise.kernels._program import Episodes, Program
from poise.kernels._variant import PolicyShape, Variant
from poise.kernels.base import Discrete, Kernel, KernelUnavailableError, Numbers
from poise.kernels.catalog import kernel_for
from poise.kernels.comparison import differences
from poise.policies.architecture import Architecture
from poise.policies.mlp import Mlp
from poise.rollouts.base import Engine
from poise.rollouts.cores import check_workers
from poise.rollouts.environments import close, make
from poise.rollouts.player import not_finite
from poise.types import BoolArray, EnvironmentSpec, EpisodeBatch, FloatArray, ObservationSums, SeedArray


class KernelEngine(Engine):
    """Plays episodes of a compiled kernel.

    Args:
        spec: the environment, with its time limit.
        exact: whether episodes are Gymnasium's to the bit. Otherwise many are played side by side with polynomials for
            sines: several times faster, and at most one episode in 100,000 may end differently.
        threads: how many may work at once; ``None`` for all processors. The result does not depend on it.
        announce: told when something has to be compiled.
        compare: whether to make the environment once and see that the kernel is equal to it.
        kernel: the kernel to play; ``None`` for the one that is known for the environment.

    Raises:
        KernelUnavailableError: there is no kernel for this environment, or it is not the one it was written for.
    """

    name: ClassVar[str] = "kernel"

    def __init__(
        self,
        spec: EnvironmentSpec,
        *,
        exact: bool = False,
        threads: int | None = None,
        announce: Announce = to_stderr,
        compare: bool = True,
        kernel: Kernel | None = None,
    ) -> None:
        found, settings, reason = (
            kernel_for(spec) if kernel is None else (kernel, kernel.with_settings(spec.kwargs), "")
        )
        if found is None:
            raise KernelUnavailableError(reason)
        kernel = found
        self._spec, self._exact, self._announce = spec, exact, announce
        self._kernel, self._settings = kernel, settings
        self._limit = spec.max_episode_steps or _time_limit(kernel, spec)
        self._threads = check_workers(threads)
        self._programs: dict[tuple[PolicyShape, bool], Program] = {}
        if compare:
            _check_environment(kernel, settings, spec)

    def exact(self) -> KernelEngine:
        """The engine that plays the same episodes to the bit as Gymnasium does."""
        if self._exact:
            return self
        return KernelEngine(
            self._spec,
            exact=True,
            threads=self._threads,
            announce=self._announce,
            compare=False,
            kernel=self._kernel,
        )

    @property
    def width(self) -> int:
        """One episode a thread."""
        return self._threads

    def prepare(self, architecture: Architecture) -> None:
        """Compiles what `run` will need for policies of this architecture.

        Raises:
            KernelUnavailableError: it cannot be compiled or loaded here.
        """
        self._program(architecture, sum_observations=False)

    def _run(
        self,
        architecture: Architecture,
        parameters: FloatArray,
        seeds: SeedArray,
        sum_observations: bool,
        horizon: int | None,
    ) -> EpisodeBatch:
        normalizer = architecture.normalizer
        episodes = self._program(architecture, sum_observations).play(
            parameters,
            seeds,
            self._limit if horizon is None else min(self._limit, horizon),
            self._settings,
            None if normalizer is None else np.concatenate([normalizer.mean, normalizer.scale]),
            self._threads,
        )
        failed = ~np.isfinite(episodes.returns)
        failure = _failure(self._spec, episodes, seeds, failed)
        sums = None
        if sum_observations:
            size = architecture.observation.size
            # Episode by episode in their order, as every engine adds them.
            each = episodes.sums.reshape(-1, 2 * size)
            total = np.add.accumulate(np.where(failed.reshape(-1, 1), 0.0, each), axis=0)[-1]
            sums = ObservationSums(int(episodes.lengths[~failed].sum()), total[:size], total[size:])
        return EpisodeBatch(
            np.where(failed, np.nan, episodes.returns),
            episodes.lengths,
            episodes.terminated & ~failed,
            episodes.truncated & ~failed,
            sums,
            failure,
        )

    def _program(self, architecture: Architecture, sum_observations: bool) -> Program:
        _check_policy(self._kernel, architecture)
        key = _shape(architecture), sum_observations
        if key not in self._programs:
            variant = Variant(self._kernel, key[0], not self._exact, sum_observations)
            self._programs[key] = Program(variant, self._announce)
        return self._programs[key]


def _time_limit(kernel: Kernel, spec: EnvironmentSpec) -> int:
    """The limit that the environment is registered with; kernels that stand for several leave it to them."""
    import gymnasium

    registered = gymnasium.registry.get(spec.id.rpartition(":")[2])
    limit = kernel.time_limit if registered is None else registered.max_episode_steps
    if limit is None:
        raise KernelUnavailableError(f"{spec.id} has no time limit; set max_episode_steps")
    return limit


def _shape(architecture: Architecture) -> PolicyShape:
    function, normalized = architecture.function, architecture.normalizer is not None
    if isinstance(function, Mlp):
        return PolicyShape("mlp", function.hidden, normalized)
    if architecture.name == "quadratic":
        return PolicyShape("quadratic", (), normalized)
    return PolicyShape("linear+bias" if architecture.name == "linear+bias" else "linear", (), normalized)


def _check_environment(kernel: Kernel, settings: Numbers, spec: EnvironmentSpec) -> None:
    environment = make(spec)
    try:
        found = differences(kernel, settings, environment)
    finally:
        close(environment)
    if found is not None:
        raise KernelUnavailableError(f"the kernel for {spec.id} is not used: {found}")


def _failure(spec: EnvironmentSpec, episodes: Episodes, seeds: SeedArray, failed: BoolArray) -> str | None:
    """What is wrong with the first episode whose rewards do not add up to a number."""
    if not failed.any():
        return None
    place = tuple(np.argwhere(failed)[0])
    return not_finite(spec.id, int(seeds[place]), float(episodes.returns[place]), int(episodes.lengths[place]))


def _check_policy(kernel: Kernel, architecture: Architecture) -> None:
    action = architecture.action
    discrete = isinstance(kernel.action, Discrete)
    fits = (
        action.sizes == (kernel.action.count,)
        if isinstance(kernel.action, Discrete)
        else (action.shape == (kernel.action.size,))
    )
    if (
        architecture.observation.size != len(kernel.observation.low)
        or discrete != (action.kind == "discrete")
        or not fits
    ):
        raise InvalidValueError(
            f"expected a policy for {len(kernel.observation.low)} features and the actions of {kernel.name}, got one "
            f"for {architecture.observation.size} features and {action.kind} actions"
        )
