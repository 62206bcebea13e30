"""Where episodes end is learnt from few terminal states among many others."""

from __future__ import annotations

import numpy as np

from poise.models.ending import Ending, quadratic_terms


def test_a_threshold_is_found_from_a_single_terminal_state() -> None:
    line = np.linspace(-1, 1, 101)[:, np.newaxis]
    found = Ending.fit(line, line[:, 0] > 0.99)
    assert found is not None
    assert found(np.array([[0.0], [0.9], [1.1]])).tolist() == [False, False, True]


def test_a_boundary_that_is_no_line_is_found() -> None:
    points = np.random.default_rng(0).uniform(-1, 1, (500, 2))
    outside = np.square(points).sum(axis=1) > 1.0
    found = Ending.fit(points, outside)
    assert found is not None
    assert (found(points) == outside).mean() > 0.95


def test_nothing_is_said_where_no_episode_has_ended() -> None:
    assert Ending.fit(np.zeros((5, 2)), np.zeros(5, dtype=np.bool_)) is None


def test_terms_are_those_of_a_quadratic_policy() -> None:
    assert quadratic_terms(np.array([2.0, 3.0])).tolist() == [2, 3, 4, 6, 9, 1]
