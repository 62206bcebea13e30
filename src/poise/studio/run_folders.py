"""Where runs are below a folder, and when their files have changed: looked for sparingly where there are thousands."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

DEEPEST = 3
"""Folders below the root in which runs are looked for: ``runs/CartPole-v1/20261123-181500-0`` needs two."""

WATCHED_FILES = ("config.json", "metrics.jsonl", "policy.json", "evaluation.json", "checkpoint")

SHARE = 0.1
"""The part of the time that looking through all folders may take, where that takes long."""

LONG_SECONDS = 0.03
"""What is no longer than this is done at each look."""

Signature: TypeAlias = tuple[tuple[int, int] | None, ...]
"""Time of the last change and size of each of `WATCHED_FILES`."""


class RunFolders:
    """The folders of runs below a root.

    To look at each file of 10,000 runs takes a quarter of a second. So their list is used for a while, unless a run has
    come or gone; a run that is at work is looked at each time.

    Args:
        root: it need not exist yet.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._found: dict[str, Signature] = {}
        self._parents: dict[str, int] = {}  # folders in which runs may appear, and when that last happened
        self._until = 0.0

    def find(self, at_work: Iterable[str] = ()) -> Mapping[str, Signature]:
        """Every run's name and signature, the last changed first.

        Args:
            at_work: runs whose files may have changed since the last look.
        """
        began = time.monotonic()
        if began < self._until and all(_changed(folder) == then for folder, then in self._parents.items()):
            for identifier in at_work:
                signature = self.signature(identifier)
                if signature is not None and identifier in self._found:
                    self._found[identifier] = signature
            return self._found
        self._parents = {}
        self._found = dict(sorted(self._scan(), key=lambda item: newest(item[1]), reverse=True))
        took = time.monotonic() - began
        self._until = began + took / SHARE if took > LONG_SECONDS else 0.0
        return self._found

    def signature(self, identifier: str) -> Signature | None:
        """That of one run, without a look at the others; ``None`` if there is none of that name."""
        try:
            with os.scandir(self._root / identifier) as entries:
                inside = {entry.name: entry for entry in entries}
        except OSError:
            return None
        return _signature(inside) if _is_run(inside) else None

    def _scan(self) -> Iterator[tuple[str, Signature]]:
        pending = [("", str(self._root), 0)]
        while pending:
            prefix, folder, depth = pending.pop()
            changed = _changed(folder)  # before the look: what comes during it is seen at the next one
            try:
                with os.scandir(folder) as entries:
                    inside = {entry.name: entry for entry in entries if not entry.name.startswith(".")}
            except OSError:
                continue  # it went away while we looked, or is not ours to read
            if prefix and _is_run(inside):
                yield prefix, _signature(inside)
                continue
            self._parents[folder] = changed
            if depth < DEEPEST:
                for name, entry in inside.items():
                    if entry.is_dir(follow_symlinks=False):
                        pending.append((f"{prefix}/{name}" if prefix else name, entry.path, depth + 1))


def newest(signature: Signature) -> int:
    """When a run last wrote something, in nanoseconds since 1970."""
    return max([stamp[0] for stamp in signature if stamp is not None], default=0)


def _is_run(inside: Mapping[str, os.DirEntry[str]]) -> bool:
    return any(name in inside for name in WATCHED_FILES)


def _signature(inside: Mapping[str, os.DirEntry[str]]) -> Signature:
    return tuple([_stamp(inside.get(name)) for name in WATCHED_FILES])


def _stamp(entry: os.DirEntry[str] | None) -> tuple[int, int] | None:
    if entry is None:
        return None
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _changed(folder: str) -> int:
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return 0
