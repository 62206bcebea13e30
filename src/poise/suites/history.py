"""How a run's search went, read back from its ``metrics.jsonl``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from poise.runs.directory import RunDirectory
from poise.types import FloatArray


@dataclass(frozen=True)
class History:
    """The generations of a search. Arrays of shape (generations,).

    Attributes:
        steps: environment steps of the search, up to the end of each generation.
        episodes: the episodes of each generation.
        means: mean return of each generation, over all its candidates.
    """

    steps: FloatArray
    episodes: FloatArray
    means: FloatArray

    @classmethod
    def read(cls, path: Path) -> History:
        """The history of a run.

        Raises:
            InvalidFileError: its ``metrics.jsonl`` is damaged.
        """
        lines = RunDirectory(path).read_metrics()
        steps, episodes, means = (
            np.array([line[key] for line in lines], dtype=np.float64) for key in ("steps", "episodes", "mean")
        )
        return cls(steps, np.diff(episodes, prepend=0.0), means)

    @property
    def mean(self) -> float:
        """Mean return over all episodes of the search: for random search, what a random policy gets."""
        return float((self.means * self.episodes).sum() / self.episodes.sum())

    def binned(self, edges: FloatArray) -> FloatArray:
        """Mean return of the episodes between two numbers of steps.

        Args:
            edges: shape (bins + 1,), rising.

        Returns:
            Shape (bins,). A bin in which no generation ended has the value before it; before the first generation has
            ended it is NaN.
        """
        index = np.searchsorted(edges, self.steps, side="left") - 1
        bins = len(edges) - 1
        inside = (index >= 0) & (index < bins)
        weights = np.bincount(index[inside], self.episodes[inside], minlength=bins)
        sums = np.bincount(index[inside], (self.means * self.episodes)[inside], minlength=bins)
        values = np.full(bins, np.nan)
        np.divide(sums, weights, out=values, where=weights > 0)
        latest = np.maximum.accumulate(np.where(np.isnan(values), -1, np.arange(bins)))
        return np.where(latest >= 0, values[latest], np.nan)
