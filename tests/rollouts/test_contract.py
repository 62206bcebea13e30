"""Every engine keeps the contract, over every kind of space."""

from __future__ import annotations

import pytest
from gymnasium import spaces

from poise.policies.architecture import Architecture
from poise.policies.spaces import decode_space, encode_space
from poise.rollouts.environments import inspect
from poise.rollouts.in_process import InProcess
from poise.rollouts.kernel_engine import KernelEngine
from poise.testing.engine_suite import CHECKS, Check, Subject
from poise.testing.fake_engine import FakeEngine
from poise.types import EnvironmentSpec


def _in_process(identifier: str, policy: str, limit: int | None = None) -> Subject:
    spec = EnvironmentSpec(identifier, max_episode_steps=limit)
    info = inspect(spec)
    return Subject(lambda: InProcess(info.spec), Architecture(policy, info.observation, info.action), info.spec)


def _kernel(exact: bool) -> Subject:
    info = inspect(EnvironmentSpec("CartPole-v1"))
    architecture = Architecture("linear", info.observation, info.action)
    return Subject(lambda: KernelEngine(info.spec, exact=exact, threads=2), architecture, info.spec)


def _fake() -> Subject:
    made = Architecture("linear", encode_space(spaces.Box(-1, 1, (2,))), decode_space(spaces.Discrete(2)))
    return Subject(lambda: FakeEngine(lambda parameters, rng: parameters.sum() + rng.normal(), ceiling=0.5), made)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
@pytest.mark.parametrize(
    "subject",
    [
        pytest.param(_fake(), id="fake"),
        pytest.param(_in_process("CartPole-v1", "linear"), id="in process, box to discrete"),
        pytest.param(_in_process("Pendulum-v1", "quadratic", 20), id="in process, box to box"),
        pytest.param(_in_process("FrozenLake-v1", "linear"), id="in process, discrete to discrete"),
        pytest.param(_in_process("Blackjack-v1", "mlp:3"), id="in process, tuple to discrete"),
        pytest.param(_in_process("Blackjack-v1", "table"), id="in process, tuple to discrete by a table"),
        pytest.param(_in_process("InvertedPendulum-v5", "mlp:3", 20), id="in process, compiled steps"),
        pytest.param(_kernel(exact=True), id="exact kernel", marks=pytest.mark.slow),
        pytest.param(_kernel(exact=False), id="kernel in lanes", marks=pytest.mark.slow),
    ],
)
def test_keeps_the_contract(subject: Subject, check: Check) -> None:
    check(subject)
