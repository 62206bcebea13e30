"""Other numbers in a policy: read from a link with care, measured on the same episodes, mapped, and kept."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from poise.errors import InvalidValueError
from poise.runs.policy import Policy, load
from poise.studio import tinker
from poise.studio.bench import Bench
from poise.studio.run_index import RunIndex
from poise.studio.tinker import MAP_SIZE

GOOD = (0.059, 0.112, 0.959, 0.253)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy.create("CartPole-v1", "linear", GOOD)


def test_numbers_in_a_link_are_the_policys_own(policy: Policy) -> None:
    assert tinker.parse_numbers("1,-2.5,3e-3, 4", policy).tolist() == [1.0, -2.5, 0.003, 4.0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1,2,3", "This policy has 4 numbers, and the link has 3"),
        ("1,2,3,4,5", "the link has 5"),
        ("", "Expected numbers with commas"),
        ("1,2,3,x", "got '1,2,3,x'"),
        ("1,2,3,nan", "Expected numbers from -1e"),
        ("1,2,3,inf", "Expected numbers from -1e"),
        ("1,2,3,1e300", "Expected numbers from -1e"),
        ("1," * 100_000, "the link has 0"),
    ],
)
def test_numbers_of_a_link_that_are_none_are_refused_in_words(policy: Policy, text: str, words: str) -> None:
    with pytest.raises(InvalidValueError, match=words):
        tinker.parse_numbers(text, policy)


def test_a_policy_of_many_numbers_has_no_sliders() -> None:
    with pytest.raises(InvalidValueError, match=r"\d+ numbers, too many"):
        tinker.check_size(Policy.create("Pendulum-v1", "mlp:27"))


@pytest.mark.parametrize(
    ("env", "kind", "names"),
    [
        ("CartPole-v1", "linear+bias", ["cart position", "pole angular velocity", "bias"]),
        ("MountainCar-v0", "linear", ["push left: position", "push right: velocity"]),
        ("Pendulum-v1", "quadratic", ["cos θ", "sin θ · angular velocity", "(angular velocity)²", "constant"]),
    ],
)
def test_each_number_has_a_name(env: str, kind: str, names: list[str]) -> None:
    policy = Policy.create(env, kind)
    found = tinker.number_names(policy)
    assert len(found) == policy.architecture.parameter_count
    assert set(names) <= set(found)
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("kept", [GOOD, (0, 0, 0, 0), (1e-8, 3, -700, 0)])
def test_the_kept_numbers_lie_within_the_sliders(kept: tuple[float, ...]) -> None:
    for number, reach in zip(kept, tinker.ranges_of(np.array(kept, dtype=float)), strict=True):
        assert reach >= 2 * abs(number)
        assert reach > 0


def test_the_mean_is_of_the_same_episodes_each_time_and_the_map_agrees_with_it(policy: Policy) -> None:
    bench = Bench()
    good, again = (tinker.measure(bench, policy, policy.parameters) for _ in range(2))
    assert good == again
    assert (good["mean"], good["low"], good["high"]) == (500.0, 500.0, 500.0)
    bad = tinker.measure(bench, policy, -policy.parameters)
    assert bad["low"] < bad["mean"] < bad["high"] < 15.0
    heat = tinker.heat_map(bench, policy, policy.parameters, 2, 3)
    across, up = heat["ranges"]
    cells = np.reshape(heat["means"], (MAP_SIZE, MAP_SIZE))
    nearest = cells[
        round((0.253 + up) / (2 * up) * (MAP_SIZE - 1)), round((0.959 + across) / (2 * across) * (MAP_SIZE - 1))
    ]
    assert nearest == 500.0
    assert cells[0, 0] < 20.0


@pytest.mark.parametrize(("across", "up"), [(1, 1), (0, 4), (9, 0)])
def test_a_map_is_of_two_numbers_that_are_there(policy: Policy, across: int, up: int) -> None:
    with pytest.raises(InvalidValueError, match="two different numbers from 0 to 3"):
        tinker.heat_map(Bench(), policy, policy.parameters, across, up)


def test_there_is_no_map_where_nothing_is_compiled() -> None:
    policy = Policy.create("Blackjack-v1")
    with pytest.raises(InvalidValueError, match="not compiled"):
        tinker.heat_map(Bench(), policy, policy.parameters, 0, 1)


def test_a_policy_that_is_kept_is_found_among_the_runs_and_claims_nothing(policy: Policy, tmp_path: Path) -> None:
    numbers = policy.parameters * 2
    names = [tinker.keep(tmp_path, policy, numbers) for _ in range(2)]
    assert len(set(names)) == 2
    kept = load(tmp_path / names[0])
    assert kept.parameters.tolist() == numbers.tolist()
    assert kept.certificate is None
    row = RunIndex(tmp_path).row(names[0])
    assert row is not None
    assert (row.state, row.env, row.how) == ("kept", "CartPole-v1", "linear · by hand")
    assert time.time() - row.changed < 60
