"""Runs of earlier versions are read, evaluated and gone on with; one that is newer says so.

``tests/golden/runs`` has a run for each version of the formats, stopped in the middle of its search. When a format gets
a new version, add one: `poise.train` of that version, stopped by Ctrl-C.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import poise
from poise.errors import NewerVersionError
from poise.runs import checkpoint_file, config, policy

GOLDEN = Path(__file__).parents[1] / "golden" / "runs"
RUNS = sorted(path.name for path in GOLDEN.iterdir())


def _header(file: Path) -> int:
    return int(json.loads(file.read_text().partition("\n")[0])["version"])


def test_there_is_a_run_for_each_version() -> None:
    assert {_header(GOLDEN / name / "checkpoint") for name in RUNS} == {checkpoint_file.VERSION}
    for file, version in (("config.json", config.VERSION), ("policy.json", policy.VERSION)):
        assert {json.loads((GOLDEN / name / file).read_text())["version"] for name in RUNS} == {version}


@pytest.mark.parametrize("name", RUNS)
def test_an_old_run_is_read_evaluated_and_gone_on_with(name: str, tmp_path: Path) -> None:
    path = Path(shutil.copytree(GOLDEN / name, tmp_path / name))
    assert poise.load(path).environment.id == "CartPole-v1"
    assert poise.evaluate(path, 2, workers=1).episodes == 2
    lines = (path / "metrics.jsonl").read_bytes()
    run = poise.resume(path, workers=1)
    assert run.result["evaluation"]["episodes"] == 3
    assert (path / "metrics.jsonl").read_bytes().startswith(lines)


@pytest.mark.parametrize("file", ["config.json", "checkpoint", "policy.json"])
def test_a_newer_format_is_named_as_such(file: str, tmp_path: Path) -> None:
    path = Path(shutil.copytree(GOLDEN / RUNS[0], tmp_path / "run"))
    text = (path / file).read_text()
    (path / file).write_text(text.replace('"version": ', '"version": 9', 1))
    with pytest.raises(NewerVersionError, match=r"made by a newer poise: its format has version 9\d.* pip install"):
        poise.load(path) if file == "policy.json" else poise.resume(path)
