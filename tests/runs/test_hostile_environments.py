"""Whatever an environment does, a run stays whole: one bad candidate ends no search, and every failure is counted."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import poise
from poise.__main__ import run as command
from poise.errors import EnvironmentFailureError

TROUBLE = "poise.testing.troubles:Trouble-v0"
SETTINGS: dict[str, Any] = {
    "seed": 1,
    "optimizer": "cma_es",
    "optimizer_args": {"population": 20},
    "policy": "linear",
    "max_episodes": 60,
    "selection_episodes": 3,
    "evaluation_episodes": 8,
    "episodes_per_candidate": (1,),
    "workers": 1,
}
SAME = ("metrics.jsonl", "policy.json", "evaluation.json")


def _train(path: Path, kind: str, **settings: Any) -> poise.Run:
    return poise.train(TROUBLE, out=path, **{**SETTINGS, "env_args": {"kind": kind}, **settings})


def test_candidates_that_the_environment_fails_have_the_worst_score_and_are_counted(tmp_path: Path) -> None:
    # It fails whoever chooses 0 in a third step.
    run = _train(tmp_path / "run", "raises when told 0", max_episodes=400)
    metrics = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    failed = run.result["failed_episodes"]
    assert failed["search"] == metrics[-1]["failed_episodes"] > 0
    assert "raised ZeroDivisionError: a wheel came off" in run.result["first_failure"]
    assert "seed" in run.result["first_failure"]
    assert run.result["episodes"]["search"] == metrics[-1]["episodes"]
    assert all(np.isfinite(line["scores"]).all() and line["scores"] for line in metrics)
    evaluation = run.result["evaluation"]
    assert evaluation["failed_episodes"] == failed["evaluation"]
    assert evaluation["episodes"] == 8
    json.dumps(dict(run.result), allow_nan=False)


def test_a_run_with_failures_is_resumed_to_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        _train(tmp_path / name, "raises when told 0", max_episodes=100 if name == "one" else 300)
    poise.resume(tmp_path / "one", max_episodes=300, workers=1)
    for name in SAME:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("raises", "step 3: raised ZeroDivisionError: a wheel came off"),
        ("exits", "step 3: raised SystemExit"),
        ("earns NaN", "expected finite rewards, got a return of nan after 5 steps"),
        ("earns infinity", "expected finite rewards, got a return of inf after 5 steps"),
        ("observes NaN", "step 4: expected a finite observation"),
        ("observes infinity", "step 4: expected a finite observation"),
        ("observes another shape", "step 4: expected an observation of 3 features, got one of 4"),
    ],
)
def test_where_every_candidate_fails_the_run_ends_in_words_and_can_be_read(
    tmp_path: Path, kind: str, words: str
) -> None:
    with pytest.raises(EnvironmentFailureError, match="failed every candidate of generation 1") as raised:
        _train(tmp_path / "run", kind)
    assert words in str(raised.value)
    assert poise.load(tmp_path / "run").certificate is None
    assert not (tmp_path / "run" / "lock").exists()


@pytest.mark.parametrize("kind", ["writes into what it returned", "seeds the global generators", "raises when closed"])
def test_what_does_no_harm_to_an_episode_changes_nothing(tmp_path: Path, kind: str) -> None:
    state = random.getstate(), repr(np.random.get_state(legacy=False))  # noqa: NPY002  the global one is what it seeds
    runs = [_train(tmp_path / name, name) for name in ("none", kind)]
    for name in ("metrics.jsonl", "evaluation.json"):
        assert (runs[0].path / name).read_bytes() == (runs[1].path / name).read_bytes()
    assert runs[0].policy.parameters.tolist() == runs[1].policy.parameters.tolist()
    recorded = [sorted((run.path / "episodes").iterdir()) for run in runs]
    assert [file.read_bytes() for file in recorded[0]] == [file.read_bytes() for file in recorded[1]]
    if kind != "seeds the global generators":
        assert state == (random.getstate(), repr(np.random.get_state(legacy=False)))  # noqa: NPY002  as above


def test_an_environment_that_never_ends_is_cut_off_and_the_output_says_so(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = ["train", "CliffWalking-v1", "--max-episodes", "20", "--evaluation-episodes", "2", "--quiet"]
    assert command([*arguments, "--policy", "linear", "--optimizer", "cma_es", "--out", str(tmp_path / "run")]) == 0
    assert "1,000 steps an episode, set by poise" in capfd.readouterr().out


def test_what_an_environment_prints_is_not_taken_for_the_result(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    common = ["--optimizer", "cma_es", "--max-episodes", "10", "--evaluation-episodes", "2", "--workers", "1"]
    out = ["--out", str(tmp_path / "run")]
    assert command(["train", TROUBLE, "--env-arg", "kind=prints", *common, *out, "--json"]) == 0
    captured = capfd.readouterr()
    assert json.loads(captured.out)["env"] == TROUBLE
    assert "this is no place to print" in captured.err
    assert command(["evaluate", str(tmp_path / "run"), "--episodes", "3", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["evaluation"]["episodes"] == 3


def test_an_evaluation_says_what_failed_and_counts_it_as_no_success(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    policy = poise.Policy.create(TROUBLE, "linear", [1.0, 0.0, 0.0], {"kind": "raises when told 0"})
    evaluation = poise.evaluate(policy, 40, threshold=-100.0, workers=1)
    assert 0 < evaluation.failed_episodes < 40
    assert evaluation.success_rate == pytest.approx(1 - evaluation.failed_episodes / 40)
    assert evaluation.first_failure is not None
    certificate = poise.certify(policy, return_at_least=-100.0, probability=0.9, max_episodes=100, workers=1)
    assert certificate.failed_episodes == certificate.episodes - certificate.successes > 0
    policy.save(tmp_path / "policy.json")
    assert command(["evaluate", str(tmp_path / "policy.json"), "--episodes", "40", "--quiet"]) == 0
    assert f"the environment failed in {evaluation.failed_episodes} of them" in capfd.readouterr().out
    always = poise.Policy.create(TROUBLE, "linear", [1.0, 0.0, 0.0], {"kind": "raises"})
    with pytest.raises(EnvironmentFailureError, match="failed in 10 of 10 episodes"):
        poise.evaluate(always, 10, workers=1)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="a process that waits for another's end")
@pytest.mark.parametrize(
    ("kind", "code", "said", "found"),
    [
        ("dies", 3, "was ended from outside", "the process that played it ended 3 times (with exit code 3)"),
        ("hangs in C", 1, "in _make_trouble", "did not return within the time limit of 1 seconds"),
    ],
)
def test_what_takes_the_command_along_is_told_and_the_resumed_run_plays_it_elsewhere(
    kind: str, code: int, said: str, found: str, tmp_path: Path
) -> None:
    def poise_command(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "poise", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)

    few = ["--optimizer", "random_search", "--policy", "linear", "--normalize", "none", "--max-episodes", "10"]
    few += ["--workers", "1", "--step-seconds", "1"]
    few += ["--selection-episodes", "1", "--evaluation-episodes", "2", "--env-arg", f"kind={kind}"]
    ended = poise_command("train", TROUBLE, "--out", "dead", *few)
    assert ended.returncode == code
    assert said in ended.stderr
    assert "was ended from outside" in ended.stderr
    assert "poise resume RUN" in ended.stderr
    resumed = poise_command("resume", "dead", "--workers", "1", "--step-seconds", "1")
    assert resumed.returncode == 2
    assert found in resumed.stderr
    assert "was ended from outside" not in resumed.stderr
