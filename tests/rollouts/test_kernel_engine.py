"""The engine of compiled kernels agrees with Gymnasium's for every policy, and says what it cannot do."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poise.errors import InvalidValueError
from poise.kernels import KernelUnavailableError, cartpole, kernels, pendulum
from poise.policies.architecture import Architecture, Normalizer
from poise.rollouts.environments import inspect
from poise.rollouts.in_process import InProcess
from poise.rollouts.kernel_engine import KernelEngine
from poise.testing.kernel_suite import count_differing, require_equal
from poise.types import EnvironmentSpec, FloatArray

CARTPOLE = EnvironmentSpec("CartPole-v1")
SEEDS = np.arange(12, dtype=np.uint32)
HARMLESS = st.floats(allow_nan=False, allow_infinity=False)

POLICIES = [
    pytest.param("CartPole-v1", "linear+bias", False, marks=pytest.mark.slow),
    ("CartPole-v1", "mlp:3,2", True),
    pytest.param("MountainCar-v0", "quadratic", False, marks=pytest.mark.slow),
    pytest.param("MountainCarContinuous-v0", "mlp:4", True, marks=pytest.mark.slow),
    pytest.param("Pendulum-v1", "quadratic", True, marks=pytest.mark.slow),
]
"""With an empty cache each of them takes seconds to compile; `tests/kernels/test_variant.py` has all others."""


def architecture(identifier: str, policy: str, normalized: bool = False) -> Architecture:
    info = inspect(EnvironmentSpec(identifier))
    made = Architecture(policy, info.observation, info.action)
    if not normalized:
        return made
    chance = np.random.default_rng(1)
    size = info.observation.size
    return made.with_normalizer(Normalizer(chance.normal(size=size) * 0.1, chance.uniform(0.1, 2.0, size)))


def policies(made: Architecture, count: int = 4) -> FloatArray:
    return np.random.default_rng(2).normal(size=(count, made.parameter_count))


@pytest.mark.parametrize(("identifier", "policy", "normalized"), POLICIES)
def test_every_policy_plays_gymnasiums_episodes(identifier: str, policy: str, normalized: bool) -> None:
    made, spec = architecture(identifier, policy, normalized), EnvironmentSpec(identifier)
    with InProcess(spec) as gymnasium, KernelEngine(spec) as lanes:
        expected = gymnasium.run(made, policies(made), SEEDS[:4], sum_observations=True)
        with lanes.exact() as exact:
            require_equal(exact.run(made, policies(made), SEEDS[:4], sum_observations=True), expected)
        assert count_differing(lanes.run(made, policies(made), SEEDS[:4]), expected) == 0


def test_each_candidate_may_have_its_own_seeds() -> None:
    made = architecture("CartPole-v1", "linear")
    parameters, seeds = policies(made, 3), np.arange(30, dtype=np.uint32).reshape(3, 10)
    with InProcess(CARTPOLE) as gymnasium, KernelEngine(CARTPOLE, exact=True) as exact:
        require_equal(exact.run(made, parameters, seeds), gymnasium.run(made, parameters, seeds))
        require_equal(exact.run(made, parameters[:, ::1], seeds[:, ::-1][:, ::-1]), exact.run(made, parameters, seeds))


def test_strided_arguments_are_read_as_they_are() -> None:
    made = architecture("CartPole-v1", "linear")
    parameters = np.asfortranarray(policies(made, 3))
    with KernelEngine(CARTPOLE, exact=True) as exact:
        expected = exact.run(made, parameters.copy(order="C"), np.ascontiguousarray(SEEDS[::-2]))
        require_equal(exact.run(made, parameters, SEEDS[::-2]), expected)


def test_one_episode_is_the_same_alone_and_among_many() -> None:
    made = architecture("CartPole-v1", "linear")
    parameters, seeds = policies(made, 1), np.arange(500, dtype=np.uint32)
    for exact in (True, False):
        with KernelEngine(CARTPOLE, exact=exact, threads=2) as engine:
            many = engine.run(made, parameters, seeds)
            for place in (0, 31, 32, 499):
                assert engine.run(made, parameters, seeds[place : place + 1]).returns[0, 0] == many.returns[0, place]


def test_a_time_limit_of_ones_own_holds() -> None:
    spec = EnvironmentSpec("MountainCar-v0", max_episode_steps=7)
    made = architecture("MountainCar-v0", "linear")
    with KernelEngine(spec) as engine:
        batch = engine.run(made, policies(made, 1), SEEDS)
    assert (batch.lengths == 7).all()
    assert batch.truncated.all()
    assert not batch.terminated.any()


@settings(max_examples=60, deadline=None)
@given(parameters=st.lists(HARMLESS, min_size=3, max_size=3), seed=st.integers(0, 2**32 - 1), exact=st.booleans())
def test_any_finite_parameters_end_with_a_finite_return(parameters: list[float], seed: int, exact: bool) -> None:
    made = architecture("Pendulum-v1", "linear")
    with KernelEngine(EnvironmentSpec("Pendulum-v1"), exact=exact, threads=1, compare=False) as engine:
        batch = engine.run(made, np.array([parameters]), np.array([seed], dtype=np.uint32))
    assert np.isfinite(batch.returns).all()
    assert batch.lengths[0, 0] == 200


def test_extreme_parameters_play_gymnasiums_episodes() -> None:
    for identifier, policy in (("CartPole-v1", "linear"), ("MountainCar-v0", "quadratic"), ("Pendulum-v1", "linear")):
        made, spec = architecture(identifier, policy), EnvironmentSpec(identifier)
        parameters = np.random.default_rng(3).choice([-1e308, 1e308, 1e300, 5e-324, 0.0], (6, made.parameter_count))
        with InProcess(spec) as gymnasium, KernelEngine(spec, exact=True) as exact:
            require_equal(exact.run(made, parameters, SEEDS[:2]), gymnasium.run(made, parameters, SEEDS[:2]))


@pytest.mark.parametrize("change", ["shape", "nan", "seeds", "none"])
def test_bad_input_is_refused_before_anything_runs(change: str) -> None:
    made = architecture("CartPole-v1", "linear")
    parameters: Any = policies(made)
    seeds: Any = SEEDS
    if change == "shape":
        parameters = parameters[:, :3]
    elif change == "nan":
        parameters[0, 0] = np.nan
    elif change == "seeds":
        seeds = seeds.astype(np.int64)
    else:
        seeds = seeds[:0]
    with KernelEngine(CARTPOLE) as engine, pytest.raises(InvalidValueError):
        engine.run(made, parameters, seeds)


def test_a_policy_for_another_environment_is_refused() -> None:
    made = architecture("Pendulum-v1", "linear")
    with KernelEngine(CARTPOLE) as engine, pytest.raises(InvalidValueError, match="features"):
        engine.run(made, policies(made), SEEDS)


def test_an_environment_without_a_kernel_is_refused() -> None:
    with pytest.raises(KernelUnavailableError, match="no compiled kernel"):
        KernelEngine(EnvironmentSpec("FrozenLake-v1"))
    with pytest.raises(InvalidValueError, match="worker"):
        KernelEngine(CARTPOLE, threads=0)


def test_a_kernel_that_is_not_equal_is_refused() -> None:
    other = dataclasses.replace(pendulum.KERNEL, step=lambda state, action, settings: (state, 0.0, False))
    with pytest.raises(KernelUnavailableError, match="step 1"):
        KernelEngine(EnvironmentSpec("Pendulum-v1"), kernel=other)


def raising(state: Any, action: Any, settings: Any) -> Any:
    """Not what a kernel may do: it raises."""
    if state[0] > 0.0:
        raise ValueError
    return state, 1.0, False


def infinite(state: Any, action: Any, settings: Any) -> Any:
    return state, np.inf, False


def _broken(step: Any) -> KernelEngine:
    broken = dataclasses.replace(cartpole.KERNEL, name="broken", step=step, time_limit=5)
    return KernelEngine(CARTPOLE, kernel=broken, compare=False)


def test_a_kernel_that_raises_is_an_error_and_no_crash() -> None:
    made = architecture("CartPole-v1", "linear")
    with _broken(raising) as engine, pytest.raises(KernelUnavailableError):
        engine.run(made, policies(made), SEEDS)


def test_an_episode_whose_rewards_are_not_finite_fails() -> None:
    made = architecture("CartPole-v1", "linear")
    with _broken(infinite) as engine:
        batch = engine.run(made, policies(made), SEEDS, sum_observations=True)
    assert batch.failed.all()
    assert (
        batch.first_failure
        == f"CartPole-v1, seed {SEEDS[0]}: expected finite rewards, got a return of inf after 500 steps"
    )
    assert not (batch.terminated | batch.truncated).any()
    assert batch.observation_sums is not None
    assert batch.observation_sums.count == 0
    assert not batch.observation_sums.total.any()


@pytest.mark.slow
def test_a_step_that_does_not_compile_is_an_error_in_words() -> None:
    broken = dataclasses.replace(cartpole.KERNEL, name="broken", step=lambda state, action, settings: {"a": state})
    made = architecture("CartPole-v1", "linear")
    with pytest.raises(KernelUnavailableError, match="does not compile"):
        KernelEngine(CARTPOLE, kernel=broken, compare=False).prepare(made)


def test_limits_are_those_of_the_version() -> None:
    made = architecture("CartPole-v1", "linear")
    still = np.array([[0.059, 0.112, 0.959, 0.253]])
    for identifier, limit in (("CartPole-v0", 200), ("CartPole-v1", 500)):
        with KernelEngine(EnvironmentSpec(identifier)) as engine:
            assert (engine.run(made, still, SEEDS).lengths == limit).all()
    assert kernels()["CartPole-v0"] is kernels()["CartPole-v1"]
