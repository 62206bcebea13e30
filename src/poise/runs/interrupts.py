"""What ends a session before its time: Ctrl-C and SIGTERM, and files that cannot be written any more.

In the search the first signal asks it to stop after the generation.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from poise.errors import EnvironmentFailureError, OutputError, RunStoppedError

Result = TypeVar("Result")
"""What a session ends with."""


class Interrupts:
    """What signals have asked for.

    Attributes:
        asked: somebody wants this to end.
    """

    def __init__(self) -> None:
        self.asked = False
        self._patient = False

    @contextmanager
    def patience(self) -> Iterator[None]:
        """Within the block the first signal only sets `asked`; every other raises `KeyboardInterrupt` at once."""
        self._patient = True
        try:
            yield
        finally:
            self._patient = False

    def handle(self, number: int, frame: FrameType | None) -> None:
        """The handler of both signals."""
        at_once = self.asked or not self._patient
        self.asked = True
        if at_once:
            raise KeyboardInterrupt


@contextmanager
def graceful_interrupts() -> Iterator[Interrupts]:
    """Takes over SIGINT and SIGTERM for the block; not outside of the main thread, where Python allows no handlers."""
    interrupts = Interrupts()
    previous: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            previous[number] = signal.signal(number, interrupts.handle)
    try:
        yield interrupts
    finally:
        for known, handler in previous.items():
            signal.signal(known, handler)


def until_stopped(path: Path, work: Callable[[], Result], keep: Callable[[], Result]) -> Result:
    """Does the work of a session, or as much of it as can be done.

    Args:
        path: the run's directory, for the message.
        work: the session.
        keep: writes down what was found so far, if the work is interrupted.

    Raises:
        RunStoppedError: a file cannot be written, or there is not enough memory.
        EnvironmentFailureError: it came from the work; what was found so far is written down.
    """
    try:
        try:
            return work()
        except KeyboardInterrupt:
            return keep()
        except EnvironmentFailureError:
            keep()
            raise
    except MemoryError as error:
        raise RunStoppedError(
            "there is not enough memory. What was written is whole; with more, or with fewer --workers, go on with: "
            f"poise resume {path}"
        ) from error
    except OutputError as error:
        raise RunStoppedError(
            f"{error}. What was written is whole; when that is mended, go on with: poise resume {path}"
        ) from error
