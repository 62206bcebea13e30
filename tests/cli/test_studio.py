"""`poise studio` and `poise train --studio`: what they print is where the page is, and Ctrl-C ends them in peace."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from poise.__main__ import run as command

PATIENCE_SECONDS = 60.0


def start(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "poise", *arguments]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd)


def read_json(url: str) -> dict[str, object]:
    with urllib.request.urlopen(url, timeout=10) as answer:
        found: dict[str, object] = json.load(answer)
    return found


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals between processes")
def test_the_studio_says_where_it_is_and_ends_by_ctrl_c(tmp_path: Path) -> None:
    with start("studio", str(tmp_path), "--port", "0", "--json", cwd=tmp_path) as child:
        assert child.stdout is not None
        said = json.loads(child.stdout.readline())
        assert said["runs"] == str(tmp_path)
        assert read_json(f"{said['address']}api/runs")["total"] == 0
        child.send_signal(signal.SIGINT)
        output, errors = child.communicate(timeout=PATIENCE_SECONDS)
    assert (child.returncode, output, errors) == (0, "", "")


def test_a_file_is_no_folder_of_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "policy.json"
    file.touch()
    assert command(["studio", str(file)]) == 2
    assert f"poise watch {file}" in capsys.readouterr().err


def test_what_cannot_be_trained_is_said_before_the_page_is_served(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["train", "CartPol-v1", "--studio"]) == 2
    assert "Did you mean 'CartPole-v1'" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals between processes")
def test_train_in_the_studio_passes_every_option_on_and_stops_with_it(tmp_path: Path) -> None:
    options = ("--seed", "5", "--policy", "linear", "--no-common-episodes", "--optimizer", "snes")
    more = ("--optimizer-arg", "population=8", "--max-steps", "100000000", "--engine", "gymnasium")
    with start("train", "Pendulum-v1", *options, *more, "--studio", "--out", "here/mine", cwd=tmp_path) as child:
        assert child.stdout is not None
        url = child.stdout.readline().split()[4]
        assert url.endswith("/runs/mine")
        end = time.monotonic() + PATIENCE_SECONDS
        while not (tmp_path / "here/mine/checkpoint").exists():
            assert time.monotonic() < end
            time.sleep(0.1)
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=PATIENCE_SECONDS)
    assert child.returncode == 0
    train = json.loads((tmp_path / "here/mine/config.json").read_text())["train"]
    assert (train["seed"], train["policy"], train["common_episodes"]) == (5, "linear", False)
    assert (train["optimizer"], train["optimizer_args"], train["engine"]) == ("snes", {"population": 8}, "gymnasium")
    assert (tmp_path / "here/mine/policy.json").exists()
