"""Comparing runs: what is shown is theirs, and the test is paired, exact and only within one environment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.studio.runs_by_hand import GOOD, write_run

from poise.errors import InvalidValueError
from poise.runs.policy import Policy
from poise.studio.bench import Bench
from poise.studio.compare import EPISODES_UNCOMPILED, MOST_RUNS, compare, paired_test
from poise.studio.library import Library


def test_runs_are_shown_with_their_courses_and_results(tmp_path: Path) -> None:
    write_run(tmp_path, "a", means=[10, 20, 30], result=499.0, weights=GOOD)
    write_run(tmp_path, "b", means=[5])
    found = compare(Library(None, tmp_path), ["a", "b", "gone", "a"])
    assert found["env"] == "CartPole-v1"
    first, second = found["runs"]
    assert first["course"] == [[100, 0.1, 10, 20.0], [200, 0.2, 20, 30.0], [300, 0.3, 30, 40.0]]
    assert first["result"]["mean"] == 499.0
    assert (first["hasPolicy"], second["hasPolicy"]) == (True, False)
    assert [problem["run"] for problem in found["problems"]] == ["gone"]


def test_runs_of_several_environments_or_too_many_are_refused(tmp_path: Path) -> None:
    write_run(tmp_path, "a", means=[10])
    write_run(tmp_path, "b", env="Pendulum-v1", means=[10])
    library = Library(None, tmp_path)
    with pytest.raises(InvalidValueError, match="one environment; these are of CartPole-v1, Pendulum-v1"):
        compare(library, ["a", "b"])
    with pytest.raises(InvalidValueError, match="at most 6 runs"):
        compare(library, ["a"] * (MOST_RUNS + 1))


def test_a_better_policy_is_better_by_what_its_episodes_say() -> None:
    good, bad = Policy.create("CartPole-v1", "linear", GOOD), Policy.create("CartPole-v1", "linear", (0, 0, 1, 0))
    bench = Bench()
    found = paired_test(bench, good, bad)
    assert found["each"][0]["mean"] == 500.0
    assert found["mean"] == pytest.approx(500.0 - found["each"][1]["mean"])
    assert 0 < found["low"] < found["mean"] < found["high"]
    assert found["effectSize"] > 2
    turned = paired_test(bench, bad, good)
    assert turned["mean"] == -found["mean"]
    same = paired_test(bench, good, good)
    assert (same["mean"], same["low"], same["high"], same["effectSize"]) == (0.0, 0.0, 0.0, 0.0)


def test_policies_of_other_environments_or_settings_are_not_tested_against_each_other() -> None:
    one = Policy.create("CartPole-v1", "linear", GOOD)
    with pytest.raises(InvalidValueError, match="for CartPole-v1 and Pendulum-v1"):
        paired_test(Bench(), one, Policy.create("Pendulum-v1"))
    lake, icy = (Policy.create("FrozenLake-v1", env_args={"is_slippery": slippery}) for slippery in (False, True))
    with pytest.raises(InvalidValueError, match="is_slippery=False"):
        paired_test(Bench(), lake, icy)


def test_where_nothing_is_compiled_fewer_episodes_are_played() -> None:
    policy = Policy.create("Blackjack-v1")
    other = Policy.create("Blackjack-v1", parameters=np.ones(policy.parameters.size))
    assert paired_test(Bench(), policy, other)["episodes"] == EPISODES_UNCOMPILED
