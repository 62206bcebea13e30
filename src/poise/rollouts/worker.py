"""The worker: a process that plays what it is sent, until nobody is left to send anything.

`poise.rollouts.process` starts it. It speaks over its standard input and output, and whatever an environment prints
goes to the standard error. A thread of its own listens: so a worker answers while it plays, and ends at once when the
process that started it has gone, however that ended.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import sys
import threading
import time
import traceback
from types import FrameType
from typing import Any, BinaryIO

from poise.errors import EnvironmentFailureError, PoiseError
from poise.policies.architecture import Architecture
from poise.rollouts.channel import At, Channel, Failed, Hello, Play, Played, Ready, Where
from poise.rollouts.delivery import unpack
from poise.rollouts.player import Episode, Player, Work
from poise.rollouts.time_limit import time_limit

REPORT_SECONDS = 0.05
"""Episodes that have ended are sent at the latest when the next one ends so long after the last message."""

LEAVING_SECONDS = 1.0
"""How long an environment may take to close when the worker has to go."""


def main(incoming: BinaryIO) -> None:
    """Serves until the other side hangs up, and ends the process.

    Args:
        incoming: a duplicate of the standard input.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # blocked until here, lest it come too early
    signal.signal(signal.SIGTERM, _leave)
    outgoing = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    server = _Server(Channel(incoming, outgoing))
    code = 0
    try:
        try:
            server.serve()
        except (EOFError, OSError):
            pass  # nobody is there any more
        except Exception:
            traceback.print_exc()
            code = 1
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    except _AskedToLeaveError:  # wherever it was struck
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    server.close()
    sys.stderr.flush()
    os._exit(code)  # nothing is left to tidy up, and imported packages may take their time with it


def _leave(number: int, frame: FrameType | None) -> None:
    raise _AskedToLeaveError


class _AskedToLeaveError(BaseException):
    """Somebody wants this process to end. Not `SystemExit`: that may come from an environment."""


class _Server:
    """Plays in the main thread, listens in another."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._work: queue.SimpleQueue[Play | None] = queue.SimpleQueue()
        self._player: Player | None = None
        self._ended = 0
        self._architecture: tuple[bytes, Architecture] | None = None

    def serve(self) -> None:
        hello: Hello = self._channel.receive()
        threading.Thread(target=self._listen, name="listener", daemon=True).start()
        try:
            with time_limit(hello.step_seconds, lambda: 0):
                self._player = player = Player(unpack(hello.environment))
        except Exception as error:
            self._channel.send(Failed(_sendable(error)))
            return
        if hello.compiled_steps:
            player.speed_up(compile_now=False)  # to compile, and to say so, is for the process that started this one
        self._channel.send(Ready())
        while (request := self._work.get()) is not None:
            self._play(player, request, hello.step_seconds)

    def close(self) -> None:
        """Closes the environment."""
        if self._player is not None:
            self._player.close()

    def _listen(self) -> None:
        """Takes in work, and answers questions while episodes are played."""
        try:
            while True:
                message: Any = self._channel.receive()
                if isinstance(message, Where):
                    self._channel.send(At(self._ended, self._player.steps if self._player is not None else 0))
                else:
                    self._work.put(message)
        except (EOFError, OSError, ValueError):
            # The other side has gone: nobody waits for what is being played.
            self._work.put(None)
            end = threading.Timer(LEAVING_SECONDS, os._exit, [0])
            end.daemon = True
            end.start()
            os.kill(os.getpid(), signal.SIGTERM)

    def _play(self, player: Player, request: Play, step_seconds: float) -> None:
        waiting: list[Episode] = []
        self._ended = 0
        sent = time.monotonic()
        failure: PoiseError | None = None
        try:
            with time_limit(step_seconds, lambda: player.steps):
                for episode in player.play(self._work_of(request)):
                    waiting.append(episode)
                    self._ended += 1
                    now = time.monotonic()
                    if now - sent > REPORT_SECONDS and self._ended < len(request.seeds):
                        self._channel.send(Played(waiting, finished=False))
                        waiting, sent = [], now
        except PoiseError as error:
            failure = error
        self._channel.send(Played(waiting, finished=failure is None))
        if failure is not None:
            self._channel.send(Failed(_sendable(failure)))

    def _work_of(self, request: Play) -> Work:
        if self._architecture is None or self._architecture[0] != request.architecture:
            architecture = pickle.loads(request.architecture)  # nosec B301  from the process that started this one
            self._architecture = request.architecture, architecture
        return request.work(self._architecture[1])


def _sendable(error: Exception) -> PoiseError:
    """The error as it can cross over: its cause, which may hold anything, becomes a note in words."""
    told = (
        error if isinstance(error, PoiseError) else EnvironmentFailureError(f"raised {type(error).__name__}: {error}")
    )
    told.add_note("In the worker process:\n" + "".join(traceback.format_exception(error.__cause__ or error)))
    return told
