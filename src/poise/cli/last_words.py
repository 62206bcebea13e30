"""Says a word when a command ends without one: an environment may take the whole process along, and nobody is left."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from poise.rollouts.time_limit import let_it_end_this_process

COMMANDS = ("train", "resume", "evaluate", "certify")
"""Commands in whose process an environment may be played."""

WORDS = (
    "\npoise: this command was ended from outside of poise: by its environment (code that crashed, a call that ends "
    "the process, or one that never returned), by the system (no memory left), or by a person. A run under way is "
    "whole: `poise resume RUN` plays its episodes in processes of their own, and counts one that ends its process as "
    "failed. Without --out, RUN is the newest folder in runs/ENV/.\n"
)
"""What is said then."""


@contextmanager
def last_words(arguments: list[str]) -> Iterator[None]:
    """While the block runs, another process waits for the end of this one, and speaks if it comes within the block.

    Args:
        arguments: the command line.
    """
    if not hasattr(os, "fork") or not any(argument in COMMANDS for argument in arguments[:2]):
        yield
        return
    let_it_end_this_process()
    listening, telling = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(telling)
        _wait_and_speak(listening)
    os.close(listening)
    try:
        yield
    finally:
        with suppress(OSError):
            os.write(telling, b".")  # all is said already
        os.close(telling)
        with suppress(ChildProcessError):
            os.waitpid(child, 0)


def _wait_and_speak(listening: int) -> None:
    """The other process: a pipe that ends before anything has come through it means that its owner is dead."""
    try:
        for number in (signal.SIGINT, signal.SIGTERM):  # they are meant for the command
            signal.signal(number, signal.SIG_IGN)
        for handle in (sys.stdin, sys.stdout):  # whoever reads our output shall not wait for this process
            os.close(handle.fileno())
        if not os.read(listening, 1):
            os.write(2, WORDS.encode())
    except OSError:
        pass  # nobody reads standard error any more
    finally:
        os._exit(0)
