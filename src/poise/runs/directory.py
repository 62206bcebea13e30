"""The directory of a run: what is in it, under which names, and how it is written while the search goes on.

    config.json       what was asked for, resolved, and the versions of everything
    metrics.jsonl     one generation a line; no times or paths, so that equal runs have equal bytes
    timings.jsonl     the seconds and the speed of each generation
    checkpoint        all that is needed to go on
    policy.json       the policy, self-contained
    evaluation.json   what it was measured to do, and what everything cost
    episodes/         episodes of the evaluation, to be replayed

Everything but the checkpoint is meant to be read by people too.
"""

from __future__ import annotations

import json
import os
import re
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from poise.errors import InvalidFileError, OutputError
from poise.rollouts.recording import Recording
from poise.runs.files import read_json, write_json
from poise.types import Json


class RunDirectory:
    """Reads and writes the files of one run.

    Args:
        path: the directory; it exists.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.json"
        self.metrics = path / "metrics.jsonl"
        self.timings = path / "timings.jsonl"
        self.checkpoint = path / "checkpoint"
        self.policy = path / "policy.json"
        self.evaluation = path / "evaluation.json"
        self.episodes = path / "episodes"
        self._open: dict[Path, IO[str]] = {}

    @classmethod
    def create(cls, out: str | Path | None, env: str, seed: int) -> RunDirectory:
        """Makes the directory of a new run.

        Args:
            out: where; ``None`` for ``runs/<env>/<time>-<seed>``.
            env: the environment's identifier.
            seed: the run's seed.

        Raises:
            OutputError: if `out` is there already and not empty, or cannot be made or written.
        """
        if out is not None:
            path = Path(out)
        else:
            stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
            path = _free(Path("runs") / re.sub(r"[/: ]+", "_", env), f"{stamp}-{seed}")
        try:
            if path.exists() and not path.is_dir():
                raise OutputError(f"{path} is a file; expected a directory that does not exist yet")
            if path.is_dir() and any(path.iterdir()):
                raise OutputError(f"{path} exists and is not empty; choose another --out, or remove it first")
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot make {path}: {error.strerror or error}") from error
        return cls(path)

    @classmethod
    def existing(cls, path: str | Path) -> RunDirectory:
        """The directory of a run that was begun.

        Raises:
            InvalidFileError: if there is none.
        """
        directory = cls(Path(path))
        if not directory.config.is_file():
            raise InvalidFileError(f"{path} is no run: expected a directory with a config.json")
        return directory

    def append(self, file: Path, line: Json) -> None:
        """Adds one line to ``metrics.jsonl`` or ``timings.jsonl`` and hands it to the system at once."""
        try:
            if file not in self._open:
                self._open[file] = file.open("a", encoding="utf-8")
            self._open[file].write(json.dumps(line, allow_nan=False) + "\n")
            self._open[file].flush()
        except OSError as error:
            raise OutputError(f"cannot write {file}: {error.strerror or error}") from error

    def sync(self) -> None:
        """Has the system write to the disk all lines that it was handed."""
        for handle in self._open.values():
            os.fsync(handle.fileno())

    def keep_lines(self, file: Path, count: int) -> None:
        """Cuts a ``.jsonl`` file down to its first `count` lines: what a checkpoint knows of."""
        if not file.exists():
            return
        with file.open("r+b") as handle:
            for _ in range(count):
                if not handle.readline().endswith(b"\n"):
                    raise InvalidFileError(f"{file} has fewer lines than its checkpoint knows of ({count})")
            handle.truncate(handle.tell())
            os.fsync(handle.fileno())

    def read_metrics(self) -> list[dict[str, Any]]:
        """All whole lines of ``metrics.jsonl``."""
        if not self.metrics.exists():
            return []
        lines = self.metrics.read_bytes().split(b"\n")[:-1]  # what follows the last newline is a line half written
        try:
            return [json.loads(line) for line in lines]
        except ValueError as error:
            raise InvalidFileError(f"{self.metrics} is damaged: {error}") from error

    def read_config(self) -> dict[str, Any]:
        """The content of ``config.json``."""
        return read_json(self.config)

    def write_episode(self, recording: Recording) -> None:
        """Keeps an episode under its seed."""
        self.episodes.mkdir(exist_ok=True)
        write_json(self.episodes / f"{recording.seed}.json", recording.to_json())

    def close(self) -> None:
        """Closes the files that are written line by line."""
        for handle in self._open.values():
            handle.close()
        self._open.clear()


def _free(parent: Path, name: str) -> Path:
    """`name` under `parent`, with a number behind it if there is one already."""
    path, number = parent / name, 1
    while path.exists():
        number += 1
        path = parent / f"{name}-{number}"
    return path
