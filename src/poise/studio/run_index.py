"""The list of all runs in a folder: one glance at each run's files, and none at those that have not changed."""

from __future__ import annotations

import json
import math
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from poise.errors import PoiseError
from poise.runs.directory import LOCK
from poise.runs.files import read_json
from poise.studio.run_folders import RunFolders, Signature, newest
from poise.types import Json

State = Literal["running", "finished", "stopped", "empty", "kept", "broken"]

QUIET_SECONDS = 20.0
"""Where nothing says which process is at work on a run, one that has written nothing for so long counts as stopped."""

CURVE_POINTS = 48
"""Points of the small curve in the list."""


@dataclass(frozen=True)
class RunRow:
    """One run as the list shows it.

    Attributes:
        id: its folder below the root, with slashes.
        state: ``finished`` with an evaluation; ``running`` while it writes; ``stopped`` before its end; ``empty``
            before its first generation; ``kept`` if it is a policy without a search; ``broken`` when its files cannot
            be read.
        env: the environment's identifier, ``""`` where it is not known.
        how: policy and optimizer in words.
        seed: of the run.
        changed: when it last wrote something, in seconds since 1970.
        generations, steps: of the search so far.
        best: the best score of the search so far; chosen by luck too, so not what the policy is worth.
        result: mean, interval and number of episodes of the evaluation; ``None`` before it.
        problem: what is wrong with a broken run, in words.
    """

    id: str
    state: State
    env: str = ""
    how: str = ""
    seed: int | None = None
    changed: float = 0.0
    generations: int = 0
    steps: int = 0
    best: float | None = None
    result: Mapping[str, Json] | None = None
    problem: str = ""

    def to_json(self) -> Json:
        """All of it as plain data."""
        return {**self.__dict__, "result": None if self.result is None else dict(self.result)}


@dataclass
class _Known:
    signature: Signature
    row: RunRow
    curve: list[float] | None = None


@dataclass
class RunIndex:
    """All runs below a folder.

    Attributes:
        root: the folder; it need not exist yet.
        known: asked which runs are known to run (true) or not to (false), whatever their files look like.
    """

    root: Path
    known: Callable[[], Mapping[str, bool]] = dict

    def __post_init__(self) -> None:
        self._folders = RunFolders(self.root)
        self._known: dict[str, _Known] = {}
        self._at_work: list[str] = []  # at the last look
        self._lock = threading.Lock()

    def rows(self, now: float | None = None) -> list[RunRow]:
        """Every run, in no particular order.

        Args:
            now: seconds since 1970; the clock's time if it is not given.
        """
        return self.look(math.inf, now)[0]

    def look(self, seconds: float, now: float | None = None) -> tuple[list[RunRow], int]:
        """The runs that are known after so many seconds of reading, the newest first to be read; and how many are not.

        A run that was read once is read again only after it has changed; the next look goes on with the others.

        Args:
            seconds: of reading; at least one more run is read however few they are.
            now: as in `rows`.
        """
        moment = time.time() if now is None else now
        with self._lock:
            found = self._folders.find(self._at_work)
            for gone in self._known.keys() - found.keys():
                del self._known[gone]
            alive = self.known()
            end = time.monotonic() + seconds
            rows: list[RunRow] = []
            read = unread = 0
            for identifier, signature in found.items():
                new = identifier not in self._known
                if new and read and time.monotonic() > end:
                    unread += 1
                    continue
                read += new
                rows.append(self._row(identifier, signature, moment, alive.get(identifier)))
            self._at_work = [row.id for row in rows if row.state == "running"]
            return rows, unread

    def row(self, identifier: str) -> RunRow | None:
        """One run, without a look at the others; ``None`` if there is none of that name."""
        signature = self._folders.signature(identifier)
        if signature is None:
            return None
        alive = self.known().get(identifier)
        with self._lock:
            return self._row(identifier, signature, time.time(), alive)

    def curve(self, identifier: str) -> list[float]:
        """Mean scores of generations spread over the run, at most `CURVE_POINTS`; empty where there are none."""
        with self._lock:
            known = self._known.get(identifier)
            if known is None or known.row.state in ("broken", "empty", "kept"):
                return []
            if known.curve is None:
                known.curve = [line["mean"] for line in sample_lines(self.root / identifier / "metrics.jsonl")]
            return known.curve

    def _row(self, identifier: str, signature: Signature, now: float, alive: bool | None) -> RunRow:
        known = self._known.get(identifier)
        if known is None or known.signature != signature:
            known = self._known[identifier] = _Known(signature, _read(identifier, self.root / identifier, signature))
        row = known.row
        if row.state in ("broken", "kept") or (row.state == "finished" and not alive):
            return row
        if alive is None:
            alive = self._is_at_work(identifier, row, signature, now)
        return replace(row, state="running") if alive else row

    def _is_at_work(self, identifier: str, row: RunRow, signature: Signature, now: float) -> bool:
        """Whether a process is at work on a run: the one whose number stands in its lock, if the system has locks."""
        try:
            with open(f"{self.root}/{identifier}/{LOCK}", encoding="ascii", errors="replace") as file:
                text = file.read().strip()
        except OSError:
            text = None
        if os.name == "posix":  # elsewhere there are no locks, and signal 0 would end the process that is asked for
            if text is None:
                return False
            if text.isdigit():
                return _is_alive(int(text))
        # A search that was stopped leaves a policy as its last act, newer than all else.
        return now - row.changed < QUIET_SECONDS and not _was_stopped(signature)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True  # somebody else's
    return True


