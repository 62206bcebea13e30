"""TensorBoard's event files hold what the run's own files hold, and a run is the same with them as without."""

from __future__ import annotations

import struct
import sys
from pathlib import Path
from typing import Any

import pytest

import poise
from poise.__main__ import run as command
from poise.errors import MissingDependencyError
from poise.runs.directory import RunDirectory
from poise.runs.tensorboard import TensorBoard
from poise.types import Event, Usage

WALK = "poise.testing.troubles:Trouble-v0"
SMALL: dict[str, Any] = {
    "optimizer": "cem", "policy": "linear", "max_episodes": 200, "selection_episodes": 3, "evaluation_episodes": 5,
}  # fmt: skip


def _scalars(folder: Path) -> dict[str, dict[int, float]]:
    """Every number of the event files, by its tag and step; what a later file tells to forget is forgotten."""
    from tensorboardX.proto.event_pb2 import Event as Record

    found: dict[str, dict[int, float]] = {}
    for file in sorted(folder.glob("events.out.tfevents.*")):
        data = file.read_bytes()
        while data:  # length, its checksum, the record, its checksum
            (size,) = struct.unpack("<Q", data[:8])
            record = Record.FromString(data[12 : 12 + size])
            data = data[16 + size :]
            if record.HasField("session_log"):
                found = {t: {s: v for s, v in values.items() if s < record.step} for t, values in found.items()}
            for value in record.summary.value:
                found.setdefault(value.tag, {})[record.step] = value.simple_value
    return found


def test_the_search_is_written_over_its_steps_and_the_run_stays_the_same(tmp_path: Path) -> None:
    poise.train(WALK, out=tmp_path / "plain", workers=1, **SMALL)
    run = poise.train(WALK, out=tmp_path / "run", workers=1, tensorboard=True, **SMALL)
    for name in ("metrics.jsonl", "policy.json", "evaluation.json"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "plain" / name).read_bytes()
    assert not (tmp_path / "plain" / "tensorboard").exists()
    scalars = _scalars(tmp_path / "run" / "tensorboard")
    lines = RunDirectory(tmp_path / "run").read_metrics()
    assert len(lines) > 2
    for name in ("mean", "best", "best_so_far", "episodes"):
        assert scalars[f"search/{name}"] == pytest.approx({line["steps"]: line[name] for line in lines})
    assert scalars["evaluation/mean"][run.result["steps"]["evaluation"]] == pytest.approx(
        run.result["evaluation"]["mean"]
    )


def test_a_resumed_run_writes_on(tmp_path: Path) -> None:
    poise.train(WALK, out=tmp_path / "run", workers=1, tensorboard=True, **SMALL)
    poise.resume(tmp_path / "run", workers=1, tensorboard=True, max_episodes=400)
    steps = [line["steps"] for line in RunDirectory(tmp_path / "run").read_metrics()]
    assert sorted(_scalars(tmp_path / "run" / "tensorboard")["search/mean"]) == steps


def test_races_are_strung_together(tmp_path: Path) -> None:
    with TensorBoard(tmp_path) as board:
        for steps in (10, 30, 5, 20):
            board.observe(Event("selection", Usage(steps, 1), None, {"mean": float(steps)}))
    assert _scalars(tmp_path / "tensorboard")["selection/mean"] == {10: 10, 30: 30, 35: 5, 50: 20}


def test_without_the_package_the_extra_is_named_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    out = tmp_path / "run"
    with pytest.raises(MissingDependencyError, match=r"pip install 'poise\[tensorboard\]'"):
        poise.train(WALK, out=out, tensorboard=True, **SMALL)
    assert command(["train", WALK, "--out", str(out), "--tensorboard", "--max-episodes", "200"]) == 2
    assert "poise[tensorboard]" in capsys.readouterr().err
    assert not out.exists()
