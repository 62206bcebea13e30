"""The proof that a kernel is equal to an environment, as checks that anyone can run over a kernel of their own.

With pytest::

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_equal(check):
        check(Subject(MY_KERNEL, EnvironmentSpec("MyEnvironment-v0")))

Without: ``check_kernel(MY_KERNEL, EnvironmentSpec("MyEnvironment-v0"))``. Each check raises AssertionError with what
was expected. All comparisons are to the last bit, but those of `check_lanes_agree`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from poise.kernels.base import Kernel, Numbers
from poise.kernels.comparison import differences, step_differences
from poise.policies.architecture import Architecture
from poise.rollouts.environments import close, inspect, make
from poise.rollouts.in_process import InProcess
from poise.rollouts.kernel_engine import KernelEngine
from poise.types import EnvironmentSpec, EpisodeBatch, FloatArray, SeedArray

LANES_TOLERANCE = 1e-6
"""Two returns are the same to `check_lanes_agree` if they differ by less than this, or this share of the exact one."""


@dataclass(frozen=True)
class Subject:
    """A kernel and what it is to be equal to.

    Attributes:
        kernel: the kernel.
        spec: the environment.
        policy: the policies to play with, by name.
        parameters: policies beside the random ones, for instance good ones, shape (candidates, parameter_count).
        seeds: how many episodes each policy plays in Gymnasium.
        lane_episodes: how many episodes are compared between lanes and the exact kernel.
        random_policies: how many policies of random numbers.
    """

    kernel: Kernel
    spec: EnvironmentSpec
    policy: str = "linear"
    parameters: tuple[tuple[float, ...], ...] = ()
    seeds: int = 20
    lane_episodes: int = 2_000
    random_policies: int = 3

    @property
    def settings(self) -> Numbers:
        """The kernel's settings for the environment's arguments."""
        return self.kernel.with_settings(self.spec.kwargs)

    @property
    def architecture(self) -> Architecture:
        """The policies apart from their parameters."""
        info = inspect(self.spec)
        return Architecture(self.policy, info.observation, info.action)

    def candidates(self, architecture: Architecture) -> FloatArray:
        """Policies from clumsy to good."""
        chance = np.random.default_rng(5)
        clumsy = chance.normal(size=(self.random_policies, architecture.parameter_count))
        given = np.array(self.parameters, dtype=np.float64).reshape(-1, architecture.parameter_count)
        return np.concatenate([clumsy, given])

    def engine(self, *, exact: bool, threads: int = 1) -> KernelEngine:
        """The compiled kernel, without a look at the environment first."""
        return KernelEngine(self.spec, exact=exact, threads=threads, kernel=self.kernel, compare=False)


def check_kernel(kernel: Kernel, spec: EnvironmentSpec) -> None:
    """Runs every check of `CHECKS`.

    Raises:
        AssertionError: at the first thing that is not equal.
    """
    for check in CHECKS:
        check(Subject(kernel, spec))


def check_spaces_and_constants_are_equal(subject: Subject) -> None:
    """What is looked at whenever a kernel is about to be used."""
    with _environment(subject) as environment:
        found = differences(subject.kernel, subject.settings, environment)
    _require(found is None, f"no difference: {found}")


def check_steps_are_equal(subject: Subject) -> None:
    """Start, observations, rewards and ends of whole episodes with actions by chance; the kernel as plain Python."""
    with _environment(subject) as environment:
        for seed in _seeds(subject.seeds).tolist():
            found = next(step_differences(subject.kernel, subject.settings, environment, seed, 10_000), None)
            _require(found is None, f"equal steps: {found}")


def check_seeds_matter(subject: Subject) -> None:
    """Different seeds start different episodes, unless the environment's start is fixed."""
    if subject.kernel.draw_count == 0:
        return
    states = set()
    for seed in range(50):
        draws = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed))).random(subject.kernel.draw_count)
        states.add(tuple(subject.kernel.reset(tuple(draws.tolist()), subject.settings)))
    _require(len(states) == 50, f"50 seeds give 50 starts, not {len(states)}")


def check_functions_are_pure(subject: Subject) -> None:
    """The same arguments give the same result, as a tuple of the size that the kernel names."""
    kernel, settings = subject.kernel, subject.settings
    state = kernel.reset((0.25,) * kernel.draw_count, settings)
    _require(len(state) == kernel.state_size, f"a state of {kernel.state_size} numbers, not {len(state)}")
    size = len(kernel.observation.low)
    _require(len(kernel.observe(state)) == size, f"an observation of {size} numbers, not {len(kernel.observe(state))}")
    action: Any = 1.0 if hasattr(kernel.action, "count") else (0.5,) * kernel.action.size
    first = kernel.step(state, action, settings)
    _require(first == kernel.step(state, action, settings), "a step depends on its arguments alone")


