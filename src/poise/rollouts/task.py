"""The episodes of one call, dealt out in parts: which are taken, played, lost, and which of them failed."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence

from poise.errors import EnvironmentFailureError, PoiseError
from poise.rollouts.player import MAX_HANGS, Episode, Work

MAX_DEATHS = 3
"""How many workers an episode may take with it."""

MAX_KILLS = 10
"""How often its worker may be killed from outside: that is hardly its fault, but it may take too much memory."""


class Task:
    """The episodes of a call. What is asked here twice is answered the same, whoever plays what and when.

    It is not safe for threads by itself: its users hold one lock.

    Args:
        work: the episodes.

    Attributes:
        deaths: how often each episode was lost with its worker.
        kills: how many of these deaths came from outside.
    """

    def __init__(self, work: Work) -> None:
        size = len(work)
        self.deaths: Counter[int] = Counter()
        self.kills: Counter[int] = Counter()
        self._work = work
        self._hangs = 0
        self._episodes: list[Episode | None] = [None] * size
        self._free: deque[range] = deque([range(size)])
        self._missing = size
        self._failure: PoiseError | None = None
        self._end = size  # episodes from here on no longer matter: one before them has failed

    def is_done(self) -> bool:
        """Every episode is played, or those up to the first that failed."""
        return self._missing == 0

    @property
    def free(self) -> int:
        """Episodes that nobody has taken."""
        return sum(len(part) for part in self._free)

    def take(self, most: int) -> range | None:
        """The next episodes for somebody to play, at most so many; ``None`` if nothing is left."""
        while self._free:
            part = self._free.popleft()
            part = range(part.start, min(part.stop, self._end))
            if not part:
                continue
            if len(part) > most:
                self._free.appendleft(part[most:])
            return part[:most]
        return None

    def put(self, begin: int, episodes: Sequence[Episode]) -> None:
        """Takes in what was played, from episode `begin` on."""
        for index, episode in enumerate(episodes, begin):
            if self._episodes[index] is None and index < self._end:
                self._missing -= 1
            self._episodes[index] = episode

    def fail(self, index: int, error: PoiseError) -> None:
        """An episode failed. Those before it are still played, for the first failure is the one that is told."""
        if index < self._end:
            self._end, self._failure = index, error
            self._missing = sum(episode is None for episode in self._episodes[:index])

    def lose(self, lost: range, name: str, seed: int, how: str, *, killed: bool = False) -> None:
        """A worker died with these episodes: they are played again, one by one, to find the one that kills.

        Args:
            lost: the episodes.
            name: of the environment.
            seed: of the first of them.
            how: the worker ended, in words.
            killed: from outside.
        """
        self.deaths.update(lost)
        if killed:
            self.kills.update(lost)
        deaths, kills = self.deaths[lost.start], self.kills[lost.start]
        if len(lost) == 1 and (deaths - kills >= MAX_DEATHS or kills >= MAX_KILLS):
            self._spoil(
                lost.start,
                f"{name}, seed {seed}: the process that played it ended {deaths} times ({how}); expected an "
                "environment that lets its process live. Look for a crash in its compiled code, a call of exit, or "
                "too little memory for so many workers (--workers, workers= in Python)",
            )
            return
        self.give_back([range(index, index + 1) for index in lost])

    def hang(self, lost: range, index: int, failure: str) -> None:
        """An episode hung until its worker was ended. After some of them nobody waits for another.

        Args:
            lost: the episodes that went with the worker.
            index: the one that hung.
            failure: in words.
        """
        self._hangs += 1
        if self._hangs >= MAX_HANGS:
            self.fail(index, EnvironmentFailureError(failure))
            return
        self._spoil(index, failure)
        self.give_back([part for part in (range(lost.start, index), range(index + 1, lost.stop)) if part])

    def _spoil(self, index: int, failure: str) -> None:
        """An episode that nobody can play counts as failed."""
        self.put(index, [Episode.failed(failure, 0, self._work)])

    def give_back(self, parts: Sequence[range]) -> None:
        """Parts that were taken and not played come next again, in their order."""
        self._free.extendleft(reversed(parts))

    def results(self) -> list[Episode]:
        """All episodes in their order.

        Raises:
            PoiseError: the first failure among them.
        """
        if self._failure is not None:
            raise self._failure
        return [episode for episode in self._episodes if episode is not None]