def sample_lines(file: Path, most: int = CURVE_POINTS) -> list[dict[str, Any]]:
    """Whole lines of a ``.jsonl`` file, at most about `most`, spread over it; the first and the last among them.

    A file of any length costs the same: beyond a few lines it is entered at evenly spaced places.
    """
    try:
        size = file.stat().st_size
        with file.open("rb") as handle:
            if size <= most * 1024:
                lines = handle.read().split(b"\n")[:-1]
                stride = max(1, -(-len(lines) // most))
                chosen = [*lines[::stride], *(lines[-1:] if (len(lines) - 1) % stride else [])]
            else:
                chosen = list(_entered(handle, size, most))
        return [value for value in map(json.loads, chosen) if isinstance(value, dict)]
    except (OSError, ValueError):
        return []


def _entered(handle: Any, size: int, most: int) -> Iterator[bytes]:
    yield handle.readline()
    place = handle.tell()
    for number in range(1, most):
        wanted = size * number // most
        if wanted <= place:
            continue
        handle.seek(wanted)
        handle.readline()  # the rest of a line that was entered in its middle
        line = handle.readline()
        if not line.endswith(b"\n"):
            return
        place = handle.tell()
        yield line


def _was_stopped(signature: Signature) -> bool:
    _, metrics, policy, _, checkpoint = signature
    writing = max((stamp[0] for stamp in (metrics, checkpoint) if stamp is not None), default=0)
    return policy is not None and policy[0] >= writing


def _read(identifier: str, path: Path, signature: Signature) -> RunRow:
    changed = newest(signature) / 1e9
    try:
        if signature[0] is None:
            return _without_config(identifier, path, signature, changed)
        row = _from_config(identifier, read_json(path / "config.json"), changed)
        row = _with_metrics(row, path / "metrics.jsonl")
        return row if signature[3] is None else _with_evaluation(row, read_json(path / "evaluation.json"))
    except PoiseError as error:
        problem = str(error).replace(f"{path}/", "")  # the list says already which run it is
        return RunRow(identifier, "broken", changed=changed, problem=problem)
    except (KeyError, TypeError, ValueError, OSError) as error:
        problem = f"its files are not those of a run of this version ({type(error).__name__}: {error})"
        return RunRow(identifier, "broken", changed=changed, problem=problem)


def _without_config(identifier: str, path: Path, signature: Signature, changed: float) -> RunRow:
    """A policy that somebody kept by hand, or the rest of a run."""
    if signature[2] is None or signature[1] is not None:
        return RunRow(identifier, "broken", changed=changed, problem="it has no config.json")
    policy = read_json(path / "policy.json")
    env, name = str(policy["environment"]["id"]), str(policy["architecture"]["name"])
    return RunRow(identifier, "kept", env=env, how=f"{name} · by hand", changed=changed)


def _from_config(identifier: str, config: Mapping[str, Any], changed: float) -> RunRow:
    train = config["train"]
    stages = (config.get("plan") or {}).get("stages") or [train]
    # In the order of the stages, each name once: "linear, quadratic · snes".
    names = [dict.fromkeys(str(stage[key]) for stage in stages if stage.get(key)) for key in ("policy", "optimizer")]
    how = " · ".join(", ".join(some) for some in names if some)
    return RunRow(identifier, "empty", env=str(train["env"]), how=how, seed=int(train["seed"]), changed=changed)


def _with_metrics(row: RunRow, file: Path) -> RunRow:
    last = last_line(file)
    if last is None:
        return row
    return replace(
        row,
        state="stopped",
        generations=int(last["generation"]),
        steps=int(last["steps"]),
        best=float(last["best_so_far"]),
    )


def _with_evaluation(row: RunRow, account: Mapping[str, Any]) -> RunRow:
    evaluation = account["evaluation"]
    if evaluation is None:
        return row
    kept = ("mean", "low", "high", "confidence", "method", "episodes", "threshold", "success_rate")
    result = {name: evaluation[name] for name in kept}
    return replace(row, state="finished", result=result, generations=int(account["generations"]))


def last_line(file: Path) -> dict[str, Any] | None:
    """The last whole line of a ``.jsonl`` file; ``None`` if it has none.

    Raises:
        ValueError: it is no JSON object.
    """
    try:
        with file.open("rb") as handle:
            end = handle.seek(0, os.SEEK_END)
            block = 8192
            while True:
                start = max(0, end - block)
                handle.seek(start)
                parts = handle.read(end - start).split(b"\n")
                if len(parts) >= 3 or start == 0:
                    break
                block *= 8
    except FileNotFoundError:
        return None
    if len(parts) < 2:
        return None
    value = json.loads(parts[-2])
    if not isinstance(value, dict):
        raise ValueError(f"expected a JSON object in the last line of {file.name}")
    return value
