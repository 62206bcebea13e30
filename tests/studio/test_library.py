"""Policies are found by the checked name of their run, and nothing outside the folder of the runs can be named."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from tests.studio.runs_by_hand import GOOD, write_run

import poise
from poise.errors import InvalidValueError
from poise.studio.library import Library, RunGoneError
from poise.studio.source import Watched


def test_the_policy_of_a_run_can_be_played(tmp_path: Path) -> None:
    write_run(tmp_path, "CartPole-v1/x", means=[1], weights=GOOD, result=500.0)
    player = Library(None, tmp_path).player("CartPole-v1/x")
    assert player.watched.certificate == "mean return 500.0 [499.0, 501.0], 1,000 fresh episodes"
    assert asyncio.run(player.episode(3)).recording.score == 500.0
    player.close()


@pytest.mark.parametrize(
    "name", ["..", "../x", "a/../../x", "/etc", "", "a//b", ".", "a/.", "a\\b", "a\0b", ".x", "x" * 301]
)
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    write_run(tmp_path, "x", means=[1], weights=GOOD)
    with pytest.raises(InvalidValueError, match="Expected the name of a run"):
        Library(None, tmp_path / "runs").directory(name)


def test_a_link_out_of_the_folder_is_no_run(tmp_path: Path) -> None:
    write_run(tmp_path, "elsewhere", means=[1], weights=GOOD)
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "x").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunGoneError):
        Library(None, tmp_path / "runs").player("x")


def test_what_is_not_there_is_said_in_words(tmp_path: Path, cartpole: Watched) -> None:
    write_run(tmp_path, "young", means=[1])
    with pytest.raises(RunGoneError, match="There is no run x"):
        Library(None, tmp_path).player("x")
    with pytest.raises(RunGoneError, match="no policy yet"):
        Library(None, tmp_path).player("young")
    with pytest.raises(RunGoneError, match="opened on no policy"):
        Library(None, tmp_path).player(None)
    with pytest.raises(RunGoneError, match="without a folder"):
        Library(cartpole, None).player("x")


def test_a_policy_is_read_again_once_its_file_has_changed(tmp_path: Path) -> None:
    path = write_run(tmp_path, "x", means=[1], weights=GOOD)
    library = Library(None, tmp_path, remembered_policies=1)
    first = library.player("x")
    assert library.player("x") is first
    os.utime(path / "policy.json", (1, 1))
    assert library.player("x") is not first


def test_a_policy_that_is_kept_in_the_same_tick_as_the_last_checkpoint_is_another(tmp_path: Path) -> None:
    poise.train("CartPole-v1", out=tmp_path / "x", max_episodes=64, selection_episodes=1, evaluation_episodes=2, seed=1)
    kept, result = tmp_path / "x" / "policy.json", tmp_path / "x" / "evaluation.json"
    policy, evaluation = kept.read_bytes(), result.read_bytes()
    kept.unlink()
    result.unlink()
    library = Library(None, tmp_path)
    assert library.policy("x").certificate is None
    version = library.policy_version("x")
    kept.write_bytes(policy)
    result.write_bytes(evaluation)
    now = (tmp_path / "x" / "checkpoint").stat().st_mtime_ns
    os.utime(kept, ns=(now, now))
    assert library.policy("x").certificate is not None
    assert library.policy_version("x") != version
