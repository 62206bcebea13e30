"""How commands speak: results on stdout, for a person or as JSON; progress on stderr."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from poise.types import Event, Json, Observer

PLAIN_SECONDS = 2.0
"""Time between two lines of progress where the output is no terminal."""

WIDE = 100
"""Columns from which on a terminal has room for bars."""


def print_json(value: Json) -> None:
    """One JSON object on stdout."""
    sys.stdout.write(json.dumps(value, allow_nan=False) + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """A line for a person on stdout."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """A remark on stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


@contextmanager
def progress(quiet: bool) -> Iterator[Observer]:
    """An observer that shows how far the work is, while the block runs: a bar, or now and then a line."""
    if quiet:
        yield lambda event: None
    elif sys.stderr.isatty():
        from rich.console import Console

        with _Bars(Console(stderr=True)) as bars:
            yield bars.observe
    else:
        yield _Lines().observe


class _Bars:
    """Progress on a terminal: one bar for each phase, with the speed and an estimate of the time left."""

    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._progress: Progress = Progress(
            TextColumn("{task.description:<10}"),
            *([BarColumn(bar_width=20)] if console.width >= WIDE else []),
            TextColumn("{task.fields[text]}"),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}
        self._began: dict[str, float] = {}

    def __enter__(self) -> _Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def observe(self, event: Event) -> None:
        if event.phase == "selection":
            self._begin("search")  # a candidate of the first generation may race before that generation is told of
        self._begin(event.phase)
        speed = event.usage.steps / max(time.monotonic() - self._began[event.phase], 1e-9)
        self._progress.update(
            self._tasks[event.phase], completed=event.done or 0.0, text=f"{describe(event)}  {speed:,.0f} steps/s"
        )

    def _begin(self, phase: str) -> None:
        if phase not in self._tasks:
            if phase == "evaluation":  # what came before is over, though its budget may not be used up
                for task in self._tasks.values():
                    self._progress.update(task, completed=1.0)
            self._tasks[phase] = self._progress.add_task(phase, total=1.0, text="")
            self._began[phase] = time.monotonic()


class _Lines:
    """Progress where there is no terminal: a plain line every other second."""

    def __init__(self) -> None:
        self._next = time.monotonic() + PLAIN_SECONDS

    def observe(self, event: Event) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + PLAIN_SECONDS
        share = "" if event.done is None else f" {event.done:4.0%}"
        note(f"{event.phase}{share}  {describe(event)}")


def describe(event: Event) -> str:
    """An event in a few words."""
    if event.phase == "search":
        best, mean = event.metrics["best_so_far"], event.metrics["mean"]
        return f"generation {event.metrics['generation']}  best {best:.1f}  mean {mean:.1f}"
    return f"{event.usage.episodes:,} episodes  {event.usage.steps:,} steps"


def evaluation_lines(evaluation: Mapping[str, Json], indent: str = "") -> list[str]:
    """An evaluation in words."""
    e = evaluation
    lines = [
        f"mean return {number(e['mean'])}  [{number(e['low'])}, {number(e['high'])}] at {e['confidence']:.0%} "
        f"({e['method']}), on {e['episodes']:,} fresh episodes",
        f"from {number(e['min'])} to {number(e['max'])}, median {number(e['quantiles']['0.5'])}, "
        f"lowest 5% below {number(e['quantiles']['0.05'])}; {e['length_mean']:.1f} steps an episode",
    ]
    if e["success_rate"] is not None:
        lines.append(
            f"return of at least {number(e['threshold'])} in {percent(e['success_rate'])} of episodes  "
            f"[{percent(e['success_low'])}, {percent(e['success_high'])}] ({e['success_method']})"
        )
    return [indent + line for line in lines]


def number(value: float) -> str:
    """A return with as many digits as make sense to a person."""
    return f"{value:,.1f}" if abs(value) >= 10 else f"{value:.3f}"


def percent(share: float) -> str:
    """A share; near 1 with enough digits not to round up to a certainty that it is not."""
    if share in (0.0, 1.0):
        return f"{share:.0%}"
    for digits in range(1, 8):
        text = f"{share:.{digits}%}"
        if text not in (f"{1:.{digits}%}", f"{0:.{digits}%}"):
            return text
    return f"{share:.7%}"
