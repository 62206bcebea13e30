"""Processors are counted as this process may use them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from poise.errors import InvalidValueError
from poise.rollouts import cores
from poise.rollouts.cores import check_workers, usable_cores


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs a system that binds processes to processors")
def test_processors_this_process_may_not_use_do_not_count() -> None:
    mine = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(mine)})
        assert usable_cores() == 1
    finally:
        os.sched_setaffinity(0, mine)


@pytest.mark.parametrize(("limit", "granted"), [("150000 100000", 2), ("50000 100000", 1), ("max 100000", 5)])
def test_a_container_s_limit_counts(limit: str, granted: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cpu.max").write_text(limit + "\n", encoding="ascii")
    monkeypatch.setattr(cores, "_CGROUPS", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(5)), raising=False)
    assert usable_cores() == granted


def test_workers_are_as_many_as_asked_for() -> None:
    assert check_workers(7) == 7
    assert check_workers(None) == usable_cores() >= 1
    with pytest.raises(InvalidValueError, match="at least 1 worker, got 0"):
        check_workers(0)
