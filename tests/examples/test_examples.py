"""Every example does what its first line says."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

import poise

EXAMPLES = Path(__file__).parents[2] / "examples"
SERVING = ("from_scratch.py", "watch_a_policy.py")


def _run(name: str, *arguments: str | Path, cwd: Path) -> str:
    command = [sys.executable, "-W", "error", str(EXAMPLES / name), *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_play_one_policy_shows_the_dot_product(tmp_path: Path) -> None:
    said = _run("play_one_policy.py", cwd=tmp_path)
    assert "push right" in said
    assert "0.05900" in said  # 0.2 × 0.207 + 0.05 × 0.352
    assert "observations recorded" in said


def test_best_of_ten_prints_six_figures(tmp_path: Path) -> None:
    figures = [float(line.rpartition(":")[2]) for line in _run("best_of_ten.py", cwd=tmp_path).splitlines()]
    assert len(figures) == 6
    one, ten, flipped, *_, hundred, hundred_flipped = figures
    assert one <= ten
    assert flipped < 50, "weights that are all negative push the wrong way"
    assert min(hundred, hundred_flipped) > flipped


def test_best_of_hundred_counts_the_disappointments(tmp_path: Path) -> None:
    said = _run("best_of_hundred.py", "--tries", "4", "--trials", "20", "--svg", "h.svg", cwd=tmp_path)
    assert said.count("chosen by a score of") == 4
    chosen, true = map(float, re.search(r"chosen by ([\d.]+), true ([\d.]+)", said).groups())  # type: ignore[union-attr]
    assert true <= chosen <= 500
    assert (tmp_path / "h.svg").read_text().count("<rect") == 40


def test_the_honest_way_ends_in_a_certificate(tmp_path: Path) -> None:
    said = _run("honest_way.py", "--out", "run", cwd=tmp_path)
    assert "fresh episodes" in said
    assert "yes, after" in said


def test_an_environment_of_ones_own_is_compiled_and_solved(tmp_path: Path) -> None:
    assert "engine kernel: 500.0" in _run("ball_and_beam.py", "--out", "run", cwd=tmp_path)


def test_a_policy_file_acts_without_poise(tmp_path: Path) -> None:
    poise.Policy.create("CartPole-v1", "linear", [0.059, 0.112, 0.959, 0.253]).save(tmp_path / "policy.json")
    assert _run("policy_without_poise.py", "policy.json", cwd=tmp_path).strip() == "CartPole-v1, seed 7: 500"
    assert "import poise" not in (EXAMPLES / "policy_without_poise.py").read_text()


@pytest.mark.parametrize("name", SERVING)
def test_an_example_that_serves_shows_a_page_and_its_data_and_ends_on_ctrl_c(name: str, tmp_path: Path) -> None:
    # Where the tests run in the background, Ctrl-C is ignored by whatever they start, unless it is told otherwise.
    listening = "import runpy, signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); del sys.argv[0]; "
    listening += "runpy.run_path(sys.argv[0], run_name='__main__')"
    command = [sys.executable, "-W", "error", "-c", listening, str(EXAMPLES / name), "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = ""
        for line in process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                address = found[0]
                break
        assert address
        try:
            with urllib.request.urlopen(address + "/", timeout=20) as page:
                assert b"<canvas" in (content := page.read()) or b"<script" in content
            with urllib.request.urlopen(address + "/data", timeout=20) as data:
                states = json.loads(data.read())
        finally:
            process.send_signal(signal.SIGINT)
            try:
                _, errors = process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
    assert len(states) > 10
    assert all(len(state) == 4 for state in states)
    assert "Traceback" not in errors


def test_the_version_from_scratch_needs_no_poise() -> None:
    text = (EXAMPLES / "from_scratch.py").read_text()
    assert "import poise" not in text
    assert "from poise" not in text


def test_every_example_is_tested() -> None:
    tested = Path(__file__).read_text()
    assert [p.name for p in EXAMPLES.glob("*.py") if p.name not in tested] == []


def test_the_first_episode_ever_played_is_drawn(tmp_path: Path) -> None:
    said = _run("first_episode.py", "--svg", "first.svg", cwd=tmp_path)
    assert "the first episode ever played: 500 steps, from 500 real ones" in said
    assert (tmp_path / "first.svg").read_text().count("<polyline") == 2
