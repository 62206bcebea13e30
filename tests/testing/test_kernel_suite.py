"""The contract suite of kernels fails a kernel that is not equal, whatever is wrong with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from poise.kernels import Kernel, mountain_car
from poise.kernels.mountain_car import step as true_step
from poise.testing.kernel_suite import (
    Subject,
    check_compiled_episodes_are_equal,
    check_functions_are_pure,
    check_lanes_agree,
    check_seeds_matter,
    check_spaces_and_constants_are_equal,
    check_steps_are_equal,
    count_differing,
    require_equal,
)
from poise.types import EnvironmentSpec, EpisodeBatch, ObservationSums

TRUE = mountain_car.KERNEL


def seedless(draws: Any, settings: Any) -> Any:
    return -0.5, 0.0


def with_draws_in_single_precision(draws: Any, settings: Any) -> Any:
    return float(np.float32(-0.6 + 0.2 * draws[0])), 0.0


def heavier(state: Any, action: Any, settings: Any) -> Any:
    (position, velocity), reward, arrived = true_step(state, action, settings)
    return (position, velocity + 1e-7), reward, arrived


def paid(state: Any, action: Any, settings: Any) -> Any:
    new, reward, arrived = true_step(state, action, settings)
    return new, reward + 1e-12, arrived


def endless(state: Any, action: Any, settings: Any) -> Any:
    new, reward, _ = true_step(state, action, settings)
    return new, reward, False


def blind(state: Any) -> Any:
    return state[0], 0.0


def changing(state: Any, action: Any, settings: Any) -> Any:
    global calls
    calls += 1
    return state, -float(calls), False


calls = 0

WRONG = [
    (check_seeds_matter, {"reset": seedless}, "50 seeds give 50 starts"),
    (check_spaces_and_constants_are_equal, {"reset": seedless}, "it starts at"),
    (check_spaces_and_constants_are_equal, {"constants": {"gravity": 0.003}}, "gravity"),
    (check_spaces_and_constants_are_equal, {"constants": {"no_such": 1.0}}, "no_such"),
    (check_steps_are_equal, {"reset": with_draws_in_single_precision}, "step"),
    (check_steps_are_equal, {"step": heavier}, "step 1"),
    (check_steps_are_equal, {"step": paid}, "step 1"),
    (check_steps_are_equal, {"observe": blind}, "step 1"),
    (check_functions_are_pure, {"step": changing}, "depends on its arguments alone"),
    (check_functions_are_pure, {"state_size": 3}, "3 numbers, not 2"),
    (check_functions_are_pure, {"observe": lambda state: (state[0],)}, "an observation of 2"),
]


@pytest.mark.parametrize(("check", "change", "said"), WRONG, ids=lambda value: getattr(value, "__name__", None))
def test_a_wrong_kernel_fails(check: Callable[[Subject], None], change: dict[str, Any], said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        check(subject(change))


def test_the_true_kernel_passes_the_same_checks() -> None:
    for check in {check for check, _, _ in WRONG}:
        check(subject({}))


@pytest.mark.slow
@pytest.mark.parametrize("change", [{"reset": seedless}, {"step": endless}, {"step": heavier}, {"observe": blind}])
def test_a_wrong_kernel_fails_compiled(change: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match=r"lengths|returns|sums|squares"):
        check_compiled_episodes_are_equal(subject(change, seeds=5))


@pytest.mark.slow
def test_lanes_of_other_physics_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    check_lanes_agree(subject({}))
    true = Subject.engine

    def engine(self: Subject, *, exact: bool, threads: int = 1) -> Any:
        return true(self if exact else dataclasses.replace(self, kernel=changed(heavier)), exact=exact, threads=threads)

    monkeypatch.setattr(Subject, "engine", engine)
    with pytest.raises(AssertionError, match="one of 100,000 episodes differs"):
        check_lanes_agree(subject({}))


def test_batches_are_compared_to_the_bit() -> None:
    expected = batch()
    require_equal(batch(), expected)
    wrong = [
        batch(returns=np.nextafter(expected.returns, 0.0)),
        batch(lengths=expected.lengths + 1),
        batch(terminated=~expected.terminated),
        batch(truncated=~expected.truncated),
        batch(observation_sums=ObservationSums(4, np.ones(2), np.ones(2))),
        batch(observation_sums=ObservationSums(3, np.nextafter(np.ones(2), 2.0), np.ones(2))),
    ]
    for found in wrong:
        with pytest.raises(AssertionError):
            require_equal(found, expected)


def test_what_differs_in_the_last_bits_alone_is_no_other_episode() -> None:
    expected = batch()
    assert count_differing(batch(returns=np.nextafter(expected.returns, 0.0)), expected) == 0
    assert count_differing(batch(returns=expected.returns + np.array([[0.0, 0.1]])), expected) == 1
    assert count_differing(batch(lengths=expected.lengths + 1), expected) == 2


def changed(step: Callable[..., Any]) -> Kernel:
    return dataclasses.replace(TRUE, step=step)


def subject(change: dict[str, Any], seeds: int = 3) -> Subject:
    good = (0.0, -1.0, 0.0, 0.0, 0.0, 1.0)
    return Subject(
        dataclasses.replace(TRUE, **change), EnvironmentSpec("MountainCar-v0"), parameters=(good,), seeds=seeds
    )


def batch(**change: Any) -> EpisodeBatch:
    values: dict[str, Any] = {
        "returns": np.array([[10.0, 20.0]]),
        "lengths": np.array([[10, 20]]),
        "terminated": np.array([[True, False]]),
        "truncated": np.array([[False, True]]),
        "observation_sums": ObservationSums(3, np.ones(2), np.ones(2)),
    }
    return EpisodeBatch(**(values | change))
