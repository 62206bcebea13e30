"""Compiled policies read parameters and make actions as those of `poise.policies` do."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
import pytest

from poise.errors import InvalidValueError
from poise.kernels import Box, Kernel, KernelUnavailableError, as_environment, kernels
from poise.kernels._program import Program
from poise.kernels._variant import Family, PolicyShape, Variant
from poise.kernels.environment import spaces_of
from poise.policies.architecture import Architecture, Normalizer
from poise.policies.spaces import decode_space, encode_space
from poise.rollouts.in_process import InProcess
from poise.testing.kernel_suite import Subject, check_compiled_episodes_are_equal, count_differing, require_equal
from poise.types import EnvironmentSpec

SHAPES: list[tuple[Family, tuple[int, ...]]] = [
    ("linear", ()),
    ("linear+bias", ()),
    ("quadratic", ()),
    ("mlp", (5,)),
    ("mlp", (3, 2, 4)),
]
KERNELS = {kernel.name: kernel for kernel in kernels().values()}
ODD = Box((-0.3, -math.inf, 0.1, -math.inf, -3.4e38), (0.1, 2.0, math.inf, math.inf, 3.4e38))
"""Actions with bounds on both sides, on one, and on none; a third of them not numbers of single precision."""


def reset(draws: Any, settings: Any) -> Any:
    return draws[0], draws[1], 0.0


def step(state: Any, action: Any, settings: Any) -> Any:
    """A sum of the actions, each to another power of two, that the state keeps."""
    a, b, c, d, e = action
    moved = a + 0.5 * b + 0.25 * c + 0.125 * d + e * 1e-38
    return (0.5 * state[0] + 0.1 * moved, state[1] - 0.1 * state[0], moved), moved, (moved > 1e6) | (moved < -1e6)


def observe(state: Any) -> Any:
    return state[0], state[1]


@pytest.fixture
def odd() -> Iterator[Kernel]:
    kernel = Kernel(
        name="odd",
        reset=reset,
        step=step,
        observe=observe,
        state_size=3,
        draw_count=2,
        observation=Box((-math.inf, -math.inf), (math.inf, math.inf)),
        action=ODD,
        time_limit=40,
        identifiers=("Odd-v0",),
    )
    gymnasium.register("Odd-v0", entry_point=lambda **_: as_environment(kernel), max_episode_steps=40)
    yield kernel
    del gymnasium.registry["Odd-v0"]


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize(("family", "hidden"), SHAPES)
def test_parameters_are_as_many(name: str, family: Family, hidden: tuple[int, ...]) -> None:
    observation, action = (space for space in spaces_of(KERNELS[name]))
    words = "mlp:" + ",".join(map(str, hidden)) if hidden else family
    architecture = Architecture(words, encode_space(observation), decode_space(action))
    assert Variant(KERNELS[name], PolicyShape(family, hidden)).parameter_count == architecture.parameter_count


@pytest.mark.parametrize("name", [name for name, kernel in KERNELS.items() if isinstance(kernel.action, Box)])
def test_actions_are_mapped_as_policies_do(name: str) -> None:
    expected = decode_space(spaces_of(KERNELS[name])[1]).box_map
    assert np.array_equal(np.transpose(Variant(KERNELS[name], PolicyShape("linear")).action_map), expected)


def test_odd_bounds_are_mapped_as_policies_do(odd: Kernel) -> None:
    expected = decode_space(spaces_of(odd)[1]).box_map
    assert np.array_equal(np.transpose(Variant(odd, PolicyShape("linear")).action_map), expected)


@pytest.mark.parametrize("shape", [PolicyShape("linear"), PolicyShape("mlp", (65,)), PolicyShape("quadratic")], ids=str)
def test_what_would_take_minutes_is_not_compiled(odd: Kernel, shape: PolicyShape) -> None:
    wide = Box((-1.0,) * 65, (1.0,) * 65)
    with pytest.raises(InvalidValueError, match="too wide"):
        Variant(dataclasses.replace(odd, observation=wide), shape)


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["linear", "quadratic"])
def test_odd_bounds_play_gymnasiums_episodes(odd: Kernel, policy: str) -> None:
    extreme = tuple(np.random.default_rng(4).choice([-1e3, 0.01, 1e300], 10).tolist()) if policy == "linear" else ()
    check_compiled_episodes_are_equal(
        Subject(odd, EnvironmentSpec("Odd-v0"), policy, (extreme,) if extreme else (), seeds=30, random_policies=6)
    )


POLICIES = ["linear", "linear+bias", "quadratic", "mlp:5", "mlp:3,2,4"]
FEW = [("linear", False), ("linear+bias", True), ("quadratic", True), ("mlp:5", True)]
"""Each way of a policy with its features; all of them are tried on the kernel that compiles quickest."""

COMPILED = [("CartPole-v1", policy, normalized) for policy in POLICIES for normalized in (False, True)]
COMPILED += [(identifier, *way) for identifier in ("MountainCar-v0", "Pendulum-v1", "Acrobot-v1") for way in FEW]


@pytest.mark.slow
@pytest.mark.parametrize(("identifier", "policy", "normalized"), COMPILED)
def test_every_policy_and_action_is_gymnasiums_to_the_bit(identifier: str, policy: str, normalized: bool) -> None:
    subject = Subject(kernels()[identifier], EnvironmentSpec(identifier), policy)
    architecture = subject.architecture
    chance = np.random.default_rng(8)
    if normalized:
        size = architecture.observation.size
        architecture = architecture.with_normalizer(
            Normalizer(chance.normal(size=size), chance.uniform(0.1, 3.0, size))
        )
    parameters, seeds = chance.normal(size=(4, architecture.parameter_count)), np.arange(5, dtype=np.uint32)
    with InProcess(subject.spec) as gymnasium_engine:
        expected = gymnasium_engine.run(architecture, parameters, seeds, sum_observations=True)
    with subject.engine(exact=True) as exact, subject.engine(exact=False) as lanes:
        require_equal(exact.run(architecture, parameters, seeds, sum_observations=True), expected)
        assert count_differing(lanes.run(architecture, parameters, seeds, sum_observations=True), expected) == 0


WRONG_SIZES = {
    "a longer state": {"step": lambda s, a, t: ((*s, 1.0), 1.0, False)},
    "a longer start": {"state_size": 2},
    "a shorter observation": {"observe": lambda s: (s[0],)},
    "a longer observation": {"observe": lambda s: (s[0], s[1], s[2])},
}


@pytest.mark.slow
@pytest.mark.parametrize("what", WRONG_SIZES)
def test_functions_of_other_sizes_do_not_compile(odd: Kernel, what: str) -> None:
    wrong: Any = dataclasses.replace(odd, **WRONG_SIZES[what])  # type: ignore[arg-type]
    with pytest.raises(KernelUnavailableError, match="does not compile"):
        Program(Variant(wrong, PolicyShape("linear")), lambda line: None)