def check_compiled_episodes_are_equal(subject: Subject) -> None:
    """Returns, lengths, kinds of ends, and sums of all observations of whole episodes, candidates × seeds."""
    architecture = subject.architecture
    parameters, seeds = subject.candidates(architecture), _seeds(subject.seeds)
    with InProcess(subject.spec) as gymnasium, subject.engine(exact=True) as compiled:
        expected = gymnasium.run(architecture, parameters, seeds, sum_observations=True)
        found = compiled.run(architecture, parameters, seeds, sum_observations=True)
        require_equal(found, expected)
        require_equal(compiled.run(architecture, parameters, seeds), expected)


def check_threads_do_not_matter(subject: Subject) -> None:
    """One thread and three give the same episodes and sums, exact and in lanes."""
    architecture = subject.architecture
    parameters, seeds = subject.candidates(architecture), _seeds(700)
    for exact in (True, False):
        with subject.engine(exact=exact) as one, subject.engine(exact=exact, threads=3) as three:
            require_equal(three.run(architecture, parameters, seeds), one.run(architecture, parameters, seeds))


def check_lanes_agree(subject: Subject) -> None:
    """Lanes play the episodes of the exact kernel, but for one in 100,000 at most (one at all among fewer)."""
    architecture = subject.architecture
    parameters = subject.candidates(architecture)
    seeds = _seeds(-(-subject.lane_episodes // len(parameters)))
    with subject.engine(exact=True, threads=2) as exact, subject.engine(exact=False, threads=2) as lanes:
        differing = count_differing(
            lanes.run(architecture, parameters, seeds), exact.run(architecture, parameters, seeds)
        )
    total = len(parameters) * seeds.size
    allowed = max(1, total // 100_000)
    _require(differing <= allowed, f"at most one of 100,000 episodes differs, not {differing} of {total}")


def check_extreme_parameters_end(subject: Subject) -> None:
    """Policies of very large and very small numbers end within the time limit, with finite returns."""
    architecture = subject.architecture
    chance = np.random.default_rng(6)
    exponents = chance.uniform(-308, 308, size=(40, architecture.parameter_count))
    parameters = chance.choice([-1.0, 1.0], exponents.shape) * 10.0**exponents
    for exact in (True, False):
        with subject.engine(exact=exact) as engine:
            batch = engine.run(architecture, parameters, _seeds(3))
        _require(bool(np.isfinite(batch.returns).all()), "returns are finite")
        _require(bool((batch.terminated | batch.truncated).all()), "every episode ends")


CHECKS: tuple[Callable[[Subject], None], ...] = (
    check_spaces_and_constants_are_equal,
    check_seeds_matter,
    check_functions_are_pure,
    check_steps_are_equal,
    check_compiled_episodes_are_equal,
    check_threads_do_not_matter,
    check_lanes_agree,
    check_extreme_parameters_end,
)


def require_equal(found: EpisodeBatch, expected: EpisodeBatch) -> None:
    """Raises AssertionError unless two batches are equal to the bit; sums are compared if both have them."""
    for name in ("lengths", "returns", "terminated", "truncated"):
        ours, theirs = getattr(found, name), getattr(expected, name)
        places = np.argwhere(ours != theirs)
        if places.size:
            place = tuple(places[0])
            raise AssertionError(
                f"expected equal {name}, candidate {place[0]} in episode {place[1]} has {ours[place]!r} in the kernel, "
                f"{theirs[place]!r} in the environment ({len(places)} of {ours.size} differ)"
            )
    ours, theirs = found.observation_sums, expected.observation_sums
    if ours is not None and theirs is not None:
        _require(ours.count == theirs.count, f"{theirs.count} observations, not {ours.count}")
        _require(np.array_equal(ours.total, theirs.total), f"sums of {theirs.total}, not {ours.total}")
        _require(np.array_equal(ours.squares, theirs.squares), f"squares of {theirs.squares}, not {ours.squares}")


def count_differing(found: EpisodeBatch, expected: EpisodeBatch) -> int:
    """Episodes that differ in length, in the kind of their end, or in their return by more than `LANES_TOLERANCE`."""
    scale = np.maximum(1.0, np.abs(expected.returns))
    far = np.abs(found.returns - expected.returns) > LANES_TOLERANCE * scale
    ends = (found.lengths != expected.lengths) | (found.terminated != expected.terminated)
    return int((far | ends).sum())


@contextmanager
def _environment(subject: Subject) -> Iterator[Any]:
    """The subject's environment, closed at the end."""
    environment = make(subject.spec)
    try:
        yield environment
    finally:
        close(environment)


def _seeds(count: int) -> SeedArray:
    """Seeds from the whole range, with its ends."""
    chance = np.random.default_rng(7)
    seeds = chance.integers(0, 2**32, size=count, dtype=np.uint32)
    seeds[: min(2, count)] = (0, 2**32 - 1)[: min(2, count)]
    return seeds


def _require(condition: bool, promise: str) -> None:
    if not condition:
        raise AssertionError(f"expected {promise}")
