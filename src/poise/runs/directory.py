"""The directory of a run: what is in it, under which names, and how it is written while the search goes on.

    config.json       what was asked for, resolved, and the versions of everything
    metrics.jsonl     one generation a line; no times or paths, so that equal runs have equal bytes
    timings.jsonl     the seconds and the speed of each generation
    checkpoint        all that is needed to go on; the one before it is checkpoint.previous
    policy.json       the policy, self-contained
    evaluation.json   what it was measured to do, and what everything cost
    episodes/         episodes of the evaluation, to be replayed
    lock              while a process is at work on it: the number of that process

Everything but the checkpoint is meant to be read by people too.
"""

from __future__ import annotations

import json
import logging
import os
import re
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from poise.errors import InvalidFileError, OutputError
from poise.rollouts.recording import Recording
from poise.runs.files import TEMPORARY, parse_json, read_json, sync_directory, write_all, write_json
from poise.runs.lock import Lock
from poise.types import Json

LOCK = "lock"
"""The file that is there while a process is at work on the run."""

MAX_LINE_BYTES = 16 * 2**20
"""No line of a run is longer."""

_log = logging.getLogger(__name__)


class RunDirectory:
    """Reads and writes the files of one run.

    Args:
        path: the directory; it exists.

    Attributes:
        write_seconds: how long the disk has taken to keep the configuration of a new run, and will about take again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.json"
        self.metrics = path / "metrics.jsonl"
        self.timings = path / "timings.jsonl"
        self.checkpoint = path / "checkpoint"
        self.previous = path / "checkpoint.previous"
        self.policy = path / "policy.json"
        self.evaluation = path / "evaluation.json"
        self.episodes = path / "episodes"
        self._lock = Lock(path / LOCK)
        self._open: dict[Path, int] = {}
        self.write_seconds = 0.0

    @classmethod
    def create(cls, path: Path) -> RunDirectory:
        """Makes the directory of a new run, and takes hold of it until `close`.

        Raises:
            OutputError: if `path` is there already and not empty, or cannot be made or written.
            RunInUseError: another process has just begun a run there.
        """
        _check_free(path)
        new = [folder for folder in (path, *path.parents) if not folder.exists()]
        try:
            path.mkdir(parents=True, exist_ok=True)
            for folder in new:
                sync_directory(folder.parent)
        except OSError as error:
            raise OutputError(f"cannot make {path}: {error.strerror or error}") from error
        directory = cls(path)
        directory._lock.acquire()
        try:
            _check_free(path)  # another process may have run there in between
            directory._sweep()
        except OutputError:
            directory.close()
            raise
        return directory

    @classmethod
    def existing(cls, path: str | Path) -> RunDirectory:
        """The directory of a run that was begun, to read.

        Raises:
            InvalidFileError: if there is none.
        """
        directory = cls(Path(path))
        if not directory.config.is_file():
            raise InvalidFileError(f"{path} is no run: expected a directory with a config.json")
        return directory

    def take(self) -> None:
        """Takes hold of the run until `close`, so that no other process writes it, and removes half-written files.

        Raises:
            RunInUseError: another process is at work on it.
            OutputError: it cannot be written.
        """
        self._lock.acquire()
        self._sweep()

    @property
    def was_left(self) -> bool:
        """Whether the process that was at work on it before was ended from outside, perhaps by the environment."""
        return self._lock.was_left

    def _sweep(self) -> None:
        """Removes what a killed process had not finished writing."""
        for folder in (self.path, self.episodes):
            for left in folder.glob(f".*{TEMPORARY}"):
                with suppress(OSError):
                    left.unlink()

    def append(self, file: Path, line: Json) -> None:
        """Adds one line to ``metrics.jsonl`` or ``timings.jsonl`` and hands it to the system at once.

        Raises:
            OutputError: it cannot be written; part of it may stand in the file, which `keep_lines` recognises.
        """
        data = json.dumps(line, allow_nan=False).encode() + b"\n"
        try:
            if file not in self._open:
                self._open[file] = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            write_all(self._open[file], data)
        except OSError as error:
            raise OutputError(f"cannot write {file}: {error.strerror or error}") from error

    def sync(self) -> None:
        """Has the system write to the disk all lines of ``metrics.jsonl`` that it was handed.

        Times are not waited for: a power failure may take the last of them, which no result depends on.

        Raises:
            OutputError: it could not.
        """
        if self.metrics in self._open:
            try:
                os.fsync(self._open[self.metrics])
            except OSError as error:
                raise OutputError(f"cannot write {self.metrics}: {error.strerror or error}") from error

    def whole_lines(self, file: Path) -> tuple[int, int]:
        """How many whole lines a ``.jsonl`` file has, and how many bytes of a torn one follow them.

        A line is whole if it is a JSON object and ends; what follows one that is not counts as torn too.

        Raises:
            InvalidFileError: it cannot be read.
        """
        try:
            size = file.stat().st_size
            with file.open("rb") as handle:
                count = end = 0
                while _is_whole(line := handle.readline(MAX_LINE_BYTES)):
                    count, end = count + 1, end + len(line)
            return count, size - end
        except FileNotFoundError:
            return 0, 0
        except OSError as error:
            raise InvalidFileError(f"cannot read {file}: {error.strerror or error}") from error

    def keep_lines(self, file: Path, count: int) -> None:
        """Cuts a ``.jsonl`` file down to its first `count` lines, those that a checkpoint knows of; says what was torn.

        Raises:
            OutputError: it cannot be written.
        """
        if not file.exists():
            return
        lines, torn = self.whole_lines(file)
        if torn:
            _log.warning("%s ends in a torn line (%d bytes after %d whole lines): it is cut", file, torn, lines)
        try:
            with file.open("r+b") as handle:
                for _ in range(min(count, lines)):
                    handle.readline()
                handle.truncate(handle.tell())
                os.fsync(handle.fileno())
        except OSError as error:
            raise OutputError(f"cannot write {file}: {error.strerror or error}") from error

    def read_metrics(self) -> list[dict[str, Any]]:
        """All whole lines of ``metrics.jsonl``."""
        if not self.metrics.exists():
            return []
        lines = self.metrics.read_bytes().split(b"\n")[:-1]  # what follows the last newline is a line half written
        try:
            return [_an_object(parse_json(line)) for line in lines]
        except (ValueError, RecursionError) as error:
            raise InvalidFileError(f"{self.metrics} is damaged: {error}") from error

    def write_config(self, config: Json) -> None:
        """Writes ``config.json``.

        Raises:
            OutputError: it cannot be written.
        """
        began = time.monotonic()
        write_json(self.config, config)
        self.write_seconds = time.monotonic() - began

    def read_config(self) -> dict[str, Any]:
        """The content of ``config.json``."""
        return read_json(self.config)

    def write_episode(self, recording: Recording) -> None:
        """Keeps an episode under its seed.

        Raises:
            OutputError: if it cannot be written.
        """
        try:
            self.episodes.mkdir(exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot make {self.episodes}: {error.strerror or error}") from error
        write_json(self.episodes / f"{recording.seed}.json", recording.to_json())

    def remove_evaluation(self) -> None:
        """Makes a finished run one that can go on.

        Raises:
            OutputError: it cannot be removed.
        """
        try:
            self.evaluation.unlink(missing_ok=True)
            sync_directory(self.path)
        except OSError as error:
            raise OutputError(f"cannot remove {self.evaluation}: {error.strerror or error}") from error

    def close(self) -> None:
        """Closes the files that are written line by line, and lets the run go."""
        for handle in self._open.values():
            os.close(handle)
        self._open.clear()
        self._lock.release()


def _an_object(value: Json) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"expected a JSON object in a line, got {type(value).__name__}")
    return value


def _is_whole(line: bytes) -> bool:
    if not line.endswith(b"\n"):
        return False
    try:
        return isinstance(parse_json(line), dict)
    except (ValueError, RecursionError):
        return False


def _is_left_over(name: str) -> bool:
    """Whether a file is what a run leaves that was killed before it had a configuration."""
    return name == LOCK or (name.startswith(".config.json.") and name.endswith(TEMPORARY))


def _check_free(path: Path) -> None:
    """Raises `OutputError` unless a run may begin there."""
    try:
        if path.exists() and not path.is_dir():
            raise OutputError(f"{path} is a file; expected a directory that does not exist yet")
        if path.is_dir() and not all(_is_left_over(entry.name) for entry in path.iterdir()):
            raise OutputError(f"{path} exists and is not empty; choose another --out, or remove it first")
    except OSError as error:
        raise OutputError(f"cannot make {path}: {error.strerror or error}") from error


def new_path(env: str, seed: int) -> Path:
    """Where a run goes that nobody gave a place: ``runs/<env>/<time>-<seed>``, with a number behind it if need be.

    Args:
        env: the environment's identifier.
        seed: the run's seed.
    """
    parent = Path("runs") / re.sub(r"[/: ]+", "_", env)
    name = f"{datetime.now():%Y%m%d-%H%M%S}-{seed}"
    path, number = parent / name, 1
    while path.exists():
        number += 1
        path = parent / f"{name}-{number}"
    return path
