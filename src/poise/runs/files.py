"""Writing that leaves a file whole or absent, and reading that trusts no file."""

from __future__ import annotations

import json
import math
import os
import tempfile
from pathlib import Path
from typing import Any

from poise.errors import InvalidFileError, OutputError
from poise.types import Json

MAX_FILE_BYTES = 64 * 2**20
"""No file of a run but its metrics is larger; one that is was not written by poise."""


def write_atomic(path: Path, text: str) -> None:
    """Writes a file so that a reader, or a crash at any moment, finds the old one or the new one.

    Raises:
        OutputError: if it cannot be written.
    """
    temporary: str | None = None
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o644)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error


def check_writable(path: Path) -> None:
    """Raises `OutputError` if a file could not be written there: asked before the work whose result it is to hold."""
    if path.is_dir():
        raise OutputError(f"cannot write {path}: it is a directory")
    if not path.parent.is_dir():
        raise OutputError(f"cannot write {path}: there is no directory {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise OutputError(f"cannot write {path}: permission denied")


def write_json(path: Path, value: Json) -> None:
    """`write_atomic` of a value as JSON that a person can read and a strict parser accepts."""
    write_atomic(path, json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file that may have come from anywhere.

    Raises:
        InvalidFileError: if it is missing, too large, not JSON or not an object.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise InvalidFileError(f"{path} is larger than {MAX_FILE_BYTES >> 20} MiB: poise writes no such file")
        value = json.loads(path.read_bytes(), parse_constant=_reject, parse_float=_finite)
    except FileNotFoundError as error:
        raise InvalidFileError(f"there is no file {path}") from error
    except OSError as error:
        raise InvalidFileError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise InvalidFileError(f"{path} is damaged or not JSON: {error}") from error
    if not isinstance(value, dict):
        raise InvalidFileError(f"{path}: expected a JSON object, got {type(value).__name__}")
    return value


def _reject(constant: str) -> Json:
    raise ValueError(f"expected a finite number, got {constant}")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"expected a finite number, got {text}")
    return value
