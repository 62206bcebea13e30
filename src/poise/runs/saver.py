"""When a run is saved: often enough that little is played again, and seldom enough that it costs next to nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

from poise.runs.directory import RunDirectory

LEAST_SECONDS = 1.0
"""Least time between two checkpoints; a resumed run plays again what came after the last, to the same bytes."""

LARGEST_SHARE = 0.01
"""Largest share of the time that may go into checkpoints but the last: where they take long, they are made seldom."""


class Saver:
    """Makes checkpoints now and then.

    Args:
        directory: the run.
        write: writes a checkpoint of where it stands.
    """

    def __init__(self, directory: RunDirectory, write: Callable[[], None]) -> None:
        self._directory, self._write = directory, write
        self._saved, self._pause = time.monotonic(), _pause_after(directory.write_seconds)

    def save_if_due(self) -> None:
        """Makes one if the last is old enough."""
        if time.monotonic() - self._saved >= self._pause:
            self.save()

    def save(self) -> None:
        """Makes one.

        Raises:
            OutputError: it cannot be written.
        """
        began = time.monotonic()
        self._directory.sync()  # a checkpoint must not know of lines that a power failure could still take
        self._write()
        self._saved = time.monotonic()
        self._pause = _pause_after(self._saved - began)


def _pause_after(seconds: float) -> float:
    """How long a disk that took so many seconds is spared."""
    return max(LEAST_SECONDS, seconds / LARGEST_SHARE)
