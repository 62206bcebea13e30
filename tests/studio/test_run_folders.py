"""Looking for runs sparingly: what is at work, comes or goes is seen at once, and a look through all is rare."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.studio.runs_by_hand import age, write_run

from poise.studio import run_folders
from poise.studio.run_folders import RunFolders
from poise.studio.run_index import RunIndex


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look counts as one that takes long, and is spared for an hour."""
    monkeypatch.setattr(run_folders, "LONG_SECONDS", 0.0)
    monkeypatch.setattr(run_folders, "SHARE", 1e-9)


def test_the_last_changed_comes_first(tmp_path: Path) -> None:
    for name, seconds in (("a/b/old", 300.0), ("new", 100.0), ("a/middle", 200.0)):
        write_run(tmp_path, name, means=[10], age_seconds=seconds)
    assert list(RunFolders(tmp_path).find()) == ["new", "a/middle", "a/b/old"]


@pytest.mark.usefixtures("long")
def test_runs_that_come_and_go_are_seen_at_once(tmp_path: Path) -> None:
    write_run(tmp_path, "env/one", means=[10])
    folders = RunFolders(tmp_path)
    assert set(folders.find()) == {"env/one"}
    write_run(tmp_path, "env/two", means=[10])
    assert set(folders.find()) == {"env/one", "env/two"}
    write_run(tmp_path, "another/three", means=[10])
    assert set(folders.find()) == {"env/one", "env/two", "another/three"}
    shutil.rmtree(tmp_path / "env" / "one")
    assert set(folders.find()) == {"env/two", "another/three"}


@pytest.mark.usefixtures("long")
def test_only_runs_at_work_are_looked_at_before_the_next_look_through_all(tmp_path: Path) -> None:
    for name in ("resting", "at work"):
        write_run(tmp_path, name, means=[10])
    folders = RunFolders(tmp_path)
    before = dict(folders.find())
    for name in before:
        age(tmp_path / name, 5)
    after = folders.find(["at work"])
    assert after["resting"] == before["resting"]
    assert after["at work"] != before["at work"]
    folders._until = 0.0
    assert folders.find()["resting"] != before["resting"]


@pytest.mark.usefixtures("long")
def test_a_run_at_work_moves_and_ends_in_the_list(tmp_path: Path) -> None:
    path = write_run(tmp_path, "env/x", means=[10], running=True)
    index = RunIndex(tmp_path)
    assert [(row.state, row.steps) for row in index.rows()] == [("running", 100)]
    with (path / "metrics.jsonl").open("a") as file:
        file.write((path / "metrics.jsonl").read_text().replace('"steps": 100', '"steps": 900'))
    assert [(row.state, row.steps) for row in index.rows()] == [("running", 900)]
    (path / "lock").unlink()
    assert [(row.state, row.steps) for row in index.rows()] == [("stopped", 900)]


def test_what_takes_no_time_is_looked_at_each_time(tmp_path: Path) -> None:
    write_run(tmp_path, "x", means=[10])
    folders = RunFolders(tmp_path)
    before = folders.find()["x"]
    age(tmp_path / "x", 5)
    assert folders.find()["x"] != before
