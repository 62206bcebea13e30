"""Progress: how fast, how long still, and what is known so far; as bars on a terminal, as lines elsewhere."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from poise.cli.progress import Meter, describe, duration, left, progress, short
from poise.types import Event, Phase, Usage


class Clock:
    """A clock that goes when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    ticking = Clock()
    # The module's own: with that of Python a server that runs in a thread would sleep for hours.
    monkeypatch.setattr("poise.cli.progress.time", SimpleNamespace(monotonic=ticking))
    return ticking


def _event(phase: Phase, steps: int, done: float | None, **metrics: Any) -> Event:
    if phase == "search":
        metrics = {"generation": 3, "best_so_far": -62.0, "mean": -1200.5, **metrics}
    return Event(phase, Usage(steps, 20), done, metrics)


def _metered(*moments: tuple[float, Event]) -> Meter:
    meter = Meter()
    for now, event in moments:
        meter.update(event, now)
    return meter


def test_speed_and_time_left_follow_from_what_has_passed() -> None:
    meter = _metered((10.0, _event("search", 1_000, 0.1)), (14.0, _event("search", 9_000, 0.5)))
    assert meter.speed == 2_000
    assert meter.seconds_left == pytest.approx(5.0)


def test_what_an_earlier_session_did_is_not_counted_as_speed() -> None:
    meter = _metered((0.0, _event("search", 1_000_000, 0.5)), (2.0, _event("search", 1_000_100, 0.6)))
    assert meter.speed == 50
    assert meter.seconds_left == pytest.approx(8.0)


def test_nothing_is_said_that_nobody_can_know() -> None:
    first = _event("search", 500, 0.2)
    once = _metered((0.0, first))
    assert once.speed is None
    assert once.seconds_left is None
    assert describe(first, once) == "generation 3  best -62.0  mean -1,200.5"
    assert left(first, once) == ""
    endless = _metered((0.0, _event("search", 0, None)), (1.0, _event("search", 300, None)))
    assert left(_event("search", 300, None), endless) == ""


def test_an_event_is_told_with_its_interval_where_there_is_one() -> None:
    meter = Meter()
    assert describe(_event("selection", 9, 0.1, mean=3.0), meter) == "20 episodes  mean 3.000"
    found = _event("evaluation", 9, 0.1, mean=-85.04, low=-85.7, high=-84.4)
    assert describe(found, meter) == "20 episodes  mean -85.0 [-85.7, -84.4]"
    proof = _event("evaluation", 9, 0.1, successes=19, low=0.8, high=0.999)
    assert describe(proof, meter) == "20 episodes  95.0% succeed [80.0%, 99.9%]"


def test_a_start_on_trial_is_named_for_its_scores_begin_anew() -> None:
    told = describe(_event("search", 500, 0.2, start=2), Meter())
    assert told == "generation 3  start 2 on trial  best -62.0  mean -1,200.5"


def test_numbers_and_times_are_short() -> None:
    assert [short(v) for v in (7.4, 999, 12_345, 1_400_000, 174e6)] == ["7", "999", "12.3k", "1.4M", "174.0M"]
    assert [duration(v) for v in (0.2, 70, 150, 5_000, 9_000)] == ["1 s", "70 s", "2 min", "83 min", "2.5 h"]


def test_lines_come_every_few_seconds_and_rarer_in_a_long_run(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    begun = clock.now
    with progress(quiet=False) as observe:
        for second in range(1, 2001):
            clock.now = begun + second
            observe(_event("search", 100 * second, second / 4_000))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "search   0%  67 min left  generation 3  best -62.0  mean -1,200.5  100 steps/s"
    assert 60 < len(lines) < 130


def test_a_race_within_the_search_is_measured_on_its_own(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with progress(quiet=False) as observe:
        for phase, steps, seconds in [
            ("selection", 50, 1),
            ("search", 900, 60),
            ("selection", 10, 2),
            ("selection", 30, 4),
        ]:
            clock.now += seconds
            observe(_event(phase, steps, 0.5, mean=1.0))  # type: ignore[arg-type]
    said = capsys.readouterr().err.splitlines()
    assert "5 steps/s" in said[-1], "20 steps in the 4 seconds of the second race"


def test_a_terminal_shows_a_bar_for_each_phase_and_none_has_time_left_when_it_is_over(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(
        "rich.console.Console", lambda stderr: Console(file=screen, force_terminal=True, width=80, color_system=None)
    )
    with progress(quiet=False) as observe:
        for phase, steps, done in [
            ("search", 10, 0.1),
            ("search", 20, 0.2),
            ("selection", 5, 1.0),
            ("evaluation", 7, 1.0),
        ]:
            clock.now += 1
            observe(_event(phase, steps, done, mean=2.0, low=1.5, high=2.5))  # type: ignore[arg-type]
    last = [line.split() for line in screen.getvalue().splitlines()[-4:-1]]
    assert [line[0].rpartition("K")[2] for line in last] == ["search", "selection", "evaluation"]
    assert [line[1] for line in last] == ["100%"] * 3
    assert "left" not in " ".join(last[0])
    assert "[1.500," in last[2]


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str], clock: Clock) -> None:
    with progress(quiet=True) as observe:
        clock.now += 100
        observe(_event("search", 100, 0.5))
    assert capsys.readouterr().err == ""
