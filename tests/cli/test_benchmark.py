"""`poise benchmark` as a user types it: what it prints, how it is stopped, and how it goes on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.suites.made_up import results_of

from poise.__main__ import run as command
from poise.cli import benchmark_progress as module
from poise.cli.benchmark import report
from poise.cli.benchmark_progress import benchmark_progress
from poise.suites.benchmark import Benchmark, Standing
from poise.suites.suite import read

SUITE = """
seeds = 1
environments = [{{label = "walk", env = "poise.testing.troubles:Trouble-v0"{args}}}]
optimizers = ["cem"]
policies = ["linear"]
[train]
max_steps = {steps}
selection_episodes = 3
evaluation_episodes = 5
"""


def _suite(tmp_path: Path, args: str = "", steps: int = 200) -> str:
    file = tmp_path / "walk.toml"
    file.write_text(SUITE.format(args=args, steps=steps))
    return str(file)


def test_it_prints_a_table_and_one_json_object(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    suite = _suite(tmp_path)
    assert command(["benchmark", suite, "--workers", "1", "--quiet"]) == 0
    said = capsys.readouterr()
    assert [line.split()[0] for line in said.out.splitlines()] == [
        "walk", "cem", "random_search", "all,", "cem", "random_search", "written",
    ]  # fmt: skip
    assert said.err == ""
    assert (tmp_path / "runs" / "suites" / "walk" / "table.md").exists()
    assert command(["benchmark", suite, "--json", "--quiet"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["runs"], result["finished"], result["failed"], result["interrupted"]) == (2, 2, {}, False)
    assert result["environments"]["walk"]["cem"]["runs"] == 1


def test_a_failed_run_is_said_and_the_code_tells_whose_fault_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite = read(_suite(tmp_path))
    results = results_of(suite, {("walk", "cem"): [None], ("walk", "random_search"): [3.0]})
    assert report(Benchmark(tmp_path, results, interrupted=False, faults=0), "", as_json=False) == 2
    said = capsys.readouterr()
    assert "failed: walk, cem, seed 0: it | broke\n" in said.err
    assert "1 of 2 runs have no result; the same command tries them again" in said.err
    assert report(Benchmark(tmp_path, results, interrupted=False, faults=1), "", as_json=False) == 1


def test_a_suite_that_makes_no_sense_is_one_message_and_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "s.toml").write_text('enviroments = ["CartPole-v1"]')
    assert command(["benchmark", str(tmp_path / "s.toml"), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr()
    assert "Did you mean 'environments'" in said.err
    assert said.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_ctrl_c_keeps_all_says_how_to_go_on_and_the_same_command_does(tmp_path: Path) -> None:
    suite, out = _suite(tmp_path, ", env_args = {step_seconds = 0.001}", steps=800), tmp_path / "out"
    # Where the tests run in the background, Ctrl-C is ignored by whatever they start, unless it is told otherwise.
    listening = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    program = f"{listening}from poise.__main__ import main; main()"
    arguments = [sys.executable, "-c", program, "benchmark", suite, "--out", str(out), "--workers", "1", "--json"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        begun = out / "cells" / "walk" / "cem" / "0" / "metrics.jsonl"
        deadline = time.monotonic() + 60
        while not (begun.exists() and begun.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 3
    result = json.loads(output)
    assert result["interrupted"]
    assert result["finished"] < result["runs"] == 2
    assert f"Go on with: poise benchmark {suite} --out {out}" in errors
    assert "Traceback" not in errors
    steps = len(begun.read_text().splitlines())
    assert command(["benchmark", suite, "--out", str(out), "--workers", "1", "--quiet"]) == 0
    assert len(begun.read_text().splitlines()) > steps
    assert len((out / "results.jsonl").read_text().splitlines()) == 2


def test_progress_counts_runs_and_says_what_is_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 100.0
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now))
    standing = Standing(total=10, kept=2, finished=2)
    with benchmark_progress(quiet=False) as observe:
        observe(standing)
        now += 10
        standing.finished, standing.failed, standing.latest = 5, {"a": "b"}, "CartPole-v1, cem, seed 3: 500.0"
        standing.running = {"x": 0.5}
        observe(standing)
    assert capsys.readouterr().err == (
        "5 of 10 runs (2 from before), 1 failed  8 s left  CartPole-v1, cem, seed 3: 500.0\n"
    )
    assert module._under_way(standing) == "x 50%"
