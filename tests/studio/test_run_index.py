"""The list of runs: true to the files, cheap where nothing has changed, and never stopped by what it finds."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.studio.runs_by_hand import GOOD, age, generation, write_run

from poise.studio import run_index
from poise.studio.run_index import CURVE_POINTS, RunIndex, last_line, sample_lines


def states(root: Path) -> dict[str, str]:
    return {row.id: row.state for row in RunIndex(root).rows()}


def test_every_run_is_found_with_its_state(tmp_path: Path) -> None:
    write_run(tmp_path, "CartPole-v1/done", means=[10, 20], result=499.0, weights=GOOD)
    write_run(tmp_path, "CartPole-v1/under way", means=[10], running=True)
    write_run(tmp_path, "killed", means=[10])
    write_run(tmp_path, "a/b/empty")
    write_run(tmp_path, "damaged", means=[10])
    (tmp_path / "damaged" / "config.json").write_text("{")
    write_run(tmp_path, "without config", means=[10])
    (tmp_path / "without config" / "config.json").unlink()
    write_run(tmp_path, "metrics damaged", means=[10])
    (tmp_path / "metrics damaged" / "metrics.jsonl").write_text("no json\n")
    (tmp_path / "no run").mkdir()
    (tmp_path / ".hidden").mkdir()
    assert states(tmp_path) == {
        "CartPole-v1/done": "finished",
        "CartPole-v1/under way": "running",
        "killed": "stopped",
        "a/b/empty": "empty",
        "damaged": "broken",
        "without config": "broken",
        "metrics damaged": "broken",
    }


def test_a_run_runs_while_the_process_in_its_lock_lives(tmp_path: Path) -> None:
    path = write_run(tmp_path, "x", means=[10], running=True)
    assert states(tmp_path) == {"x": "running"}
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    (path / "lock").write_text(f"{child.pid}\n")  # it was killed, and left its lock behind
    assert states(tmp_path) == {"x": "stopped"}
    (path / "lock").unlink()
    age(path, 0)
    assert states(tmp_path) == {"x": "stopped"}


def test_where_the_lock_names_nobody_a_run_runs_that_has_just_written(tmp_path: Path) -> None:
    path = write_run(tmp_path, "x", means=[10])
    (path / "lock").touch()
    assert states(tmp_path) == {"x": "stopped"}
    age(path, 3)
    assert states(tmp_path) == {"x": "running"}
    (path / "policy.json").write_text("{}")  # the last act of a search that is stopped
    assert states(tmp_path) == {"x": "stopped"}


def test_what_is_known_of_a_run_counts_more_than_its_files(tmp_path: Path) -> None:
    write_run(tmp_path, "x", means=[10])
    assert RunIndex(tmp_path, lambda: {"x": True}).rows()[0].state == "running"
    write_run(tmp_path, "y", means=[10], running=True)
    row = RunIndex(tmp_path, lambda: {"y": False}).row("y")
    assert row is not None
    assert row.state == "stopped"


def test_a_row_says_what_the_files_say(tmp_path: Path) -> None:
    write_run(tmp_path, "x", means=[10, 30], result=499.0, weights=GOOD, seed=7, age_seconds=100)
    row = RunIndex(tmp_path).row("x")
    assert row is not None
    assert (row.env, row.how, row.seed) == ("CartPole-v1", "linear · snes", 7)
    assert (row.generations, row.steps, row.best) == (2, 200, 40.0)
    assert row.result is not None
    assert (row.result["mean"], row.result["low"], row.result["episodes"]) == (499.0, 498.0, 1000)
    assert row.changed == pytest.approx(time.time() - 100, abs=5)
    assert RunIndex(tmp_path).row("y") is None


def test_a_run_that_has_not_changed_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        write_run(tmp_path, f"run-{number}", means=[10], result=20.0, weights=GOOD)
    read: list[str] = []
    real = run_index._read

    def counted(identifier: str, *rest: Any) -> Any:
        read.append(identifier)
        return real(identifier, *rest)

    monkeypatch.setattr(run_index, "_read", counted)
    index = RunIndex(tmp_path)
    index.rows()
    assert len(read) == 5
    index.rows()
    assert len(read) == 5
    age(tmp_path / "run-3", 1000)
    index.rows()
    assert read[5:] == ["run-3"]


def test_a_run_that_was_deleted_leaves_the_list(tmp_path: Path) -> None:
    path = write_run(tmp_path, "x", means=[10])
    index = RunIndex(tmp_path)
    assert [row.id for row in index.rows()] == ["x"]
    for file in path.iterdir():
        file.unlink()
    assert index.rows() == []
    assert index.curve("x") == []


def test_no_folder_is_no_runs(tmp_path: Path) -> None:
    assert RunIndex(tmp_path / "nowhere").rows() == []


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    write_run(tmp_path / "elsewhere", "x", means=[10])
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "link").symlink_to(tmp_path / "elsewhere")
    assert RunIndex(tmp_path / "runs").rows() == []


@pytest.mark.parametrize("count", [1, 2, 10, CURVE_POINTS, CURVE_POINTS + 1, 1000, 20_000])
def test_a_curve_has_the_first_and_the_last_generations_and_few_between(tmp_path: Path, count: int) -> None:
    file = tmp_path / "metrics.jsonl"
    file.write_text("".join(json.dumps(generation(number, float(number))) + "\n" for number in range(1, count + 1)))
    numbers = [line["generation"] for line in sample_lines(file)]
    assert numbers == sorted(set(numbers))
    assert min(count, CURVE_POINTS // 2) <= len(numbers) <= CURVE_POINTS + 1
    assert numbers[0] == 1
    assert numbers[-1] >= count * (1 - 1.5 / CURVE_POINTS)
    last = last_line(file)
    assert last is not None
    assert last["generation"] == count


def test_a_line_half_written_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "metrics.jsonl"
    file.write_text(json.dumps(generation(1, 5.0)) + '\n{"generation": 2, "st')
    last = last_line(file)
    assert last is not None
    assert last["generation"] == 1
    assert [line["generation"] for line in sample_lines(file)] == [1]


def test_the_newest_runs_are_read_first_and_the_rest_at_the_next_looks(tmp_path: Path) -> None:
    for number in range(5):
        write_run(tmp_path, f"run-{number}", means=[1.0], age_seconds=100.0 * number)
    index = RunIndex(tmp_path)
    for known in range(1, 6):
        rows, unread = index.look(-1.0)
        assert [row.id for row in rows] == [f"run-{number}" for number in range(known)]
        assert unread == 5 - known
    assert index.look(-1.0)[1] == 0
    assert len(RunIndex(tmp_path).rows()) == 5
