"""Messages between this process and a worker: pickled, over a pair of pipes. It is all that the two share."""

from __future__ import annotations

import pickle
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from poise.errors import PoiseError
from poise.policies.architecture import Architecture
from poise.rollouts.player import Episode, Work
from poise.types import FloatArray, IntArray, SeedArray

PATIENCE_SECONDS = 1.0
"""How long a message that is just being sent may hold up the end."""


@dataclass(frozen=True)
class Hello:
    """To a worker, first of all: what it will play.

    Attributes:
        environment: pickled by `poise.rollouts.delivery`.
        step_seconds: how long one ``reset`` or ``step`` may take.
        compiled_steps: whether compiled code that is on disk may play the steps.
    """

    environment: bytes
    step_seconds: float
    compiled_steps: bool


@dataclass(frozen=True)
class Play:
    """To a worker: episodes to play. `Work`, with the architecture pickled once for the whole call."""

    architecture: bytes
    parameters: FloatArray
    candidates: IntArray
    seeds: SeedArray
    sum_observations: bool
    horizon: int | None

    @classmethod
    def part(cls, work: Work, architecture: bytes, begin: int, end: int) -> Play:
        """Some of the episodes of a call."""
        part = work.part(begin, end)
        # A view would be pickled well enough; an array that owns its numbers is pickled without a copy.
        return cls(
            architecture,
            np.ascontiguousarray(part.parameters),
            part.candidates,
            np.ascontiguousarray(part.seeds),
            part.sum_observations,
            part.horizon,
        )

    def work(self, architecture: Architecture) -> Work:
        """The episodes, once the architecture is unpickled."""
        return Work(architecture, self.parameters, self.candidates, self.seeds, self.sum_observations, self.horizon)


@dataclass(frozen=True)
class Where:
    """To a worker: is anything happening?"""


@dataclass(frozen=True)
class At:
    """From a worker: how many episodes of its work have ended, and how many steps it has taken in its life."""

    episodes: int
    steps: int


@dataclass(frozen=True)
class Ready:
    """From a worker: its environment is made."""


@dataclass(frozen=True)
class Played:
    """From a worker: episodes that have ended since the last such message; whether its work is done."""

    episodes: list[Episode]
    finished: bool


@dataclass(frozen=True)
class Failed:
    """From a worker: the environment could not be made, or failed in the episode after those that it has sent."""

    error: PoiseError


class Channel:
    """Sends and receives whole messages. Threads may send at once; one may receive.

    Args:
        incoming, outgoing: pipes, open for as long as both sides want to talk.
    """

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        self._sending = threading.Lock()

    def send(self, message: Any) -> None:
        """Sends a message.

        Raises:
            OSError, ValueError: nobody listens any more.
        """
        data = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
        with self._sending:
            self._outgoing.write(_LENGTH.pack(len(data)) + data)
            self._outgoing.flush()

    def ask(self, message: Any) -> None:
        """Sends a short message if that can be done at once, and if anybody is there."""
        if self._sending.acquire(blocking=False):
            self._sending.release()
            with suppress(OSError, ValueError):
                self.send(message)

    def receive(self) -> Any:
        """The next message.

        Raises:
            EOFError: the other side has gone.
        """
        size = _LENGTH.unpack(self._read(_LENGTH.size))[0]
        return pickle.loads(self._read(size))  # nosec B301  a pipe to a process of ours, never a file

    def _read(self, size: int) -> bytes:
        data = self._incoming.read(size)
        if len(data) < size:
            raise EOFError("the other side of the channel has gone")
        return data

    def hang_up(self) -> None:
        """Tells the other side that nothing more will come."""
        if not self._sending.acquire(timeout=PATIENCE_SECONDS):
            return  # a thread is stuck in sending, for nobody reads there
        with suppress(OSError):  # it may have gone already
            self._outgoing.close()
        self._sending.release()


_LENGTH = struct.Struct("<Q")
