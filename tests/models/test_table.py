"""A learnt table: values against an exact solution, the unknown taken for the best, and exactly set down."""

from __future__ import annotations

import numpy as np
import pytest

from poise.models.table import UNTRIED, Table


def _corridor(length: int = 5) -> Table:
    """States in a row; action 1 goes right, 0 left; -1 a step, the end beyond the last."""
    table = Table(length, 2)
    for state in range(length):
        table.learn(state, 0, -1.0, max(state - 1, 0))
        table.learn(state, 1, -1.0, None if state == length - 1 else state + 1)
    return table


def test_values_are_the_discounted_sums_of_the_best_way() -> None:
    values = _corridor().values(0.9, sweeps=1000)
    expected = [-sum(0.9**k for k in range(5 - state)) for state in range(5)]
    assert np.allclose(values[:, 1], expected)
    assert (values.argmax(axis=1) == 1).all()


def test_chance_is_weighed_by_how_often_it_was_seen() -> None:
    table = Table(2, 1)
    for following, reward in ((None, 1.0), (None, 1.0), (None, 0.0), (1, 0.0)):
        table.learn(0, 0, reward, following)
    assert table.values(0.5, sweeps=100)[0, 0] == pytest.approx(0.5)
    assert not table.deterministic
    assert _corridor().deterministic


def test_the_unknown_is_taken_for_better_than_all_that_was_met_or_left_out() -> None:
    table = _corridor()
    for state in (0, 1, 2):
        table.learn(state, 0, -1.0, max(state - 1, 0))
    table.learn(0, 1, -1.0, 1)
    dreaming = table.values(0.9, known_after=2, optimistic=True, sweeps=1000)
    assert dreaming[1, 1] == dreaming[2, 1] > -1.0
    assert dreaming[0].argmax() == 1  # known, and on the way to the unknown
    alone = Table(3, 2)
    alone.learn(0, 0, 5.0, None)
    sober = alone.values(0.9, sweeps=1000)
    assert sober[0].tolist() == [5.0, UNTRIED]
    assert (sober[1:] == UNTRIED).all()


def test_before_anything_is_known_all_is_equally_good() -> None:
    values = Table(3, 2).values(0.9, optimistic=True, sweeps=10)
    assert np.isfinite(values).all()
    assert np.ptp(values) == 0.0


def test_set_down_and_taken_up_it_is_the_same_table() -> None:
    table = _corridor()
    again = Table.from_state(table.state())
    for one in (table, again):
        one.learn(1, 1, 3.0, 0)
    assert (table.values(0.9, sweeps=100) == again.values(0.9, sweeps=100)).all()
    assert again.deterministic == table.deterministic


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("size", np.array([2**40, 2**40])),
        ("visits", np.full(10, -1)),
        ("visits", np.ones(10)),
        ("rewards", np.full(10, np.nan)),
        ("rewards", np.full(10, 1e308)),
        ("rewards", np.zeros(3)),
        ("range", np.array([-np.inf, 0.0])),
        ("keys", np.zeros((10, 2), dtype=np.int64)),
        ("keys", np.array([[pair, 6] for pair in range(10)])),
        ("counts", np.full(10, 7)),
        ("counts", np.array([0, *[1] * 9])),
    ],
)
def test_parts_that_do_not_belong_together_are_no_table(part: str, value: np.ndarray) -> None:
    state = _corridor().state()
    Table.from_state(state)
    with pytest.raises(ValueError, match="expected"):
        Table.from_state({**state, part: value})
