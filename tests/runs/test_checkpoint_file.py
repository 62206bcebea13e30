"""The file of a checkpoint holds a state exactly, and a damaged one is one clear error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from poise.errors import InvalidFileError
from poise.runs import checkpoint_file

STATE: dict[str, Any] = {
    "numbers": np.array([0.1, -np.inf, np.nan, 1 / 3]),
    "counts": np.arange(6).reshape(2, 3),
    "seeds": np.array([2**32 - 1], dtype=np.uint32),
    "nested": [{"flags": np.array([True, False])}, None, "word", 7],
}


def test_arrays_are_read_back_to_the_bit(tmp_path: Path) -> None:
    checkpoint_file.write(tmp_path / "checkpoint", STATE)
    read = checkpoint_file.read(tmp_path / "checkpoint", dict)
    for name in ("numbers", "counts", "seeds"):
        assert (read[name].dtype, read[name].shape) == (STATE[name].dtype, STATE[name].shape)
        assert read[name].tobytes() == STATE[name].tobytes()
    assert read["nested"][0]["flags"].tolist() == [True, False]
    assert read["nested"][1:] == STATE["nested"][1:]


def test_what_a_file_cannot_hold_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="no arrays of complex128"):
        checkpoint_file.write(tmp_path / "checkpoint", {"numbers": np.array([1j])})
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_cut_or_changed_anywhere_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    checkpoint_file.write(path, STATE)
    whole = path.read_bytes()
    for length in range(0, len(whole) - 1, 7):
        path.write_bytes(whole[:length])
        with pytest.raises(InvalidFileError):
            checkpoint_file.read(path, dict)
    body = whole.index(b"\n") + 1
    for place in range(body, len(whole) - 1, 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(InvalidFileError):
            checkpoint_file.read(path, dict)


def test_another_version_is_named(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    checkpoint_file.write(path, STATE)
    head, _, body = path.read_text().partition("\n")
    path.write_text(json.dumps({**json.loads(head), "version": 9}) + "\n" + body)
    with pytest.raises(InvalidFileError, match="made by a newer poise: its format has version 9"):
        checkpoint_file.read(path, dict)


def test_no_checkpoint_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidFileError, match="there is no checkpoint"):
        checkpoint_file.read(tmp_path / "checkpoint", dict)
