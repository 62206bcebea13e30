"""Progress on stderr while a command works: bars on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from poise.cli.output import note, percent, stdout_kept_clean
from poise.words import counted, number

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from poise.types import Event, Observer

PLAIN_SECONDS = 2.0
"""Least time between two lines of progress where the output is no terminal."""

PLAIN_SHARE = 0.05
"""Lines grow rarer with the time that has passed: about one in each such share of it, so that a log stays short."""

WIDE = 110
"""Columns from which on a terminal has room for bars."""


@contextmanager
def progress(quiet: bool) -> Iterator[Observer]:
    """An observer that shows how far the work is, while the block runs: a bar, or now and then a line.

    Whatever an environment prints meanwhile goes to stderr: stdout is for the result.
    """
    with stdout_kept_clean():
        if quiet:
            yield lambda event: None
        elif sys.stderr.isatty():
            from rich.console import Console

            with _Bars(Console(stderr=True)) as bars:
                yield bars.observe
        else:
            yield _Lines().observe


class Meter:
    """How fast a phase goes, and when it will end.

    Both are reckoned from the first event on: what an earlier session of a resumed run has done took no time now.
    """

    def __init__(self) -> None:
        self._first: tuple[float, int, float] | None = None
        self._last = (0.0, 0, 0.0)

    def update(self, event: Event, now: float) -> None:
        """Takes in an event; `now` is a monotonic clock in seconds."""
        self._last = (now, event.usage.steps, event.done or 0.0)
        if self._first is None:
            self._first = self._last

    def _gone(self) -> tuple[float, int, float]:
        """Seconds, steps and share of the work between the first event and the last."""
        (began, steps, done), (now, steps_now, done_now) = self._first or self._last, self._last
        return now - began, steps_now - steps, done_now - done

    @property
    def speed(self) -> float | None:
        """Environment steps a second; ``None`` while nothing tells it."""
        seconds, steps, _ = self._gone()
        return steps / seconds if seconds > 0 and steps > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """An estimate, as if the rest went like what has passed; ``None`` while nothing tells it."""
        seconds, _, done = self._gone()
        return (1.0 - self._last[2]) * seconds / done if seconds > 0 and done > 0 else None


class _Meters:
    """A meter for each phase."""

    def __init__(self) -> None:
        self._meters: dict[str, Meter] = {}
        self._phase = ""

    def update(self, event: Event) -> Meter:
        """The meter of the event's phase, the event taken in."""
        # The search pauses for races; each race counts its episodes anew.
        if event.phase not in self._meters or (event.phase != self._phase and event.phase != "search"):
            self._meters[event.phase] = Meter()
        self._phase = event.phase
        self._meters[event.phase].update(event, time.monotonic())
        return self._meters[event.phase]


class _Bars:
    """Progress on a terminal: one bar for each phase."""

    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, Progress, TextColumn
        from rich.table import Column

        self._progress: Progress = Progress(
            TextColumn("{task.description}", table_column=Column(no_wrap=True, min_width=len("evaluation"))),
            *([BarColumn(bar_width=20)] if console.width >= WIDE else []),
            TextColumn("{task.percentage:>3.0f}%", table_column=Column(no_wrap=True, min_width=4)),
            TextColumn("{task.fields[text]}", table_column=Column(no_wrap=True, overflow="ellipsis")),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}
        self._shown: dict[str, str] = {}
        self._meters = _Meters()

    def __enter__(self) -> _Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def observe(self, event: Event) -> None:
        if event.phase == "selection":
            self._begin("search")  # a candidate of the first generation may race before that generation is told of
        if "predicted" in event.metrics:
            self._progress.console.print(real_episode(event), highlight=False)
        self._begin(event.phase)
        meter = self._meters.update(event)
        self._shown[event.phase] = describe(event, meter)
        text = _joined(left(event, meter), self._shown[event.phase])
        self._progress.update(self._tasks[event.phase], completed=event.done or 0.0, text=text)

    def _begin(self, phase: str) -> None:
        if phase not in self._tasks:
            if phase == "evaluation":  # what came before is over, though its budget may not be used up
                for earlier, task in self._tasks.items():
                    self._progress.update(task, completed=1.0, text=self._shown.get(earlier, ""))
            self._tasks[phase] = self._progress.add_task(phase, total=1.0, text="")


class _Lines:
    """Progress where there is no terminal: a plain line every few seconds."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._next = self._began + PLAIN_SECONDS
        self._meters = _Meters()

    def observe(self, event: Event) -> None:
        meter, now = self._meters.update(event), time.monotonic()
        if "predicted" in event.metrics:
            note(real_episode(event))
            return
        if now < self._next:
            return
        self._next = now + max(PLAIN_SECONDS, PLAIN_SHARE * (now - self._began))
        share = "" if event.done is None else f" {event.done:4.0%}"
        note(_joined(event.phase + share, left(event, meter), describe(event, meter)))


def real_episode(event: Event) -> str:
    """A real episode, from which a model was learnt, in words."""
    found = event.metrics
    foreseen = "no model yet" if found["predicted"] is None else f"the model predicted {number(found['predicted'])}"
    cut = "" if found["whole"] else " when the steps were used up"
    return (
        f"real episode {found['episodes']}  {found['steps']:,} steps so far  "
        f"return {number(found['best'])}{cut}  {foreseen}"
    )


def _joined(*parts: str) -> str:
    return "  ".join(part for part in parts if part)


def describe(event: Event, meter: Meter) -> str:
    """An event in a few words: what is known of the policies, and how fast it goes."""
    return _joined(*_found(event), "" if meter.speed is None else f"{short(meter.speed)} steps/s")


def left(event: Event, meter: Meter) -> str:
    """How long it will take; empty where nobody knows, or nothing is left."""
    if event.done is None or event.done >= 1.0 or meter.seconds_left is None:
        return ""
    return f"{duration(meter.seconds_left)} left"


def _found(event: Event) -> Iterator[str]:
    metrics = event.metrics
    if event.phase == "search":
        yield f"generation {metrics['generation']}"
        if "start" in metrics:
            yield f"start {metrics['start']} on trial"
        yield f"best {number(metrics['best_so_far'])}"
        yield f"mean {number(metrics['mean'])}"
        return
    yield counted(event.usage.episodes, "episode")
    if "mean" in metrics:
        low, high = metrics.get("low"), metrics.get("high")
        interval = "" if low is None or high is None else f" [{number(low)}, {number(high)}]"
        yield f"mean {number(metrics['mean'])}{interval}"
    if "successes" in metrics:
        yield (
            f"{percent(metrics['successes'] / event.usage.episodes)} succeed "
            f"[{percent(metrics['low'])}, {percent(metrics['high'])}]"
        )


def short(value: float) -> str:
    """A number in few digits, with k for thousands or M for millions."""
    if value < 1e3:
        return f"{value:.0f}"
    return f"{value / 1e3:.1f}k" if value < 1e6 else f"{value / 1e6:,.1f}M"


def duration(seconds: float) -> str:
    """A time that was estimated, in one unit, a second at least."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
