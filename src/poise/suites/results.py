"""What a benchmark's runs show together: figures with intervals, for one environment and over all of them.

Interquartile means with stratified bootstrap intervals, after Agarwal et al. 2021, arXiv:2108.13264. Over several
environments returns are put on one scale first: 0 is what a random policy gets, 1 what the suite or the environment
calls enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from poise.seeding import generator
from poise.statistics.aggregate import interquartile_mean, interquartile_mean_interval
from poise.statistics.intervals import Interval
from poise.suites.history import History
from poise.suites.suite import RANDOM_SEARCH, Cell, Suite
from poise.types import FloatArray

CONFIDENCE = 0.95
REPLICATES = 2000


@dataclass(frozen=True)
class Figure:
    """An interquartile mean.

    Attributes:
        value: itself.
        interval: for it; ``None`` for a single run.
        runs: how many it rests on.
    """

    value: float
    interval: Interval | None
    runs: int

    def is_above(self, other: Figure) -> bool:
        """Whether both intervals are known and this one lies above the other."""
        return self.interval is not None and other.interval is not None and self.interval.low > other.interval.high


@dataclass(frozen=True)
class Scale:
    """The returns of an environment that count as 0 and 1.

    Attributes:
        low: counts as 0.
        high: counts as 1.
        low_is, high_is: what they are, in words.
    """

    low: float
    high: float
    low_is: str
    high_is: str

    def __call__(self, returns: FloatArray) -> FloatArray:
        """Returns on this scale."""
        return (returns - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class Results:
    """The finished runs of a suite.

    Attributes:
        suite: what was asked for.
        lines: of ``results.jsonl``, by the cell's name.
        histories: of the searches, by the cell's name.
        failures: why a cell has no result, by its name.
    """

    suite: Suite
    lines: Mapping[str, Mapping[str, Any]]
    histories: Mapping[str, History]
    failures: Mapping[str, str]

    @cached_property
    def _cells(self) -> dict[tuple[str, str], list[Cell]]:
        found: dict[tuple[str, str], list[Cell]] = {}
        for cell in self.suite.cells:
            found.setdefault((cell.task, cell.method), []).append(cell)
        return found

    def finished(self, task: str, method: str) -> list[Cell]:
        """The runs of a method on an environment that have a result, in the order of their seeds."""
        return [cell for cell in self._cells[task, method] if cell.name in self.lines]

    def returns(self, task: str, method: str) -> FloatArray:
        """Mean return on fresh episodes of each run, shape (runs,)."""
        means = [self.lines[cell.name]["evaluation"]["mean"] for cell in self.finished(task, method)]
        return np.array(means, dtype=np.float64)

    def figure(self, task: str, method: str) -> Figure | None:
        """A method on an environment, in returns; ``None`` if no run has finished."""
        return _figure(self.returns(task, method)[np.newaxis], "figure", task, method)

    def steps(self, task: str, method: str) -> float | None:
        """Environment steps of the search, the median over its runs; ``None`` if none has finished."""
        paid = [self.lines[cell.name]["steps"]["search"] for cell in self.finished(task, method)]
        return float(np.median(paid)) if paid else None

    @cached_property
    def scales(self) -> dict[str, Scale]:
        """The scale of every environment that has one: two returns that differ."""
        found = {}
        for task in self.suite.tasks:
            low, low_is = task.low, "set in the suite"
            if low is None:
                low, low_is = self._random_return(task.name), "a random policy"
            high, high_is = task.high, "set in the suite"
            if high is None:
                high, high_is = self._enough(task.name)
            if low is not None and high is not None and low < high:
                found[task.name] = Scale(low, high, low_is, high_is)
        return found

    def _random_return(self, task: str) -> float | None:
        """Mean return over all episodes that random search has played in its searches."""
        histories = [
            self.histories[cell.name]
            for method in self.suite.methods
            if self.is_random_search(method.name)
            for cell in self.finished(task, method.name)
        ]
        episodes = sum(float(history.episodes.sum()) for history in histories)
        if episodes == 0:
            return None
        return sum(history.mean * float(history.episodes.sum()) for history in histories) / episodes

    def _enough(self, task: str) -> tuple[float | None, str]:
        lines = [self.lines[cell.name] for m in self.suite.methods for cell in self.finished(task, m.name)]
        thresholds = {line["evaluation"]["threshold"] for line in lines} - {None}
        if len(thresholds) == 1:
            return thresholds.pop(), "its threshold"
        return max((line["evaluation"]["mean"] for line in lines), default=None), "the best of these runs"

    def scores(self, method: str) -> FloatArray | None:
        """Returns of a method on the common scale, shape (environments, runs); ``None`` unless every run is there."""
        runs = len(self.suite.seeds)
        tasks = [task.name for task in self.suite.tasks if task.name in self.scales]
        if not tasks or any(len(self.finished(task, method)) < runs for task in tasks):
            return None
        return np.stack([self.scales[task](self.returns(task, method)) for task in tasks])

    def overall(self, method: str) -> Figure | None:
        """A method over all environments that have a scale; ``None`` unless every run is there."""
        scores = self.scores(method)
        return None if scores is None else _figure(scores, "overall", method)

    @property
    def spoiled(self) -> dict[str, str]:
        """Runs that were evaluated on fewer episodes than asked for, because the environment failed in the others."""
        found = {}
        for name, line in self.lines.items():
            failed, asked = line["evaluation"].get("failed_episodes", 0), line["evaluation"]["episodes"]
            if failed:
                found[name] = f"{failed:,} of {asked:,} episodes have no return; the first: {line['first_failure']}"
        return found

    def is_random_search(self, method: str) -> bool:
        """Whether a method is a line to beat."""
        return all(
            cell.settings.get("optimizer") == RANDOM_SEARCH
            for task in self.suite.tasks
            for cell in self._cells[task.name, method]
        )

    def beats(self, task: str, method: str) -> bool:
        """Whether a method's interval lies above that of the random search it is held against."""
        line = next(m.line for m in self.suite.methods if m.name == method)
        mine, theirs = self.figure(task, method), self.figure(task, line)
        return mine is not None and theirs is not None and mine.is_above(theirs)


def _figure(scores: FloatArray, *path: str) -> Figure | None:
    if scores.size == 0:
        return None
    value, runs = float(interquartile_mean(scores)), scores.shape[1]
    if runs < 2:
        return Figure(value, None, runs)
    interval = interquartile_mean_interval(scores, generator(0, *path), CONFIDENCE, REPLICATES)
    return Figure(value, interval, runs)
