"""The directory of a benchmark: what it was made for is written down in it, and one process at a time works there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from poise.errors import InvalidFileError, NewerVersionError, OutputError
from poise.runs.directory import LOCK
from poise.runs.files import read_json, write_json
from poise.runs.lock import Lock
from poise.suites.cells import is_begun
from poise.suites.suite import Suite

FORMAT, VERSION = "poise.suite", 1


def prepare(path: Path, suite: Suite) -> Path:
    """The benchmark's directory, with `suite` written down in it.

    Raises:
        OutputError: it holds something else, or a run that was made with other settings.
    """
    file = path / "suite.json"
    wanted = {cell.folder: {**cell.settings, "seed": cell.seed} for cell in suite.cells}
    try:
        if path.exists() and not path.is_dir():
            raise OutputError(f"{path} is a file; expected a directory, or none")
        if path.is_dir() and not file.exists() and any(path.iterdir()):
            raise OutputError(f"{path} holds no benchmark and is not empty; choose another --out")
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make {path}: {error.strerror or error}") from error
    before = _runs_before(file)
    for folder, settings in wanted.items():
        if folder in before and before[folder] != settings and is_begun(path / folder):
            names = sorted(
                key for key in settings.keys() | before[folder].keys() if settings.get(key) != before[folder].get(key)
            )
            raise OutputError(
                f"{path / folder} was made with other settings ({', '.join(names)}): remove it, or choose another --out"
            )
    write_json(file, {"format": FORMAT, "version": VERSION, "title": suite.title, "runs": {**before, **wanted}})
    return path


def _runs_before(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    data = read_json(file)
    version = data.get("version")
    if data.get("format") == FORMAT and isinstance(version, int) and version > VERSION:
        raise NewerVersionError.of(file, version, VERSION)
    if data.get("format") != FORMAT or version != VERSION or not isinstance(data.get("runs"), dict):
        raise InvalidFileError(f"{file} is no suite.json of format {FORMAT!r} version {VERSION}")
    return dict(data["runs"])


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keeps a second process out for the block.

    Raises:
        RunInUseError: another one is at work there.
    """
    lock = Lock(path / LOCK)
    lock.acquire()
    try:
        yield
    finally:
        lock.release()
