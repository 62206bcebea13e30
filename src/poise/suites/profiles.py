"""Performance profiles: for each method, the share of its runs that score above a value, over all environments.

Section 4.2 of Agarwal et al. 2021, arXiv:2108.13264. Where one curve lies above another for every value, its method is
the better one whatever is asked for.
"""

from __future__ import annotations

import numpy as np

from poise.seeding import generator
from poise.statistics.aggregate import bootstrap_bounds, performance_profile
from poise.suites.results import CONFIDENCE, Results
from poise.suites.svg import Axis, Chart, Series
from poise.types import FloatArray

POINTS = 121
REPLICATES = 1000


def performance_profiles(results: Results) -> str | None:
    """The SVG of a benchmark; ``None`` if no method has all its runs."""
    scores = {method.name: results.scores(method.name) for method in results.suite.methods}
    there = {name: found for name, found in scores.items() if found is not None}
    if not there:
        return None
    low = min(0.0, max(-0.5, min(float(found.min()) for found in there.values())))
    high = max(1.0, min(2.0, max(float(found.max()) for found in there.values())))
    levels = np.linspace(low, high + 0.02 * (high - low), POINTS)
    series = [_series(name, found, levels, results.is_random_search(name)) for name, found in there.items()]
    missing = len(scores) - len(there)
    return Chart(
        f"{results.suite.title}: performance profiles",
        [
            "Share of all runs with a score above a value, 95% intervals (stratified bootstrap). Higher is better.",
            "0: a random policy, or the suite's low. 1: the environment's threshold, the suite's high, or the best."
            + (f" Left out for missing runs: {missing}." if missing else ""),
        ],
        Axis("score", float(levels[0]), float(levels[-1])),
        Axis("share of runs above it", 0.0, 1.0),
        series,
    ).render()


def _series(name: str, scores: FloatArray, levels: FloatArray, is_line: bool) -> Series:
    def profile(drawn: FloatArray) -> FloatArray:
        return performance_profile(drawn, levels)

    points = list(zip(levels.tolist(), profile(scores).tolist(), strict=True))
    if scores.shape[1] < 2:
        return Series(name, points, is_line_to_beat=is_line)
    low, high = bootstrap_bounds(scores, profile, generator(0, "profile", name), CONFIDENCE, REPLICATES)
    band = list(zip(levels.tolist(), low.tolist(), high.tolist(), strict=True))
    return Series(name, points, band, is_line_to_beat=is_line)
