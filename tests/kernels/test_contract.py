"""Every kernel of poise is equal to the environment that it stands for."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from tests.kernels.subjects import GOOD, subject

from poise.kernels import kernels
from poise.testing.kernel_suite import CHECKS, Subject, check_compiled_episodes_are_equal, check_lanes_agree
from poise.types import EnvironmentSpec

SLOW = {"Acrobot-v1", "MountainCarContinuous-v0"}
"""Whose episodes take Gymnasium longest."""


COMPILED = CHECKS[CHECKS.index(check_compiled_episodes_are_equal) :]
QUICK = {"CartPole-v1", "MountainCar-v0"}
"""Whose compiled code the fast suite tries: with an empty cache each environment takes seconds to compile."""

EVERY = [
    pytest.param(
        identifier,
        check,
        marks=[pytest.mark.slow] if check in COMPILED and identifier not in QUICK else [],
        id=f"{identifier}-{check.__name__.removeprefix('check_')}",
    )
    for identifier in GOOD
    for check in CHECKS
]


@pytest.mark.parametrize(("identifier", "check"), EVERY)
def test_keeps_the_contract(identifier: str, check: Callable[[Subject], None]) -> None:
    check(subject(identifier, seeds=5 if identifier in SLOW else 12))


WHOLE = os.environ.get("POISE_PROOF") == "whole"
"""Whether to play as many episodes as the proof asks for, which takes Gymnasium minutes; otherwise a tenth of them."""


@pytest.mark.slow
@pytest.mark.parametrize("identifier", GOOD)
def test_whole_episodes_of_each_policy_are_equal_to_the_bit(identifier: str) -> None:
    check_compiled_episodes_are_equal(subject(identifier, seeds=2_000 if WHOLE else 200, random_policies=2))


@pytest.mark.slow
@pytest.mark.parametrize("identifier", GOOD)
def test_lanes_differ_in_at_most_one_of_a_hundred_thousand_episodes(identifier: str) -> None:
    few = identifier == "Acrobot-v1" and not WHOLE  # its lanes are exact, and slow
    check_lanes_agree(subject(identifier, lane_episodes=30_000 if few else 300_000))


OTHERS = [
    ("CartPole-v0", {}, "linear", None),
    ("CartPole-v1", {"sutton_barto_reward": True}, "linear", None),
    ("CartPole-v1", {}, "linear", 37),
    ("MountainCar-v0", {"goal_velocity": 0.02}, "linear", None),
    pytest.param("MountainCarContinuous-v0", {"goal_velocity": 0.03}, "linear", None, marks=pytest.mark.slow),
    pytest.param("Pendulum-v1", {"g": 9.81}, "linear", None, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("identifier", "arguments", "policy", "limit"), OTHERS, ids=str)
def test_arguments_and_limits_are_covered(
    identifier: str, arguments: dict[str, float], policy: str, limit: int | None
) -> None:
    spec = EnvironmentSpec(identifier, arguments, limit)
    check_compiled_episodes_are_equal(Subject(kernels()[identifier], spec, policy, GOOD.get(identifier, ()), seeds=8))
