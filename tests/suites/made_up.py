"""Results of runs that nobody made, for tests of what is said about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from poise.suites.history import History
from poise.suites.results import Results
from poise.suites.suite import Cell, Suite


def results_of(
    suite: Suite,
    returns: Mapping[tuple[str, str], Sequence[float | None]],
    *,
    thresholds: Mapping[str, float] | None = None,
    random_return: float = 0.0,
) -> Results:
    """Results in which each run ended with a given mean return; ``None`` for one that failed."""
    lines, histories, failures = {}, {}, {}
    for cell in suite.cells:
        value = returns[cell.task, cell.method][suite.seeds.index(cell.seed)]
        if value is None:
            failures[cell.name] = "it | broke"
            continue
        threshold = (thresholds or {}).get(cell.task)
        lines[cell.name] = {
            "evaluation": {"mean": value, "threshold": threshold, "episodes": 50, "failed_episodes": 0},
            "steps": {"search": 100 + cell.seed},
            "first_failure": None,
        }
        histories[cell.name] = _history(cell, value, random_return)
    return Results(suite, lines, histories, failures)


def _history(cell: Cell, value: float, random_return: float) -> History:
    steps = np.array([10.0, 40.0, 100.0 + cell.seed])
    episodes = np.array([1.0, 3.0, 6.0])
    if cell.settings.get("optimizer") == "random_search":
        return History(steps, episodes, np.full(3, random_return))
    return History(steps, episodes, np.array([0.0, value / 2, value]))
