"""The values that pass between layers check themselves."""

from __future__ import annotations

import numpy as np
import pytest

from poise.errors import InvalidValueError
from poise.types import Budget, EpisodeBatch, ObservationSums, Usage


def test_usage_adds_up() -> None:
    assert Usage(3, 1) + Usage(4, 2) == Usage(7, 3)


def test_a_batch_counts_its_steps_and_scores_its_candidates() -> None:
    lengths, flags = np.array([[5, 6, 7], [1, 2, 3]]), np.ones((2, 3), dtype=bool)
    batch = EpisodeBatch(np.array([[1.0, 2.0, 6.0], [0.0, 0.0, 3.0]]), lengths, flags, ~flags)
    assert batch.usage == Usage(24, 6)
    assert batch.scores.tolist() == [3.0, 1.0]


def test_a_batch_of_unequal_shapes_is_refused() -> None:
    flags = np.ones((2, 3), dtype=bool)
    with pytest.raises(InvalidValueError, match="one shape"):
        EpisodeBatch(np.zeros((2, 2)), np.zeros((2, 3), dtype=np.int64), flags, flags)


@pytest.mark.parametrize("name", ["max_steps", "max_episodes", "max_seconds"])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_a_budget_that_is_not_positive_is_refused(name: str, value: float) -> None:
    with pytest.raises(InvalidValueError, match=f"{name} must be greater than 0"):
        Budget(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("budget", "unit"),
    [(Budget(max_steps=100), "steps"), (Budget(max_episodes=10), "episodes"), (Budget(max_seconds=2.0), "seconds")],
)
def test_a_budget_names_the_limit_that_is_reached(budget: Budget, unit: str) -> None:
    assert budget.used_up(Usage(99, 9), 1.9) is None
    said = budget.used_up(Usage(100, 10), 2.0)
    assert said is not None
    assert said.endswith(f"{unit} is used")


def test_no_episodes_are_begun_that_would_cross_the_limit() -> None:
    budget = Budget(max_episodes=10)
    assert budget.used_up(Usage(0, 6), 0.0, next_episodes=4) is None
    assert budget.used_up(Usage(0, 6), 0.0, next_episodes=5) is not None


def test_the_share_of_a_budget_is_that_of_the_nearest_limit() -> None:
    assert Budget().share_used(Usage(5, 5), 5.0) is None
    assert Budget(max_steps=100, max_seconds=10.0).share_used(Usage(20, 1), 5.0) == 0.5
    assert Budget(max_steps=100).share_used(Usage(250, 1), 0.0) == 1.0


def test_observation_sums_add_up() -> None:
    one = ObservationSums(2, np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    both = one + one
    assert both.count == 4
    assert both.total.tolist() == [2.0, 4.0]
    assert both.squares.tolist() == [6.0, 8.0]
