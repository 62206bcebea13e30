"""A run's search is read back from its metrics: weighted by episodes, and never before it has happened."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from poise.suites.history import History


def test_it_reads_the_generations_of_a_run(tmp_path: Path) -> None:
    rows = [(10, 4, 1.0), (30, 8, 2.0), (70, 20, 5.0)]
    lines = [{"steps": s, "episodes": e, "mean": m} for s, e, m in rows]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"half')
    history = History.read(tmp_path)
    np.testing.assert_array_equal(history.steps, [10, 30, 70])
    np.testing.assert_array_equal(history.episodes, [4, 4, 12])
    assert history.mean == (4 * 1 + 4 * 2 + 12 * 5) / 20


def test_bins_hold_the_mean_of_their_episodes_and_keep_the_last_value_where_nothing_ended() -> None:
    history = History(np.array([10.0, 12.0, 40.0]), np.array([1.0, 3.0, 2.0]), np.array([0.0, 4.0, 7.0]))
    binned = history.binned(np.array([5.0, 9.0, 15.0, 20.0, 40.0, 80.0]))
    np.testing.assert_array_equal(binned, [np.nan, 3.0, 3.0, 7.0, 7.0])
