"""A benchmark ends in the same files however it got there, keeps what was done, and names what failed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from poise.errors import InvalidFileError, InvalidValueError, NewerVersionError, OutputError, RunInUseError
from poise.runs.train import is_finished
from poise.suites.benchmark import Standing, run
from poise.suites.directory import locked, prepare
from poise.suites.suite import Suite, read

WALK = "poise.testing.troubles:Trouble-v0"


def _suite(tmp_path: Path, environments: str, seeds: int = 2) -> Suite:
    file = tmp_path / "suite.toml"
    file.write_text(
        f'title = "Walks"\nseeds = {seeds}\nenvironments = [{environments}]\n'
        'optimizers = ["cem"]\npolicies = ["linear"]\n'
        "[train]\nmax_steps = 300\nselection_episodes = 3\nevaluation_episodes = 5\n"
    )
    return read(file)


FINE = f'{{label = "fine", env = "{WALK}", low = -3, high = 3}}'
FILES = ("results.jsonl", "table.md", "profiles.svg", "curves/fine.svg")


def _files(path: Path) -> dict[str, bytes]:
    return {name: (path / name).read_bytes() for name in FILES}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole")
    done = run(_suite(path, FINE), path / "out", workers=2)
    assert not done.interrupted
    assert not done.results.failures
    return path / "out"


def test_every_cell_is_an_ordinary_run_and_a_line(whole: Path) -> None:
    lines = [json.loads(line) for line in (whole / "results.jsonl").read_text().splitlines()]
    assert [(line["method"], line["seed"]) for line in lines] == [
        ("cem", 0), ("cem", 1), ("random_search", 0), ("random_search", 1),
    ]  # fmt: skip
    for line in lines:
        assert is_finished(whole / line["run"])
        account = json.loads((whole / line["run"] / "evaluation.json").read_text())
        assert line["evaluation"] == account["evaluation"]
        assert line["settings"]["max_steps"] == 300
        assert "seconds" not in line
    times = [json.loads(line) for line in (whole / "times.jsonl").read_text().splitlines()]
    assert {time["run"] for time in times} == {line["run"] for line in lines}
    assert all(time["seconds"] > 0 for time in times)


def test_gone_on_with_it_keeps_what_is_finished_takes_up_what_is_not_and_ends_in_the_same_bytes(
    whole: Path, tmp_path: Path
) -> None:
    path = tmp_path / "out"
    shutil.copytree(whole, path)
    runs = sorted(file.parent for file in path.glob("cells/*/*/*/config.json"))
    (runs[0] / "evaluation.json").unlink()  # half done
    for file in runs[1].iterdir():  # killed before it had begun
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    (runs[1] / ".config.json.part").touch()
    kept = {file: file.stat().st_mtime_ns for file in (runs[2] / "policy.json", runs[3] / "policy.json")}
    for name in FILES:
        (path / name).unlink()
    seen: list[tuple[int, int, float]] = []

    def observe(standing: Standing) -> None:
        seen.append((standing.kept, standing.finished, standing.done))

    done = run(_suite(tmp_path, FINE), path, workers=1, observe=observe)
    assert _files(path) == _files(whole)
    assert {file: file.stat().st_mtime_ns for file in kept} == kept
    assert done.results.lines.keys() == {cell.name for cell in done.results.suite.cells}
    assert seen[0] == (2, 2, 0.5)
    assert seen[-1] == (2, 4, 1.0)
    assert [finished for _, finished, _ in seen] == sorted(finished for _, finished, _ in seen)


def test_a_run_that_fails_is_named_and_the_others_are_made(tmp_path: Path) -> None:
    broken = f'{{label = "broken", env = "{WALK}", env_args = {{kind = "raises"}}}}'
    done = run(_suite(tmp_path, f"{broken}, {FINE}", seeds=1), tmp_path / "out", workers=1)
    assert not done.interrupted
    assert done.faults == 0
    assert set(done.results.failures) == {"broken, cem, seed 0", "broken, random_search, seed 0"}
    assert all("a wheel came off" in reason for reason in done.results.failures.values())
    assert len(done.results.lines) == 2
    assert "a wheel came off" in (tmp_path / "out" / "table.md").read_text()


def test_runs_of_other_settings_are_not_mixed_in(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "out")
    file = tmp_path / "other.toml"
    _suite(tmp_path, FINE)
    file.write_text((tmp_path / "suite.toml").read_text().replace("max_steps = 300", "max_steps = 400"))
    with pytest.raises(OutputError, match=r"made with other settings \(max_steps\)"):
        run(read(file), tmp_path / "out")
    more = _suite(tmp_path, FINE, seeds=3)
    shutil.rmtree(tmp_path / "out" / "cells")
    assert len(more.cells) == 6
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "file").touch()
    with pytest.raises(OutputError, match="holds no benchmark"):
        run(more, tmp_path / "foreign")
    with pytest.raises(OutputError, match="is a file"):
        run(more, tmp_path / "foreign" / "file")
    (tmp_path / "out" / "suite.json").write_text("{}")
    with pytest.raises(InvalidFileError, match=r"no suite\.json"):
        run(more, tmp_path / "out")
    (tmp_path / "out" / "suite.json").write_text('{"format": "poise.suite", "version": 9}')
    with pytest.raises(NewerVersionError, match="made by a newer poise"):
        run(more, tmp_path / "out")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('environments = ["CartPol-v1"]', "Did you mean 'CartPole-v1'"),
        ('environments = ["CartPole-v1"]\noptimizers = ["cem", "snse"]', "CartPole-v1, snse: .* Did you mean 'snes'"),
        ('environments = ["CartPole-v1"]\npolicies = ["liner"]', "Did you mean 'linear'"),
        ('environments = ["CartPole-v1"]\n[train]\nengine = "gymnasum"', "Did you mean 'gymnasium'"),
        (
            'environments = ["CartPole-v1"]\noptimizers = [{optimizer = "cem", optimizer_args = {elit = 1}}]',
            "no option of cem named 'elit'",
        ),
        ('environments = ["CartPole-v1"]\nbudgets = [{max_episodes = 3}]', "at least one generation"),
        ('environments = ["CartPole-v1"]\nbudgets = [-5]', "max_steps must be greater than 0"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_written(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(InvalidFileError, match=words):
        run(read(tmp_path / "s.toml"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_fewer_than_one_worker_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="at least 1 worker"):
        run(_suite(tmp_path, FINE), tmp_path / "out", workers=0)


def test_two_at_once_do_not_meet_in_one_directory(tmp_path: Path) -> None:
    suite, path = _suite(tmp_path, FINE), tmp_path / "out"
    with locked(prepare(path, suite)), pytest.raises(RunInUseError, match="in use by another poise"):
        run(suite, path)
    with locked(path):
        pass
