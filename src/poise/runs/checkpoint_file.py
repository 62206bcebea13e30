"""The file of a checkpoint: a header with the format's version and a checksum, and the state, a line each.

The state is JSON in which an array is its bytes in base64: exact, and reading it runs no code. What is in it is the
matter of each kind of run.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from poise.errors import InvalidFileError, NewerVersionError, PoiseError
from poise.runs.files import MAX_FILE_BYTES, parse_json, write_atomic
from poise.types import Json

FORMAT, VERSION = "poise.checkpoint", 2

LONGEST_REASON = 300
"""Letters of an error that a message about a damaged file repeats."""
Restored = TypeVar("Restored")
"""What is made of a checkpoint's state."""

_DTYPES = ("float64", "int64", "uint32", "bool")


def write(path: Path, state: Mapping[str, Any]) -> None:
    """Writes JSON values and arrays as a checkpoint, and keeps the one before as ``checkpoint.previous``.

    Raises:
        OutputError: if it cannot be written.
    """
    body = json.dumps(_encoded(dict(state)), allow_nan=False)
    header = {"format": FORMAT, "version": VERSION, "sha256": hashlib.sha256(body.encode()).hexdigest()}
    write_atomic(path, json.dumps(header) + "\n" + body + "\n", previous=path.with_name(f"{path.name}.previous"))


def read(path: Path, make: Callable[[dict[str, Any]], Restored]) -> Restored:
    """What `make` makes of the state that `write` wrote.

    Raises:
        InvalidFileError: if the file is missing, damaged, of another version, or `make` finds it incomplete.
    """
    try:
        if path.stat().st_size > 4 * MAX_FILE_BYTES:
            raise InvalidFileError(f"{path} is too large for a checkpoint of poise")
        head, _, body = path.read_text(encoding="utf-8").partition("\n")
        header = parse_json(head.encode())
        if not isinstance(header, dict) or header.get("format") != FORMAT:
            raise InvalidFileError(f"{path} is no checkpoint of poise")
        if isinstance(header.get("version"), int) and header["version"] > VERSION:
            raise NewerVersionError.of(path, header["version"], VERSION)
        if header.get("version") != VERSION:
            raise InvalidFileError(f"{path}: expected version {VERSION} of the format, got {header.get('version')!r}")
        if header.get("sha256") != hashlib.sha256(body.rstrip("\n").encode()).hexdigest():
            raise InvalidFileError(f"{path} is damaged: its checksum does not hold")
        return make(_decoded(parse_json(body.encode())))
    except FileNotFoundError as error:
        raise InvalidFileError(f"there is no checkpoint {path}: the run did not finish its first generation") from error
    except OSError as error:
        raise InvalidFileError(f"cannot read {path}: {error.strerror or error}") from error
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError, MemoryError) as error:
        if isinstance(error, PoiseError):
            raise
        raise InvalidFileError(f"{path} is damaged: {_short(error)}") from error


def _short(error: Exception) -> str:
    """What an error says, without the whole file that some carry along."""
    said = "it is not UTF-8 text" if isinstance(error, UnicodeError) else repr(error)
    return said if len(said) <= LONGEST_REASON else f"{said[:LONGEST_REASON]} ..."


def _encoded(value: Any) -> Json:
    if isinstance(value, np.ndarray):
        if str(value.dtype) not in _DTYPES:
            raise TypeError(f"a checkpoint holds no arrays of {value.dtype}")
        data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        return {"dtype": str(value.dtype), "shape": list(value.shape), "base64": data}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {key: _encoded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encoded(item) for item in value]
    return value


def _decoded(value: Json) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"dtype", "shape", "base64"}:
            if value["dtype"] not in _DTYPES:
                raise ValueError(f"unexpected type of array {value['dtype']!r}")
            return np.frombuffer(base64.b64decode(value["base64"]), value["dtype"]).reshape(value["shape"]).copy()
        return {key: _decoded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    return value
