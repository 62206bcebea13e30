"""Writing that leaves a file whole or absent, and reading that trusts no file."""

from __future__ import annotations

import errno
import json
import math
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from poise.errors import InvalidFileError, OutputError
from poise.types import Json

MAX_FILE_BYTES = 64 * 2**20
"""No file of a run but its metrics is larger; one that is was not written by poise."""


MAX_VALUES = 2_000_000
"""No file of a run but its metrics holds more values; each of them may take a few hundred bytes of memory."""

TEMPORARY = ".tmp"
"""How the name of a file ends while it is written; one that a killed process left is swept away on resuming."""


def write_atomic(path: Path, text: str, *, previous: Path | None = None) -> None:
    """Writes a file so that a reader, a crash or a power failure at any moment finds the old one or the new one.

    Args:
        path: the file.
        text: what it shall hold.
        previous: where the old file goes; there is then a moment in which only this one is there.

    Raises:
        OutputError: if it cannot be written.
    """
    temporary: str | None = None
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=TEMPORARY)
        try:
            os.fchmod(handle, 0o644)
            write_all(handle, text.encode())
            os.fsync(handle)
        finally:
            os.close(handle)
        if previous is not None and path.exists():
            os.replace(path, previous)
        os.replace(temporary, path)
        temporary = None
        sync_directory(path.parent)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        if temporary is not None:
            with suppress(OSError):
                os.unlink(temporary)


def write_all(handle: int, data: bytes) -> None:
    """Writes to an open file until everything is written, or an `OSError` says why it cannot be."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def sync_directory(path: Path) -> None:
    """Has the system write down which files a directory holds, where it can do that."""
    if os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a file system that does not know it
            raise
    finally:
        os.close(handle)


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
        value = parse_json(path.read_bytes())
    except FileNotFoundError as error:
        raise InvalidFileError(f"there is no file {path}") from error
    except OSError as error:
        raise InvalidFileError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise InvalidFileError(f"{path} is damaged or not JSON: {error}") from error
    if not isinstance(value, dict):
        raise InvalidFileError(f"{path}: expected a JSON object, got {type(value).__name__}")
    return value


def parse_json(data: bytes) -> Json:
    """A value from JSON that may have come from anywhere, in at most about half a gibibyte of memory.

    Raises:
        ValueError: it is not JSON, has numbers that are not finite, or more than `MAX_VALUES` values.
        RecursionError: it is nested too deeply.
    """
    if data.count(b",") + data.count(b"[") + data.count(b"{") > MAX_VALUES:
        raise ValueError(f"expected at most {MAX_VALUES:,} values")
    return json.loads(data, parse_constant=_reject, parse_float=_finite)


def _reject(constant: str) -> Json:
    raise ValueError(f"expected a finite number, got {constant}")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"expected a finite number, got {text}")
    return value
