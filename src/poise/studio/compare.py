"""Two or more runs of one environment beside each other: their courses, results, and a paired test."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from poise.errors import InvalidValueError, PoiseError
from poise.runs.policy import Policy
from poise.seeding import Purpose, SeedStream
from poise.statistics.intervals import mean_interval, paired_difference
from poise.studio.bench import Bench, is_compiled
from poise.studio.library import Library, RunGoneError
from poise.studio.run_index import sample_lines
from poise.types import Json

MOST_RUNS = 6

CURVE_POINTS = 400

EPISODES, EPISODES_UNCOMPILED = 1_000, 100
"""Episodes of the paired test: the same ones for both, and others than those of any search, choice or result."""


@dataclass(frozen=True)
class Compared:
    """One of the runs.

    Attributes:
        name: of the run.
        env: its environment.
        summary: what the page shows of it.
    """

    name: str
    env: str
    summary: Json


def compare(library: Library, names: Sequence[str]) -> Json:
    """What the page shows of the runs: rows of the list, and the course of each; a run that is not there says so.

    Raises:
        InvalidValueError: too many runs, or of several environments.
    """
    if len(names) > MOST_RUNS:
        raise InvalidValueError(f"Expected at most {MOST_RUNS} runs to compare, got {len(names)}.")
    found, problems = list[Compared](), list[Json]()
    for name in dict.fromkeys(names):
        try:
            found.append(_one(library, name))
        except PoiseError as error:
            problems.append({"run": name, "words": str(error)})
    if len({one.env for one in found}) > 1:
        envs = ", ".join(dict.fromkeys(one.env for one in found))
        raise InvalidValueError(f"Runs can be compared within one environment; these are of {envs}.")
    return {"env": found[0].env if found else None, "runs": [one.summary for one in found], "problems": problems}


def _one(library: Library, name: str) -> Compared:
    directory = library.directory(name)
    row = None if library.index is None else library.index.row(name)
    if row is None:
        raise RunGoneError(f"{name} is no run: expected a folder with a config.json.")
    seconds = {
        line["generation"]: line["seconds"]
        for line in sample_lines(directory / "timings.jsonl", CURVE_POINTS)
        if {"generation", "seconds"} <= line.keys()
    }
    lines = [
        line for line in sample_lines(directory / "metrics.jsonl", CURVE_POINTS) if {"steps", "mean"} <= line.keys()
    ]
    curve = [
        [line["steps"], _seconds_at(seconds, line.get("generation", 0)), line["mean"], line.get("best_so_far")]
        for line in lines
    ]
    has_policy = library.policy_version(name) != 0
    return Compared(name, row.env, {**row.to_json(), "course": curve, "hasPolicy": has_policy})


def _seconds_at(seconds: Mapping[int, float], generation: int) -> float | None:
    """When a generation ended; the two files are sampled at different lines, so perhaps from its neighbours."""
    if generation in seconds:
        return seconds[generation]
    before = max((known for known in seconds if known < generation), default=None)
    after = min((known for known in seconds if known > generation), default=None)
    if before is None or after is None:
        return None
    share = (generation - before) / (after - before)
    return seconds[before] + share * (seconds[after] - seconds[before])


def paired_test(bench: Bench, first: Policy, second: Policy) -> Json:
    """How much the first policy is better than the second on the same fresh episodes.

    Raises:
        InvalidValueError: they are for different environments.
        PoiseError: the episodes could not be played.
    """
    if first.environment != second.environment:
        raise InvalidValueError(
            f"Policies can be compared in one environment with the same settings; these are for "
            f"{_described(first)} and {_described(second)}."
        )
    spec = first.environment
    episodes = EPISODES if is_compiled(spec) else EPISODES_UNCOMPILED
    seeds = SeedStream(0, Purpose.REEVALUATION).take(episodes)
    returns = [
        bench.play(spec, policy.architecture, policy.parameters[None], seeds, exact=True).returns[0]
        for policy in (first, second)
    ]
    difference = paired_difference(returns[0], returns[1])
    return {
        "mean": difference.mean,
        "low": difference.interval.low,
        "high": difference.interval.high,
        "confidence": difference.interval.confidence,
        "effectSize": difference.effect_size if math.isfinite(difference.effect_size) else None,
        "episodes": difference.episodes,
        "each": [_figures(some) for some in returns],
    }


def _figures(returns: Any) -> Json:
    interval = mean_interval(returns)
    return {"mean": float(returns.mean()), "low": interval.low, "high": interval.high}


def _described(policy: Policy) -> str:
    arguments = ", ".join(f"{name}={value}" for name, value in policy.environment.kwargs.items())
    return f"{policy.environment.id}({arguments})" if arguments else policy.environment.id
