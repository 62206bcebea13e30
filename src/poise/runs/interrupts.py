"""Ctrl-C and SIGTERM while a search runs: the first asks it to stop after the generation, the second leaves at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def graceful_interrupts() -> Iterator[Callable[[], bool]]:
    """Within the block the first signal only sets a flag; the value tells whether it is set.

    Outside of the main thread, where Python allows no handlers, the flag is never set.
    """
    asked = False

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    previous: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            previous[number] = signal.signal(number, handle)
    try:
        yield lambda: asked
    finally:
        for known, handler in previous.items():
            signal.signal(known, handler)
