"""Files are whole or absent, and no file is trusted."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from poise.errors import InvalidFileError, OutputError
from poise.runs import files


def test_a_written_file_reads_back(tmp_path: Path) -> None:
    files.write_json(tmp_path / "a.json", {"x": [1, 2.5, None], "θ": "é"})
    assert files.read_json(tmp_path / "a.json") == {"x": [1, 2.5, None], "θ": "é"}


def test_a_failure_while_writing_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "a.json"
    files.write_atomic(target, "old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for name in ("replace", "fsync"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, fail)
            with pytest.raises(OutputError, match=r"cannot write .*a\.json: No space left"):
                files.write_atomic(target, "new")
        assert target.read_text() == "old"
        assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_directory_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No such file"):
        files.write_atomic(tmp_path / "no" / "a.json", "x")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not JSON"),
        (b'{"a": 1', "not JSON"),
        (b'{"a": NaN}', "finite"),
        (b'{"a": Infinity}', "finite"),
        (b'{"a": 1e999}', "finite"),
        (b"[1, 2]", "expected a JSON object, got list"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_any_other_bytes_are_one_clear_error(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(InvalidFileError, match=words):
        files.read_json(path)


def test_a_missing_a_foreign_and_a_huge_file_are_clear_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidFileError, match="there is no file"):
        files.read_json(tmp_path / "none.json")
    with pytest.raises(InvalidFileError, match="cannot read"):
        files.read_json(tmp_path)
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 10)
    (tmp_path / "big.json").write_text(json.dumps({"a": "x" * 100}))
    with pytest.raises(InvalidFileError, match="larger than"):
        files.read_json(tmp_path / "big.json")
