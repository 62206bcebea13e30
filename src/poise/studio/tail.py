"""Follows a run while it is written: the new lines of its files, never more at a time than a page can show."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from poise.studio.run_index import last_line, sample_lines

HISTORY = 800
"""Generations sent to a page that opens on a run, spread over all that there are."""

MOST_LINES = 200
"""Generations sent at a time after that."""

MOST_BYTES = 8 * 2**20
"""Bytes read at a time."""


@dataclass
class Tail:
    """One ``.jsonl`` file that grows, and may be cut when its run is resumed.

    Attributes:
        file: the file; it need not be there yet.
    """

    file: Path
    _offset: int = 0
    _started: bool = field(default=False, repr=False)

    def read(self) -> tuple[bool, list[dict[str, Any]]]:
        """What is new: whether it replaces all that was read before, and the lines, thinned where they are many."""
        try:
            size = self.file.stat().st_size
        except OSError:
            gone, self._offset, self._started = self._started, 0, False
            return gone, []
        if not self._started or size < self._offset:
            return True, self._begin()
        if size == self._offset:
            return False, []
        return False, self._go_on(size)

    def _begin(self) -> list[dict[str, Any]]:
        self._started = True
        lines = sample_lines(self.file, HISTORY)
        # The end of the last whole line: the next look begins there.
        self._offset = _end_of_lines(self.file)
        try:
            last = last_line(self.file)
        except ValueError:
            last = None
        if last is not None and (not lines or lines[-1] != last):
            lines.append(last)
        return lines

    def _go_on(self, size: int) -> list[dict[str, Any]]:
        with self.file.open("rb") as handle:
            handle.seek(self._offset)
            data = handle.read(min(size - self._offset, MOST_BYTES))
        whole = data.rpartition(b"\n")[0]
        if not whole:
            return []
        self._offset += len(whole) + 1
        lines = whole.split(b"\n")
        stride = -(-len(lines) // MOST_LINES)
        return [value for value in (_parsed(line) for line in lines[::-1][::stride][::-1]) if value is not None]


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _end_of_lines(file: Path) -> int:
    """The offset just behind the last newline."""
    try:
        with file.open("rb") as handle:
            end = handle.seek(0, 2)
            while end > 0:
                start = max(0, end - 65_536)
                handle.seek(start)
                found = handle.read(end - start).rfind(b"\n")
                if found >= 0:
                    return start + found + 1
                end = start
    except OSError:
        pass
    return 0
