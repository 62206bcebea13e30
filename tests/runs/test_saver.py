"""When a run is saved: often on a quick disk, and seldom on a slow one."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from poise.runs import directory, saver
from poise.runs.directory import RunDirectory
from poise.runs.saver import LARGEST_SHARE, LEAST_SECONDS, Saver


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in (saver, directory):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.mark.parametrize(("seconds", "saves"), [(0.001, 99), (0.02, 49), (0.2, 4), (3.0, 0)])
def test_saving_takes_its_share_of_a_search_however_slow_the_disk_is(
    seconds: float, saves: int, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[float] = []

    def write(*_: object) -> None:
        clock.now += seconds
        made.append(clock.now)

    monkeypatch.setattr(directory, "write_json", write)
    run = RunDirectory(tmp_path)
    run.write_config({})
    one = Saver(run, write)
    while clock.now < 100.0:
        clock.now += 0.01
        one.save_if_due()
    made = made[1:]  # the configuration is none
    assert len(made) == pytest.approx(saves, abs=1)
    assert len(made) * seconds <= LARGEST_SHARE * clock.now * 1.01
    longest = max(LEAST_SECONDS, seconds / LARGEST_SHARE) + seconds + 0.02
    assert all(LEAST_SECONDS <= later - earlier <= longest for earlier, later in pairwise(made))
