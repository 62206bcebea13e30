"""The doctor names what does not work and what to do; a crash leaves a report without what the user typed."""

from __future__ import annotations

import errno
import importlib
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from poise.__main__ import run as command
from poise.errors import MissingDependencyError
from poise.runs import diagnosis
from poise.runs.diagnosis import Finding


@pytest.mark.slow
def test_the_doctor_tries_out_every_part(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["doctor", "--json"]) == 0
    captured = capsys.readouterr()
    found = {finding["part"]: finding for finding in json.loads(captured.out)["findings"]}
    parts = "versions kernels workers rendering box2d mujoco video tensorboard browser disk"
    assert list(found) == parts.split()
    for part in ("versions", "kernels", "workers", "disk"):
        assert found[part]["state"] == "good", found[part]
    assert all(finding["advice"] for finding in found.values() if finding["state"] != "good")


def test_drawing_needs_no_screen_and_nothing_says_so() -> None:
    """What draws has words of its own for a machine without a screen, written by compiled code."""
    program = "from poise.runs.diagnosis import _rendering; print(_rendering().said)"
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "SDL_"))}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=bare, check=True)
    assert (done.stdout, done.stderr) == ("pictures of 600 × 400\n", "")


def test_pictures_that_cannot_be_had_are_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise MissingDependencyError("X draws with OpenGL: install EGL")

    monkeypatch.setattr("poise.rollouts.pictures.picture_of", fail)
    found = diagnosis._mujoco()
    assert found.state == "missing"
    assert "are installed; there are no pictures" in found.said
    assert found.advice == "X draws with OpenGL: install EGL"


def test_a_fault_is_named_with_what_to_do_and_the_next_part_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: str) -> Finding:
        raise OSError("no such library")

    for name in ("_kernels", "_workers", "_rendering"):
        monkeypatch.setattr(diagnosis, name, broken)
    monkeypatch.setattr(diagnosis, "LEAST_FREE_BYTES", 2**80)
    assert command(["doctor"]) == 2
    said = capsys.readouterr().out
    assert re.search(r"kernels +FAULT OSError: no such library\n +→ reinstall it", said)
    assert re.search(r"disk +FAULT .* are free in .*\n +→ make room", said)


def test_a_crash_leaves_a_report_that_holds_no_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: str) -> None:
        raise RuntimeError(f"a bolt came loose in {Path.home() / 'garage'}")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    importlib.import_module("poise.runs.assess")  # or it would begin its life with the function that fails
    monkeypatch.setattr("poise.runs.policy.load", fail)
    assert command(["evaluate", "my-secret-run", "--seed=4711", "--quiet"]) == 1
    (report,) = tmp_path.glob("poise-fault-*.txt")
    assert str(report) in capsys.readouterr().err
    text = report.read_text()
    assert "command: poise evaluate --seed --quiet" in text
    assert "a bolt came loose in ~" in text
    assert "Python 3" in text
    for secret in ("my-secret-run", "4711", str(Path.home() / "garage")):
        assert secret not in text


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError("Unable to allocate 33.8 GiB"), "Unable to allocate 33.8 GiB"),
        (ImportError("_generator.so: failed to map segment from shared object"), "failed to map segment"),
        (OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), "Cannot allocate memory"),
    ],
    ids=["array", "library", "system"],
)
def test_too_little_memory_is_said_in_words(
    error: Exception, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: str) -> None:
        raise RuntimeError("a library's own words") from error

    importlib.import_module("poise.runs.assess")  # or it would begin its life with the function that fails
    monkeypatch.setattr("poise.runs.policy.load", fail)
    assert command(["evaluate", "x"]) == 2
    said = capsys.readouterr().err
    assert "not enough memory for this" in said
    assert words in said
