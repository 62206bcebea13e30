"""What playing costs here and with workers, as measured; and so who should play next.

Nothing here can change an episode: it only decides in which process it is played.
"""

from __future__ import annotations

from dataclasses import dataclass

FORGETTING = 0.9
"""Weight of all earlier measurements when a new one comes."""

LEAST_ROUND_TRIPS = 20
"""A part that workers get takes at least so many times as long as handing it over: that costs 5% at most."""

CERTAIN_GAIN = 2.0
"""Times the cost of starting workers that they should save of what is expected: a search may end before that."""

SLOWER = 1.1
"""Workers are left alone when an episode takes so many times as long with them."""

MAX_PATIENCE = 64
"""Most calls between two attempts with workers that were slower."""

HERE_SECONDS = 0.005
"""Time of a part that is played here, before it is looked again whether workers are ready."""


@dataclass
class Rate:
    """Wall time of a step, the newer measurements counting more."""

    seconds: float = 0.0
    steps: float = 0.0

    def note(self, seconds: float, steps: int) -> None:
        """Takes in a measurement."""
        self.seconds = self.seconds * FORGETTING + seconds
        self.steps = self.steps * FORGETTING + steps

    @property
    def value(self) -> float | None:
        """Seconds a step; ``None`` before the first measurement."""
        return self.seconds / self.steps if self.steps else None


class Pace:
    """Measures, and decides.

    Args:
        start_seconds: what it costs to start the workers.
        workers: how many there may be.

    Attributes:
        played_seconds: spent in playing here so far.
    """

    def __init__(self, start_seconds: float, workers: int) -> None:
        self.played_seconds = 0.0
        self._start_seconds, self._workers = start_seconds, workers
        self._here, self._there, self._length = Rate(), Rate(), Rate()
        self._expected: int | None = None
        self._patience, self._waited = 1, 0

    def expect(self, steps: int) -> None:
        """So many steps are still to be played."""
        self._expected = steps

    def note_here(self, seconds: float, episodes: int, steps: int) -> None:
        """Episodes were played in this process."""
        self.played_seconds += seconds
        if self._expected is not None:
            self._expected -= steps
        self._here.note(seconds, steps)
        self._length.note(steps, episodes)

    def note_there(self, seconds: float, episodes: int, steps: int) -> None:
        """Episodes were played by workers, all of whom had something to do."""
        self._length.note(steps, episodes)
        if episodes >= self._workers:
            self._there.note(seconds, steps)

    def is_worth_starting(self, episodes: int) -> bool:
        """Whether workers should be started, with so many episodes of the present call left.

        At once where this call alone saves what they cost. Otherwise by what is expected after it. Where nobody knows
        that, they are started once as much time has gone by without them as they cost (who rents skis until the rents
        add up to the price of a pair never pays more than twice).
        """
        each, here = self._seconds_an_episode, self._here.value
        if self._workers < 2 or each is None or here is None:
            return False
        share = 1 - 1 / min(self._workers, max(1, episodes))
        saved = each * episodes * share
        if saved >= self._start_seconds:
            return True
        if self._expected is None:
            return self.played_seconds + saved >= self._start_seconds
        return here * self._expected * share >= CERTAIN_GAIN * self._start_seconds

    def is_for_workers(self, episodes: int, round_trip: float) -> bool:
        """Whether workers that are ready should play so many episodes."""
        if (self._seconds_an_episode or 0.0) * episodes < LEAST_ROUND_TRIPS * round_trip:
            return False
        here, there = self._here.value, self._there.value
        if here is None or there is None or there <= SLOWER * here:
            self._patience, self._waited = 1, 0
            return True
        # Slower than one process: the machine is busy, or has fewer processors than it says. This call measures anew
        # what one process does; and now and then workers are given another chance.
        self._waited += 1
        if self._waited <= self._patience:
            return False
        self._patience, self._waited = min(2 * self._patience, MAX_PATIENCE), 0
        return True

    def least_part(self, round_trip: float) -> int:
        """Fewest episodes that are worth being handed over."""
        each = self._seconds_an_episode
        return 1 if not each else max(1, round(LEAST_ROUND_TRIPS * round_trip / each))

    @property
    def part_here(self) -> int:
        """Episodes to be played here at a time."""
        each = self._seconds_an_episode
        return 1 if not each else max(1, int(HERE_SECONDS / each))

    @property
    def _seconds_an_episode(self) -> float | None:
        each, length = self._here.value, self._length.value
        return None if each is None or length is None else each * length
