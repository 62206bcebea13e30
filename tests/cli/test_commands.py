"""The commands as a user types them: what stands on stdout, what on stderr, and with which code they end."""

from __future__ import annotations

import csv
import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium
import pytest

import poise
from poise.__main__ import run as command
from poise.seeding import Purpose, purpose_of

QUICK = [
    "--selection-episodes",
    "5",
    "--confirmation-episodes",
    "5",
    "--evaluation-episodes",
    "10",
    "--engine",
    "gymnasium",
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cli") / "run"
    poise.train("CartPole-v1", out=path, selection_episodes=20, evaluation_episodes=20, engine="gymnasium")
    return path


def _json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert command([*arguments, "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.out.count("\n") == 1, "one JSON object on stdout and nothing else"
    loaded: dict[str, Any] = json.loads(captured.out)
    return loaded


def test_train_prints_one_json_object_with_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = _json(capsys, "train", "CartPole-v1", "--seed", "3", "--out", str(tmp_path / "run"), *QUICK)
    assert {
        "run", "policy", "env", "parameters", "evaluation", "steps", "episodes", "seconds", "engine", "stopped_because",
    } <= result.keys()  # fmt: skip
    assert {"mean", "low", "high", "confidence", "episodes", "min", "success_rate", "method"} <= result[
        "evaluation"
    ].keys()
    for paid in (result["steps"], result["episodes"]):
        assert paid.keys() == {"search", "selection", "evaluation"}
    assert result["run"] == str(tmp_path / "run")
    assert result["engine"] == "gymnasium"
    assert result["evaluation"]["episodes"] == 10


def test_train_speaks_to_a_person(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["train", "CartPole-v1", "--out", str(tmp_path / "run"), "--quiet", *QUICK]) == 0
    captured = capsys.readouterr()
    assert "mean return 500.0" in captured.out
    assert "10 fresh episodes" in captured.out
    assert str(tmp_path / "run") in captured.out
    assert captured.err == ""


def test_runs_get_a_directory_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert command(["train", "CartPole-v1", "--quiet", *QUICK]) == 0
    assert len(list((tmp_path / "runs" / "CartPole-v1").iterdir())) == 2


def test_evaluate_prints_the_same_object_as_train(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = _json(capsys, "evaluate", str(trained), "--episodes", "12", "--engine", "gymnasium")
    reported = json.loads((trained / "evaluation.json").read_text())["evaluation"]
    assert result["evaluation"].keys() == reported.keys()
    assert result["evaluation"]["episodes"] == 12


def test_evaluated_episodes_are_fresh_and_plain_gymnasium_repeats_them(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # A clumsy policy, so that the episodes differ.
    policy = poise.Policy.create("CartPole-v1", "linear", [0.0, 0.0, 1.0, 0.1]).save(tmp_path / "p.json")
    rows_file = tmp_path / "rows.csv"
    _json(capsys, "evaluate", str(policy), "--episodes", "15", "--seed", "4", "--episodes-out", str(rows_file))
    with rows_file.open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["seed", "return", "length", "terminated", "truncated"]
    assert len({row["seed"] for row in rows}) == 15
    environment = gymnasium.make("CartPole-v1")
    for row in rows:
        assert purpose_of(int(row["seed"])) is Purpose.REEVALUATION
        observation, _ = environment.reset(seed=int(row["seed"]))
        total, length, terminated, truncated = 0.0, 0, False, False
        while not (terminated or truncated):
            observation, reward, terminated, truncated, _ = environment.step(
                1 if observation[2] + 0.1 * observation[3] > 0 else 0
            )
            total, length = total + float(reward), length + 1
        assert (repr(total), str(length), str(terminated), str(truncated)) == tuple(row.values())[1:]
    environment.close()


def test_another_seed_evaluates_other_episodes(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second, again = (
        _json(capsys, "evaluate", str(trained), "--episodes", "3", "--seed", seed)["evaluation"]["first_seed"]
        for seed in ("1", "2", "1")
    )
    assert first == again != second


def test_certify_answers_yes_and_no(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    question = ["certify", str(trained), "--probability", "0.8", "--confidence", "0.95"]
    yes = _json(capsys, *question, "--return-at-least", "100")
    assert yes["certified"] is True
    assert yes["episodes"] == yes["successes"] < 100
    no = _json(capsys, *question, "--return-at-least", "501")
    assert no["certified"] is False
    assert no["successes"] == 0
    open_ = _json(capsys, *question, "--return-at-least", "100", "--max-episodes", "3")
    assert open_["certified"] is None
    assert command([*question, "--return-at-least", "100", "--quiet"]) == 0
    assert capsys.readouterr().out.startswith("yes: P(return ≥ 100.0) ≥ 0.8 is proven at 0.95 confidence")


def test_envs_says_what_is_installed_and_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    rows = {row["env"]: row for row in _json(capsys, "envs")["environments"]}
    assert rows["CartPole-v1"]["supported"]
    assert rows["CartPole-v1"]["features"] == 4
    assert rows["CliffWalking-v1"]["time_limit_is_ours"]
    assert "CartPole-v0" not in rows
    for name, extra in (("LunarLander-v3", "box2d"), ("HalfCheetah-v5", "mujoco")):
        assert rows[name]["supported"] or f"poise[{extra}]" in rows[name]["reason"]
    assert command(["envs", "cartpole"]) == 0
    assert "MountainCar" not in capsys.readouterr().out


WRONG_USE = [
    (["train", "CartPol-v1"], "Did you mean 'CartPole-v1'"),
    (["train", "CartPole-v9"], "no environment named"),
    (["train", "nowhere:Thing-v0"], "nowhere"),
    (["train", "CartPole-v1", "--optimizer", "cma"], "Did you mean 'cma_es'"),
    (["train", "CartPole-v1", "--optimizer", "snes", "--optimizer-arg", "sigm=1"], "Did you mean 'sigma0'"),
    (["train", "CartPole-v1", "--optimizer-arg", "sigma0=1"], "expected an optimizer whose options these are"),
    (["train", "CartPole-v1", "--optimizer-arg", "sigma0"], "expected --optimizer-arg NAME=VALUE"),
    (["train", "CartPole-v1", "--policy", "liner"], "Did you mean 'linear'"),
    (["train", "CartPole-v1", "--env-arg", "gravty=1"], "does not take these arguments"),
    (["train", "CartPole-v1", "--max-steps", "-3"], "max_steps must be greater than 0"),
    (["train", "CartPole-v1", "--max-seconds", "0"], "max_seconds must be greater than 0"),
    (["train", "CartPole-v1", "--target", "nan"], "target must be a finite number"),
    (["train", "CartPole-v1", "--max-episodes", "3"], "at least one generation"),
    (["train", "CartPole-v1", "--seed", "-1"], "a seed must be an integer"),
    (["train", "CartPole-v1", "--out", "/dev/null"], "is a file"),
    (["train", "CartPole-v1", "--out", "/dev/null/run"], "cannot make"),
    (["evaluate", "/nowhere"], "there is no file"),
    (["resume", "/nowhere"], "is no run"),
    (["watch", "/nowhere"], "there is no file"),
    (["play", "CartPol-v1"], "Did you mean 'CartPole-v1'"),
    (["play", "CartPole-v1", "--race", "/nowhere"], "there is no file"),
    (["play", "CartPole-v1", "--seed", "-1"], "a seed must be an integer"),
    (["studio", "/dev/null/runs", "--host", "256.1.1.1"], "cannot listen on 256.1.1.1"),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG_USE)
def test_wrong_use_is_one_clear_message_and_code_2(
    arguments: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command(arguments) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["trian"], "Did you mean 'train'"),
        (["train", "CartPole-v1", "--sed", "3"], "--seed"),
        (["train"], "Missing argument"),
        (["train", "CartPole-v1", "--seed", "x"], "seed"),
        (["watch", "x", "--port", "99999"], "--port"),
        (["certify", "x"], "Missing option"),
    ],
)
def test_a_mistyped_command_line_is_explained(arguments: list[str], words: str) -> None:
    done = subprocess.run([sys.executable, "-m", "poise", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["evaluate", "{}", "--episodes", "1"], "at least 2 evaluation episodes"),
        (["evaluate", "{}", "--episodes", "-5"], "at least 2 evaluation episodes"),
        (["evaluate", "{}", "--episodes", "0"], "at least 2 evaluation episodes"),
        (["evaluate", "{}", "--episodes", "2", "--confidence", "1.5"], "between 0 and 1"),
        (["evaluate", "{}", "--episodes", "2", "--episodes-out", "/nowhere/x.csv"], "cannot write"),
        (["certify", "{}", "--return-at-least", "1", "--probability", "1"], "probability"),
        (["certify", "{}", "--return-at-least", "1", "--probability", "0.5", "--confidence", "0"], "confidence"),
        (["certify", "{}", "--return-at-least", "inf", "--probability", "0.5"], "finite return"),
    ],
)
def test_numbers_out_of_range_are_explained(
    trained: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command([a.format(trained) for a in arguments]) == 2
    assert words in capsys.readouterr().err


def test_debug_shows_the_traceback() -> None:
    with pytest.raises(poise.PoiseError):
        command(["train", "CartPol-v1", "--debug"])


def test_a_fault_of_poise_is_code_1_and_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: str) -> None:
        raise RuntimeError("a bolt came loose")

    importlib.import_module("poise.runs.assess")  # or it would begin its life with the function that fails
    monkeypatch.setattr("poise.runs.policy.load", fail)
    assert command(["evaluate", "x"]) == 1
    assert "a bolt came loose" in (said := capsys.readouterr().err)
    assert "--debug" in said
    assert "Traceback" not in said


def test_one_real_episode_is_counted_in_the_singular(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frugal = ["--frugal", "--evaluation-episodes", "10", "--quiet"]
    assert command(["train", "CartPole-v1", "--seed", "3", "--out", str(tmp_path / "run"), *frugal]) == 0
    assert "search 1 episode (500 steps)" in capsys.readouterr().out


def test_export_writes_what_is_asked_for(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begins = {"html": b"<!doctype html>", "gif": b"GIF89a", "webm": b"\x1a\x45\xdf\xa3", "csv": b"step,"}
    wanted = [part for kind in begins for part in (f"--{kind}", str(tmp_path / f"episode.{kind}"))]
    assert command(["export", str(trained), "--seed", "5", *wanted]) == 0
    for kind, magic in begins.items():
        assert (tmp_path / f"episode.{kind}").read_bytes()[: len(magic)].lower() == magic.lower()


@pytest.mark.parametrize(
    ("name", "words"),
    [("export", "needs poise[video]"), ("train", "The run's directory. [default: runs/ENV/TIME-SEED]")],
)
def test_help_shows_what_stands_in_brackets(name: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command([name, "--help"]) == 0
    assert words in " ".join(capsys.readouterr().out.split())
