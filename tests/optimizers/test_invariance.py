"""The invariances that the papers claim, to the bit where the arithmetic allows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poise.optimizers import OPTIMIZERS
from poise.optimizers._ranking import by_rank, centered_ranks
from poise.optimizers.base import Optimizer
from poise.testing.landscapes import rosenbrock, some_rotation
from poise.types import FloatArray

RANK_BASED = sorted(set(OPTIMIZERS.names()) - {"ars", "episode_newton"})
N = 4


def make(name: str, seed: int = 11, **options: Any) -> Optimizer:
    kind = OPTIMIZERS.get(name)
    return kind(N, np.random.default_rng(seed), kind.make_options(options))


def centers(optimizer: Optimizer, landscape: Callable[[FloatArray], FloatArray], generations: int = 25) -> FloatArray:
    seen = []
    for _ in range(generations):
        optimizer.tell(landscape(optimizer.ask()))
        seen.append(optimizer.center)
    return np.array(seen)


@pytest.mark.parametrize("name", RANK_BASED)
@pytest.mark.parametrize("transform", [np.cbrt, np.arctan, lambda s: 1e6 * s - 3, lambda s: -np.log1p(-s)])
def test_only_the_order_of_the_scores_matters(name: str, transform: Callable[[FloatArray], FloatArray]) -> None:
    plain = centers(make(name), rosenbrock)
    changed = centers(make(name), lambda x: transform(rosenbrock(x)))
    np.testing.assert_array_equal(changed, plain)


@pytest.mark.parametrize("factor", [1e-6, 3.0, 1e9])
@pytest.mark.parametrize("name", ["ars", "episode_newton"])
def test_those_that_go_by_scores_do_not_depend_on_their_unit(name: str, factor: float) -> None:
    plain = centers(make(name), rosenbrock)
    np.testing.assert_allclose(centers(make(name), lambda x: factor * rosenbrock(x)), plain, rtol=1e-9)
    np.testing.assert_allclose(centers(make(name), lambda x: rosenbrock(x) + 5.0), plain, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "mean"),
    [("ars", "m"), ("cem", "mean"), ("cma_es", "m"), ("pgpe", "mu"), ("sep_cma_es", "m"), ("snes", "mu")],
)
def test_moving_the_start_and_the_landscape_together_changes_nothing(name: str, mean: str) -> None:
    shift = np.array([3.0, -2.0, 0.5, 10.0])
    plain, state = make(name), make(name).state()
    state["own"][mean] = state["own"][mean] + shift
    moved = type(plain).from_state(state)
    expected = centers(plain, rosenbrock, 15) + shift
    np.testing.assert_allclose(centers(moved, lambda x: rosenbrock(x - shift), 15), expected, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("name", ["cem", "cma_es", "hill_climbing", "pgpe", "sep_cma_es", "snes"])
def test_another_unit_of_the_parameters_changes_nothing(name: str) -> None:
    expected = 100 * centers(make(name, sigma0=0.7), rosenbrock, 15)
    actual = centers(make(name, sigma0=70.0), lambda x: rosenbrock(x / 100), 15)
    np.testing.assert_allclose(actual, expected, rtol=1e-7, atol=1e-7)


class TurnedGenerator(np.random.Generator):
    """Gives the normal samples of a common generator, turned."""

    rotation: FloatArray

    def standard_normal(self, *args: Any, **kwargs: Any) -> Any:
        return super().standard_normal(*args, **kwargs) @ self.rotation


@pytest.mark.parametrize("name", ["ars", "cma_es", "hill_climbing"])
def test_turning_the_landscape_changes_nothing(name: str) -> None:
    rotation = some_rotation(N)
    turned_rng = TurnedGenerator(np.random.PCG64(11))
    turned_rng.rotation = rotation
    turned = OPTIMIZERS.get(name)(N, turned_rng)
    expected = centers(make(name), rosenbrock, 15) @ rotation
    np.testing.assert_allclose(
        centers(turned, lambda x: rosenbrock(x @ rotation.T), 15), expected, rtol=1e-6, atol=1e-6
    )


@pytest.mark.parametrize("name", ["ars", "openai_es", "pgpe", "snes"])
def test_equal_scores_teach_nothing(name: str) -> None:
    optimizer = make(name)
    before = optimizer.state()["own"]
    optimizer.ask()
    optimizer.tell(np.full(optimizer.population, 500.0))
    np.testing.assert_allclose(optimizer.center, np.zeros(N), atol=1e-15)
    np.testing.assert_allclose(optimizer.state()["own"].get("sigma", 0.0), before.get("sigma", 0.0), rtol=1e-15)


@pytest.mark.parametrize("name", ["cma_es", "sep_cma_es"])
def test_on_a_plain_the_step_size_neither_grows_nor_shrinks_on_average(name: str) -> None:
    logs = []
    for seed in range(30):
        optimizer = make(name, seed=seed)
        for _ in range(20):
            optimizer.tell(np.zeros(len(optimizer.ask())))
        logs.append(np.log(optimizer.state()["own"]["sigma"]))
    assert abs(np.mean(logs)) < 3 * np.std(logs) / np.sqrt(len(logs))


def test_hill_climbing_on_a_plain_takes_longer_steps_from_the_same_place() -> None:
    optimizer = make("hill_climbing")
    for _ in range(10):
        optimizer.tell(np.zeros(len(optimizer.ask())))
    np.testing.assert_array_equal(optimizer.center, np.zeros(N))
    assert optimizer.state()["own"]["sigma"] > 2.0


score_lists = st.lists(st.integers(-3, 3), min_size=1, max_size=12)


@settings(deadline=None, max_examples=50)
@given(score_lists, st.randoms(use_true_random=False))
def test_ranks_go_with_the_candidates_however_they_are_listed(scores: list[int], random: Any) -> None:
    order = list(range(len(scores)))
    random.shuffle(order)
    array = np.array(scores, dtype=np.float64)
    np.testing.assert_allclose(centered_ranks(array[order]), centered_ranks(array)[order], atol=1e-12)


@settings(deadline=None, max_examples=50)
@given(score_lists)
def test_ranks_are_fair_and_keep_the_sum(scores: list[int]) -> None:
    values = np.linspace(2.0, -1.0, len(scores))
    given_out = by_rank(values, np.array(scores, dtype=np.float64))
    assert given_out.sum() == pytest.approx(values.sum(), abs=1e-9)
    for i, one in enumerate(scores):
        for j, other in enumerate(scores):
            if one == other:
                assert given_out[i] == given_out[j]
            elif one > other:
                assert given_out[i] >= given_out[j]


def test_ranks_by_an_example() -> None:
    np.testing.assert_allclose(centered_ranks(np.array([1.0, 3.0, 3.0, 0.0])), [-1 / 6, 1 / 3, 1 / 3, -0.5])
