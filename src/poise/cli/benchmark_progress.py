"""Progress of a benchmark on stderr: how many runs have ended, which are under way, and how long it will take."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from poise.cli.output import note
from poise.cli.progress import PLAIN_SECONDS, PLAIN_SHARE, duration

if TYPE_CHECKING:
    from rich.progress import Progress

    from poise.suites.benchmark import Standing

LEAST_SHARE = 0.02
"""Share of the work before which nothing is said of the rest: the first runs wait for compilers and imports."""

BAR_WIDTH = 20
"""Columns of the bar on a terminal."""

SHOWN = 4
"""Runs under way that are named."""


@contextmanager
def benchmark_progress(quiet: bool) -> Iterator[Callable[[Standing], None]]:
    """An observer of a benchmark: two lines on a terminal, else a plain line every few seconds."""
    if quiet:
        yield lambda standing: None
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        with Progress(
            BarColumn(bar_width=BAR_WIDTH),
            TextColumn("{task.fields[text]}"),
            console=Console(stderr=True),
        ) as bar:
            yield _Bar(bar).observe
    else:
        yield _Lines().observe


class _Pace:
    """How long the rest will take, from what this session has done."""

    def __init__(self) -> None:
        self._first: tuple[float, float] | None = None

    def left(self, standing: Standing, now: float) -> str:
        if self._first is None:
            self._first = now, standing.done
        seconds, share = now - self._first[0], standing.done - self._first[1]
        if share < LEAST_SHARE or standing.done >= 1:
            return ""
        return f"  {duration(seconds * (1 - standing.done) / share)} left"


def _counts(standing: Standing) -> str:
    failed = f", {len(standing.failed)} failed" if standing.failed else ""
    kept = f" ({standing.kept} from before)" if standing.kept else ""
    return f"{standing.finished} of {standing.total} runs{kept}{failed}"


def _under_way(standing: Standing) -> str:
    shown = [f"{name} {share:.0%}" for name, share in list(standing.running.items())[:SHOWN]]
    more = len(standing.running) - len(shown)
    return "; ".join(shown) + (f"; {more} more" if more > 0 else "")


class _Bar:
    def __init__(self, bar: Progress) -> None:
        self._bar, self._pace = bar, _Pace()
        self._task = bar.add_task("", total=1.0, text="")

    def observe(self, standing: Standing) -> None:
        text = f"{_counts(standing)}{self._pace.left(standing, time.monotonic())}  {_under_way(standing)}"
        # Cut here: of a line that is too long the table would also take from the bar.
        room = self._bar.console.width - BAR_WIDTH - 2
        self._bar.update(
            self._task, completed=standing.done, text=text if len(text) <= room else text[: room - 1] + "…"
        )


class _Lines:
    def __init__(self) -> None:
        self._pace = _Pace()
        self._began = time.monotonic()
        self._next = self._began + PLAIN_SECONDS

    def observe(self, standing: Standing) -> None:
        now = time.monotonic()
        left = self._pace.left(standing, now)
        if now < self._next:
            return
        self._next = now + max(PLAIN_SECONDS, PLAIN_SHARE * (now - self._began))
        latest = f"  {standing.latest}" if standing.latest else ""
        note(f"{_counts(standing)}{left}{latest}")
