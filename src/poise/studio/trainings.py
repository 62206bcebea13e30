"""Trainings begun from the page: each a child process with the command line that the page shows, and nothing more.

The run's directory is all that the two have in common: the page reads it as it reads a run begun on a terminal.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from poise.errors import InvalidValueError, OutputError
from poise.seeding import check_seed
from poise.types import Json

MOST_AT_ONCE = 2
"""Trainings under way at a time; more would only take the processor from each other."""

LAST_WORDS = 4_000
"""Bytes of what a training said last that are kept in sight."""

PATIENCE_SECONDS = 5.0
"""How long a training may take to stop by itself when the studio ends."""

NICENESS = 5
"""Trainings give way to the page: playing must not stutter. More would starve them where the machine has other work."""


@dataclass(frozen=True)
class Order:
    """What a training from the page may be told; ``None`` leaves it to `poise train`.

    Attributes:
        env: Gymnasium's identifier of the environment.
        seed: of the run.
        max_steps: environment steps of the search.
        max_seconds: seconds of the search.
        policy: the kind of policy.
        optimizer: what searches.
    """

    env: str
    seed: int = 0
    max_steps: int | None = None
    max_seconds: float | None = None
    policy: str | None = None
    optimizer: str | None = None

    def __post_init__(self) -> None:
        check_seed(self.seed)
        for name in ("env", "policy", "optimizer"):
            text = getattr(self, name)
            if text is not None and (not text or len(text) > 200 or text.startswith("-") or not text.isprintable()):
                raise InvalidValueError(f"Expected a name for {name}, got {text[:40]!r}.")
        for name in ("max_steps", "max_seconds"):
            number = getattr(self, name)
            if number is not None and not 0 < number < 1e12:
                raise InvalidValueError(f"{name} must be greater than 0, got {number}; leave it empty for the default.")

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Order:
        """An order as the page sends it: what is missing, ``None`` or ``""`` is left to `poise train`.

        Raises:
            InvalidValueError: something is of the wrong type or out of range.
        """
        given = {name: value for name, value in data.items() if value is not None and value != ""}
        kinds: dict[str, tuple[type, ...]] = {
            **dict.fromkeys(("env", "policy", "optimizer"), (str,)),
            "seed": (int,),
            "max_steps": (int,),
            "max_seconds": (int, float),
        }
        for name, value in given.items():
            if name not in kinds:
                raise InvalidValueError(f"A training has no setting {name[:40]!r}; it has {', '.join(kinds)}.")
            if isinstance(value, bool) or not isinstance(value, kinds[name]):
                what = (
                    "a text" if kinds[name] == (str,) else "a whole number" if float not in kinds[name] else "a number"
                )
                raise InvalidValueError(f"Expected {what} for {name}, got {str(value)[:40]!r}.")
        if "env" not in given:
            raise InvalidValueError("Expected the environment to train in, for instance CartPole-v1.")
        return cls(**given)

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> Order:
        """An order from an address, where numbers are texts.

        Raises:
            InvalidValueError: as `from_json`.
        """
        data: dict[str, Any] = dict(texts)
        for name in ("seed", "max_steps", "max_seconds"):
            text = data.get(name) or ""
            if re.fullmatch(r"[0-9]{1,12}", text):
                data[name] = int(text)
            elif name == "max_seconds" and re.fullmatch(r"[0-9]{0,9}[.][0-9]{1,9}", text):
                data[name] = float(text)
        return cls.from_json(data)

    def settings(self) -> dict[str, Any]:
        """What was given, by the names that `poise.runs.config.TrainConfig` has for it."""
        return {name: value for name, value in self.__dict__.items() if value is not None}

    def arguments(self, out: Path) -> list[str]:
        """What stands behind ``poise`` on the command line."""
        words = ["train", self.env, "--seed", str(self.seed)]
        for option, value in {
            "--policy": self.policy,
            "--optimizer": self.optimizer,
            "--max-steps": self.max_steps,
            "--max-seconds": self.max_seconds,
        }.items():
            if value is not None:
                words += [option, str(value)]
        return [*words, "--out", str(out)]


@dataclass
class _Child:
    process: subprocess.Popen[bytes]
    words: IO[bytes]
    command: str
    asked_to_stop: bool = False
    said: str = ""

    def close(self) -> None:
        """Lets the file of its words go; what it said last is kept."""
        if not self.words.closed:
            self.said = _last_words(self.words)
            self.words.close()


class Trainings:
    """Starts, stops and resumes trainings.

    Args:
        root: the folder of the runs.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._children: dict[str, _Child] = {}
        self._lock = threading.Lock()

    def start(self, order: Order) -> str:
        """Begins a training; returns the name of its run.

        Raises:
            InvalidValueError: too many are under way.
            OutputError: the folder of the runs cannot be made.
        """
        name = self.free_name(order)
        self.begin(name, order.arguments(self._root / name))
        return name

    def begin(self, name: str, arguments: Sequence[str]) -> None:
        """Begins a training by what stands behind ``poise`` on a command line, in the folder of this name.

        Args:
            name: of the run; its folder is the one after ``--out``.
            arguments: ``["train", "CartPole-v1", …]``.

        Raises:
            InvalidValueError: too many are under way.
            OutputError: the folder cannot be made.
        """
        with self._lock:
            self._check_room()
            try:
                (self._root / name).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError(f"cannot make {self._root / name}: {error.strerror or error}") from error
            self._begin(name, arguments)

    def free_name(self, order: Order) -> str:
        """A name for a run that is not taken: the environment's, then the time and the seed."""
        with self._lock:
            return self._free_name(order)

    def resume(self, name: str) -> None:
        """Goes on with a run that was stopped.

        Raises:
            InvalidValueError: it runs already, or too many do.
        """
        with self._lock:
            if self._alive(name):
                raise InvalidValueError(f"The run {name} is under way already.")
            self._check_room()
            self._begin(name, ["resume", str(self._root / name)])

    def stop(self, name: str) -> None:
        """Asks a training to stop after its generation; it keeps everything and can be resumed.

        Raises:
            InvalidValueError: it was not begun here, or has ended.
        """
        with self._lock:
            if not self._alive(name):
                raise InvalidValueError(
                    f"The run {name} was not started from this page, or has ended; one on a terminal stops by Ctrl-C."
                )
            child = self._children[name]
            child.asked_to_stop = True
            _interrupt(child.process)

    def status(self, name: str) -> Json:
        """What is known of a training begun here: its command line, whether it runs, how it ended, what it said last.

        ``None`` if it was not begun here.
        """
        with self._lock:
            child = self._children.get(name)
            if child is None:
                return None
            alive = self._alive(name)
            return {
                "command": child.command,
                "alive": alive,
                "stopping": alive and child.asked_to_stop,
                "exitCode": child.process.poll(),
                "words": child.said if child.words.closed else _last_words(child.words),
            }

    def known(self) -> dict[str, bool]:
        """The runs of all trainings begun here, and whether each is under way."""
        with self._lock:
            return {name: self._alive(name) for name in self._children}

    def close(self) -> None:
        """Asks every training to stop, and waits for a moment; they keep everything."""
        with self._lock:
            living = [self._children[name].process for name in self._children if self._alive(name)]
            for process in living:
                _interrupt(process)
            for process in living:
                try:
                    process.wait(PATIENCE_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
            for child in self._children.values():
                child.close()

    def _check_room(self) -> None:
        under_way = [name for name in self._children if self._alive(name)]
        if len(under_way) >= MOST_AT_ONCE:
            raise InvalidValueError(
                f"{len(under_way)} trainings are under way ({', '.join(under_way)}), and more would only slow each "
                "other down: wait for one to end, or stop it."
            )

    def _free_name(self, order: Order) -> str:
        folder = order.env.replace("/", "_").replace(":", "_").replace("\\", "_").lstrip(".") or "run"
        stem = f"{folder}/{datetime.now():%Y%m%d-%H%M%S}-{order.seed}"
        name, number = stem, 1
        while name in self._children or (self._root / name).exists():
            number += 1
            name = f"{stem}-{number}"
        return name

    def _begin(self, name: str, arguments: Sequence[str]) -> None:
        words = tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as the child
        process = subprocess.Popen(
            [sys.executable, "-m", "poise", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            start_new_session=True,  # Ctrl-C on the studio's terminal reaches the studio alone, which then asks them
        )
        _give_way(process.pid)
        before = self._children.get(name)
        if before is not None:
            before.close()
        self._children[name] = _Child(process, words, shlex.join(["poise", *arguments]))

    def _alive(self, name: str) -> bool:
        child = self._children.get(name)
        return child is not None and child.process.poll() is None


def _give_way(process: int) -> None:
    """Lets everything else go first.

    Linux shares the processor among sessions before it looks at the processes in them: a child in a session of its own
    gives way to the server and the browser only if the session does.
    """
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, process, NICENESS)
    with suppress(OSError):
        Path(f"/proc/{process}/autogroup").write_text(str(NICENESS), encoding="ascii")


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        process.terminate() if sys.platform == "win32" else process.send_signal(signal.SIGINT)


def _last_words(file: IO[bytes]) -> str:
    """The end of what a process has written so far, in whole lines."""
    size = os.fstat(file.fileno()).st_size
    start = max(0, size - LAST_WORDS)
    text = os.pread(file.fileno(), LAST_WORDS, start).decode(errors="replace")
    return text if start == 0 else text.partition("\n")[2]
