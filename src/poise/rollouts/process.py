"""A worker as the process that started it sees it: how it begins, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, cast

from poise.rollouts.channel import Channel

COMMAND = (
    "import json, os, sys; incoming = os.fdopen(os.dup(0), 'rb'); places = incoming.readline() or sys.exit(); "
    "sys.path[:] = json.loads(places); from poise.rollouts.worker import main; main(incoming)"
)
"""What a worker runs. The main script of this process is not among it. If whoever started it is gone, it just ends."""

THREADS = ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB_MAXIMUM", "NUMEXPR")
"""Libraries that would start threads of their own in every worker."""

CLOSING_SECONDS = 2.0
"""How long a worker may take to leave by itself."""


class WorkerProcess:
    """Starts a worker. It ends with `end`, and by itself when this process ends, however that happens."""

    def __init__(self) -> None:
        one_thread = {f"{name}_NUM_THREADS": "1" for name in THREADS}
        with interrupts_held_back():
            self._process = subprocess.Popen(
                [sys.executable, "-c", COMMAND],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, **one_thread},
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        self._incoming = cast("BinaryIO", self._process.stdout)
        outgoing = cast("BinaryIO", self._process.stdin)
        self.channel = Channel(self._incoming, outgoing)
        with suppress(OSError):  # it may be dead already: whoever listens to it will notice
            outgoing.write(json.dumps([str(place) for place in sys.path]).encode() + b"\n")

    @property
    def pid(self) -> int:
        """Its number in the system."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    @property
    def was_killed(self) -> bool:
        """Whether it has ended by a signal that only others send: a person, or a system that has no memory left."""
        return -(self._process.returncode or 0) in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM))

    def kill(self) -> None:
        """Ends it now; whoever listens to it finds that it has gone."""
        self._process.kill()

    def end(self) -> str:
        """Lets it leave, and sees to it; how it ended, in words."""
        self.channel.hang_up()
        try:
            self._process.wait(CLOSING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._incoming.close()
        return _words(self._process.returncode)


@contextmanager
def interrupts_held_back() -> Iterator[None]:
    """Ctrl-C does not reach a process that is started in this block, until it asks for it.

    It goes to all processes of a terminal at once, and a new worker could not yet know that it is not meant.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _words(code: int) -> str:
    if code >= 0:
        return f"with exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
