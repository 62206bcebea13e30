"""SNES in the metric of what a policy does: it does not matter how its parameters are written down."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from poise.errors import InvalidFileError, InvalidValueError
from poise.optimizers._metric import FLOOR, MOST_PARAMETERS
from poise.optimizers.fisher_snes import FisherSnes
from poise.optimizers.snes import Snes
from poise.testing.landscapes import some_rotation
from poise.types import FloatArray

N = 6
STRETCH = np.diag(np.geomspace(1.0, 20.0, N)) @ some_rotation(N)
"""From parameters to what they do."""


def _make(n: int = N, **options: Any) -> FisherSnes:
    return FisherSnes(n, np.random.default_rng(3), FisherSnes.Options(**options))


def _gap(optimizer: Snes, generations: int, metric: FloatArray | None = None) -> float:
    """How far the centre is from the peak of a function of what parameters do."""
    for _ in range(generations):
        if metric is not None and optimizer.wants_metric:
            optimizer.take_metric(metric, float(N))
        done = optimizer.ask() @ STRETCH.T
        optimizer.tell(-np.square(done - 1.0).sum(axis=1))
    return float(np.linalg.norm(STRETCH @ optimizer.center - 1.0))


def test_it_finds_in_a_stretched_and_turned_space_what_snes_does_not() -> None:
    metric = STRETCH.T @ STRETCH
    assert _gap(_make(population=20), 150, metric) < 1e-3
    assert _gap(_make(population=20), 150) > 0.1
    snes = Snes(N, np.random.default_rng(3), Snes.Options(population=20, sigma0=0.5))
    assert _gap(snes, 150, metric) > 0.1


def test_candidates_differ_by_their_share_of_what_the_outputs_are_in_every_direction() -> None:
    optimizer, metric = _make(population=20_000, sigma0=0.3), STRETCH.T @ STRETCH
    optimizer.take_metric(metric, 50.0)
    done = (optimizer.ask() - optimizer.center) @ STRETCH.T
    np.testing.assert_allclose(done.std(axis=0), 0.3 * np.sqrt(50.0 / N), rtol=0.03)


def test_a_direction_that_does_nothing_is_not_searched_without_end() -> None:
    optimizer = _make(population=20_000, sigma0=1.0)
    optimizer.take_metric(np.diag([1.0] * (N - 1) + [0.0]), float(N))
    deviations = (optimizer.ask() - optimizer.center).std(axis=0)
    assert deviations[-1] == pytest.approx(deviations[0] / np.sqrt(FLOOR), rel=0.03)


def test_a_new_metric_keeps_the_centre_and_how_far_the_search_looks() -> None:
    optimizer = _make(population=10, every=2)
    asked = []
    for _ in range(4):
        asked.append(optimizer.wants_metric)
        if asked[-1]:
            optimizer.take_metric(STRETCH.T @ STRETCH, float(N))
        optimizer.tell(-np.square(optimizer.ask()).sum(axis=1))
    assert asked == [True, False, True, False]
    center, sigma = optimizer.center, optimizer.sigma
    optimizer.take_metric(np.eye(N), float(N))
    np.testing.assert_array_equal(optimizer.center, center)
    np.testing.assert_allclose(optimizer.sigma, np.exp(np.log(sigma).mean()))


@pytest.mark.parametrize(
    ("metric", "size"),
    [(np.zeros((N, N)), 1.0), (np.eye(N), 0.0), (np.eye(N), np.inf), (np.full((N, N), np.nan), 1.0)],
)
def test_a_metric_of_nothing_changes_nothing(metric: FloatArray, size: float) -> None:
    optimizer = _make(population=8)
    before = optimizer.state()["own"]
    optimizer.take_metric(metric, size)
    assert not optimizer.wants_metric
    after = optimizer.state()["own"]
    np.testing.assert_array_equal(after["basis"], before["basis"])
    np.testing.assert_array_equal(after["sigma"], before["sigma"])


def test_more_parameters_than_a_metric_can_have_are_refused() -> None:
    _make(MOST_PARAMETERS, population=2)
    with pytest.raises(InvalidValueError, match=r"at most 1,000 parameters for fisher_snes, got 1,001; take snes"):
        _make(MOST_PARAMETERS + 1)


def test_a_basis_of_another_size_is_refused() -> None:
    state = _make(population=8).state()
    with pytest.raises(InvalidFileError, match="incomplete or damaged"):
        FisherSnes.from_state({**state, "own": {**state["own"], "basis": np.eye(N + 1)}})
