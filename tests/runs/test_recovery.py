"""A stopped run goes on from the last checkpoint that is good, and its files are cut to just that."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import poise
from poise.errors import InvalidFileError, NewerVersionError, RunInUseError
from poise.runs import saver
from poise.runs.directory import RunDirectory

SETTINGS: dict[str, Any] = {
    "seed": 3,
    "optimizer": "cma_es",
    "max_episodes": 200,
    "selection_episodes": 3,
    "evaluation_episodes": 3,
    "workers": 1,
    "engine": "gymnasium",
    "policy": "linear",
    "env_args": {"sutton_barto_reward": True},  # no return is above 0: the search does not end early
}
SAME = ("metrics.jsonl", "policy.json", "evaluation.json")


class _Enough(BaseException):
    """Ends a run from inside, as nothing in poise would."""


def _stop_after(generations: int) -> Any:
    def observe(event: Any) -> None:
        if event.phase == "search" and event.metrics["generation"] == generations:
            raise _Enough

    return observe


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that went to its end, and the same run killed after its eighth generation."""
    path = tmp_path_factory.mktemp("recovery")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(saver, "LEAST_SECONDS", 0.0)
        patch.setattr(saver, "LARGEST_SHARE", 1e9)
        poise.train("CartPole-v1", out=path / "whole", **SETTINGS)
        with pytest.raises(_Enough):
            poise.train("CartPole-v1", out=path / "killed", observe=_stop_after(8), **SETTINGS)
    return path


@pytest.fixture
def killed(runs: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(runs / "killed", tmp_path / "killed"))


def _resume_and_compare(runs: Path, killed: Path) -> None:
    poise.resume(killed, workers=1)
    for name in SAME:
        assert (killed / name).read_bytes() == (runs / "whole" / name).read_bytes(), name


def _damage(file: Path) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])


def test_the_checkpoint_before_the_last_is_kept_and_a_damaged_one_falls_back_to_it(
    runs: Path, killed: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _damage(killed / "checkpoint")
    _resume_and_compare(runs, killed)
    assert "checkpoint is damaged" in caplog.text
    assert "going on from generation 7" in caplog.text
    assert (killed / "checkpoint.damaged").exists()


def test_killed_between_the_two_renames_the_one_before_is_taken(runs: Path, killed: Path) -> None:
    (killed / "checkpoint").unlink()
    _resume_and_compare(runs, killed)


def test_with_both_damaged_the_message_says_how_to_begin_again(runs: Path, killed: Path) -> None:
    for name in ("checkpoint", "checkpoint.previous"):
        _damage(killed / name)
    with pytest.raises(InvalidFileError, match="remove these files") as raised:
        poise.resume(killed)
    assert not (killed / "lock").exists()
    for name in ("checkpoint", "checkpoint.previous"):
        assert str(killed / name) in str(raised.value)
        (killed / name).unlink()
    _resume_and_compare(runs, killed)


@pytest.mark.parametrize("torn", [b'{"generation": 9, "sco', b"\0" * 50, b"\xff\xfe\n[1]\n", b'{"generation": 9}\n'])
def test_what_follows_the_lines_that_the_checkpoint_knows_is_cut(
    runs: Path, killed: Path, caplog: pytest.LogCaptureFixture, torn: bytes
) -> None:
    for name in ("metrics.jsonl", "timings.jsonl"):
        with (killed / name).open("ab") as file:
            file.write(torn)
    _resume_and_compare(runs, killed)
    assert ("ends in a torn line" in caplog.text) == (not torn.endswith(b"}\n"))
    assert len((killed / "timings.jsonl").read_bytes().splitlines()) == len(RunDirectory(killed).read_metrics())


def test_a_line_that_the_last_checkpoint_knows_and_the_disk_does_not_is_played_again(
    runs: Path, killed: Path, caplog: pytest.LogCaptureFixture
) -> None:
    metrics = killed / "metrics.jsonl"
    metrics.write_bytes(metrics.read_bytes()[:-20])
    _resume_and_compare(runs, killed)
    assert "only 7 whole lines of the 8" in caplog.text


def test_lost_lines_are_not_passed_over(killed: Path) -> None:
    (killed / "metrics.jsonl").unlink()
    with pytest.raises(InvalidFileError, match="only 0 whole lines of the 8"):
        poise.resume(killed)


def test_a_newer_checkpoint_is_not_taken_for_a_damaged_one(killed: Path) -> None:
    file = killed / "checkpoint"
    file.write_bytes(file.read_bytes().replace(b'"version": 2', b'"version": 99', 1))
    with pytest.raises(NewerVersionError, match="made by a newer poise"):
        poise.resume(killed)
    assert file.exists()


def test_half_written_files_of_a_killed_process_are_swept_away(runs: Path, killed: Path) -> None:
    (killed / ".checkpoint.abc123.tmp").write_text("half")
    _resume_and_compare(runs, killed)
    assert not list(killed.glob(".*"))


def test_a_run_at_work_is_not_resumed_a_second_time(killed: Path) -> None:
    directory = RunDirectory.existing(killed)
    directory.take()
    with pytest.raises(RunInUseError, match="in use by another poise"):
        poise.resume(killed)
    directory.close()


def test_a_larger_budget_gives_the_bytes_of_a_run_that_had_it_from_the_start(runs: Path, tmp_path: Path) -> None:
    short = tmp_path / "short"
    poise.train("CartPole-v1", out=short, **{**SETTINGS, "max_episodes": 60})
    poise.resume(short, max_episodes=200, workers=1)
    for name in SAME:
        assert (short / name).read_bytes() == (runs / "whole" / name).read_bytes(), name


@pytest.mark.parametrize("step", ["poise.runs.checkpoint.save", "poise.runs.directory.RunDirectory.write_config"])
def test_reopening_for_a_larger_budget_may_be_cut_short_anywhere(
    runs: Path, tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(shutil.copytree(runs / "whole", tmp_path / "run"))

    def die(*_: object) -> None:
        raise _Enough

    with monkeypatch.context() as patch:
        patch.setattr(step, die)
        with pytest.raises(_Enough):
            poise.resume(path, max_episodes=300)
    _resume_and_compare(runs, path)


def test_where_nothing_is_left_to_gain_a_larger_budget_changes_nothing(tmp_path: Path) -> None:
    settings = {**SETTINGS, "env_args": {}, "confirmation_episodes": 3}
    run = poise.train("CartPole-v1", out=tmp_path / "run", **settings)
    assert "nothing left to gain" in run.result["stopped_because"]
    before = {name: (run.path / name).read_bytes() for name in SAME}
    again = poise.resume(run.path, max_episodes=500)
    assert again.result["evaluation"] == run.result["evaluation"]
    assert before == {name: (run.path / name).read_bytes() for name in SAME}
