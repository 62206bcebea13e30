"""A run belongs to one process at a time, by a lock that ends with its owner, however that ends."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path

from poise.errors import OutputError, RunInUseError

_log = logging.getLogger(__name__)


class Lock:
    """A file that one process holds locked and the system lets go when that process ends.

    The number of its owner stands in the file for people; what counts is the lock and not the file, so that what a
    killed process left behind keeps nobody out.

    Args:
        path: the file; its directory exists.

    Attributes:
        was_left: whoever had it before ended without letting go of it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.was_left = False
        self._handle: int | None = None

    def acquire(self) -> None:
        """Takes the lock. Where the system has none (Windows, some network drives) a line in the log says so.

        Raises:
            RunInUseError: another process has it.
            OutputError: the file cannot be made.
        """
        try:
            import fcntl
        except ImportError:
            _log.info("this system has no flock: nothing keeps a second process out of %s", self._path.parent)
            return
        while self._handle is None:
            try:
                handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
            except OSError as error:
                raise OutputError(f"cannot write {self._path}: {error.strerror or error}") from error
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                owner = os.read(handle, 20).decode(errors="replace").strip()
                os.close(handle)
                raise RunInUseError(
                    f"{self._path.parent} is in use by another poise{f', process {owner}' if owner else ''}: wait for "
                    "it, or stop it first"
                ) from error
            except OSError as error:
                os.close(handle)
                _log.warning("%s cannot be locked (%s): start no second process on it", self._path.parent, error)
                return
            if self._is_still_there(handle):
                self._handle = handle
            else:
                os.close(handle)  # its owner removed it between the two calls
        self.was_left = os.fstat(self._handle).st_size > 0
        with suppress(OSError):  # a full disk: the lock holds all the same
            os.ftruncate(self._handle, 0)
            os.write(self._handle, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Lets it go, and removes the file. It may be called twice."""
        if self._handle is None:
            return
        with suppress(OSError):
            self._path.unlink()  # while the lock is held: nobody else has taken this file yet
        os.close(self._handle)
        self._handle = None

    def _is_still_there(self, handle: int) -> bool:
        try:
            return os.path.samestat(os.fstat(handle), self._path.stat())
        except FileNotFoundError:
            return False
