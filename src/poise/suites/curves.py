"""Learning curves: for one environment, what the generations of each method's searches got, and what came of it."""

from __future__ import annotations

import numpy as np

from poise.seeding import generator
from poise.statistics.aggregate import bootstrap_bounds, interquartile_mean
from poise.suites.results import CONFIDENCE, Results
from poise.suites.suite import Method
from poise.suites.svg import Axis, Chart, Series
from poise.types import FloatArray

BINS = 48
"""Points of a curve."""

REPLICATES = 500
"""Of the bootstrap of each of them."""


def learning_curves(results: Results, task: str) -> str | None:
    """The SVG of an environment; ``None`` if no run of it has finished.

    A curve is not what a method would have been reported with, for no candidate is chosen by it: it is the mean over
    every episode of a generation, the interquartile mean of that over the runs. The mark where it ends is: the policies
    that were chosen, on fresh episodes.
    """
    steps = [
        results.histories[cell.name].steps
        for method in results.suite.methods
        for cell in results.finished(task, method.name)
    ]
    if not steps:
        return None
    first, last = min(float(s[0]) for s in steps), max(float(s[-1]) for s in steps)
    edges = np.geomspace(first * 0.999, max(last, first * 1.01), BINS + 1)
    series = [_series(results, task, method, edges) for method in results.suite.methods]
    shown = [one for one in series if one is not None]
    values = [
        value
        for one in shown
        for value in (*(y for _, *ys in (*one.points, *one.band) for y in ys), *(one.end or ())[1:])
    ]
    margin = 0.04 * ((max(values) - min(values)) or 1.0)
    runs = len(results.suite.seeds)
    return Chart(
        task,
        [
            f"Lines: mean return of a generation's candidates; interquartile mean of {runs} runs, 95% interval.",
            "Marks: the policies chosen in the end, on fresh episodes. A run that is done ends early.",
        ],
        Axis("environment steps of the search", float(edges[0]), float(edges[-1]), logarithmic=True),
        Axis("return", min(values) - margin, max(values) + margin),
        shown,
    ).render()


def _series(results: Results, task: str, method: Method, edges: FloatArray) -> Series | None:
    cells = results.finished(task, method.name)
    figure = results.figure(task, method.name)
    if figure is None:
        return None
    histories = [results.histories[cell.name] for cell in cells]
    curves = np.stack([history.binned(edges) for history in histories])
    middles = np.sqrt(edges[:-1] * edges[1:])
    # From where every run has begun to where half of them have ended.
    end = float(np.median([history.steps[-1] for history in histories]))
    there = ~np.isnan(curves).any(axis=0) & (edges[:-1] <= end)
    points, band = _middle(curves[:, there].T, middles[there], task, method.name)
    interval = figure.interval
    ends = (figure.value, figure.value) if interval is None else (interval.low, interval.high)
    return Series(method.name, points, band, (end, figure.value, *ends), results.is_random_search(method.name))


def _middle(
    curves: FloatArray, at: FloatArray, *path: str
) -> tuple[list[tuple[float, float]], list[tuple[float, float, float]]]:
    """Line and band of curves of shape (points, runs)."""
    if curves.size == 0:
        return [], []

    def middle(scores: FloatArray) -> FloatArray:
        return interquartile_mean(scores[..., np.newaxis, :])

    line = list(zip(at.tolist(), middle(curves).tolist(), strict=True))
    if curves.shape[1] < 2:
        return line, []
    low, high = bootstrap_bounds(curves, middle, generator(0, "curve", *path), CONFIDENCE, REPLICATES)
    return line, list(zip(at.tolist(), low.tolist(), high.tolist(), strict=True))
