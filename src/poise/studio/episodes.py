"""Plays the episodes that the page asks for: one at a time, in a thread of its own, and keeps the last few."""

from __future__ import annotations

import asyncio
import math
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import numpy as np

from poise.errors import PoiseError
from poise.rollouts.recording import Recording, plain, replay
from poise.studio import attribution
from poise.studio.source import Watched
from poise.types import Json

LEARNING = "still learning"
"""What stands for a policy's kind in an episode that it was learnt from."""


@dataclass(frozen=True)
class Episode:
    """A recording as the page wants it.

    Attributes:
        recording: the episode.
        same: playing its actions again under its seed gave the same observations and rewards, to the bit.
        check: that in words.
    """

    recording: Recording
    same: bool
    check: str

    def observations(self) -> Json:
        """The observations alone, a list of lists for an environment that observes vectors."""
        return [finite(plain(observation)) for observation in self.recording.observations]

    def to_json(self, watched: Watched) -> Json:
        """All that the page shows, as plain data. Observations and actions are flat lists of numbers, a row a step."""
        observations = [list(numbers(observation)) for observation in self.recording.observations]
        width = len(observations[0])
        # While a policy is learnt its weights change with every step: those it ended with say nothing of its actions.
        lived = self.recording.seed in watched.lived
        fits = not lived and watched.weights is not None and all(len(row) == width for row in watched.weights)
        return {
            "title": watched.title,
            "policy": LEARNING if lived else watched.policy,
            "certificate": None if lived else watched.certificate,
            "environment": self.recording.environment.id,
            "seed": self.recording.seed,
            "firstSeed": watched.first_seed,
            "featureNames": _names(watched.feature_names, width),
            "actionNames": list(watched.action_names),
            "firstAction": watched.first_action,
            "discrete": all(_is_discrete(action) for action in self.recording.actions),
            "weights": watched.weights if fits else None,
            "biases": watched.biases if fits else [],
            "attribution": attribution.to_json(None if lived else watched.kept, self.recording.observations, width),
            "observations": observations,
            "actions": [list(numbers(action)) for action in self.recording.actions],
            "rewards": [finite(reward) for reward in self.recording.rewards],
            "return": finite(self.recording.score),
            "length": len(self.recording.actions),
            "terminated": self.recording.terminated,
            "truncated": self.recording.truncated,
            "stepLimit": self.recording.environment.max_episode_steps,
            "check": {"same": self.same, "words": self.check},
        }


class EpisodePlayer:
    """Plays episodes of one policy, and remembers the last few.

    One daemon thread plays them all: an environment may be bound to the thread that made it, the server's own thread
    never waits, and the end of the program does not wait for a long episode.
    """

    def __init__(self, watched: Watched, remembered: int = 16) -> None:
        self.watched, self._remembered = watched, remembered
        self._episodes: OrderedDict[int, Episode] = OrderedDict()
        self._lock = threading.Lock()  # over the remembered episodes, which both threads read
        self._orders: queue.SimpleQueue[tuple[int, Future[Episode]] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def episode(self, seed: int) -> Episode:
        """The episode of `seed`, played now or remembered.

        Raises:
            PoiseError: it could not be played; the message says why.
        """
        known = self._recall(seed)
        if known is not None:
            return known
        return await asyncio.wrap_future(self._order(seed))

    def foresee(self, seed: int) -> None:
        """Begins an episode that will soon be asked for."""
        if self._recall(seed) is None:
            self._order(seed)

    def close(self) -> None:
        """Lets the thread end once it has played what was ordered; an episode asked for later begins another."""
        if self._thread is not None:
            self._orders.put(None)
            self._thread = None

    def _order(self, seed: int) -> Future[Episode]:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="poise episodes", daemon=True)
            self._thread.start()
        future: Future[Episode] = Future()
        self._orders.put((seed, future))
        return future

    def _recall(self, seed: int) -> Episode | None:
        with self._lock:
            known = self._episodes.get(seed)
            if known is not None:
                self._episodes.move_to_end(seed)
            return known

    def _remember(self, seed: int, episode: Episode) -> None:
        with self._lock:
            self._episodes[seed] = episode
            while len(self._episodes) > self._remembered:
                self._episodes.popitem(last=False)

    def _work(self) -> None:
        while True:
            order = self._orders.get()
            if order is None:
                return
            seed, future = order
            if not future.set_running_or_notify_cancel():
                continue  # the reader has gone
            try:
                episode = self._recall(seed) or play(self.watched.record, seed)
                self._remember(seed, episode)
                future.set_result(episode)
            except Exception as error:
                future.set_exception(error)


def play(record: Callable[[int], Recording], seed: int) -> Episode:
    """Plays the episode of `seed`, and once more from its seed and actions to check it.

    Raises:
        PoiseError: it could not be played.
    """
    recording = record(seed)
    try:
        again = replay(recording.environment, recording.seed, recording.actions)
    except PoiseError as error:
        return Episode(recording, same=False, check=str(error))
    difference = first_difference(recording, again)
    if difference is None:
        return Episode(recording, same=True, check="Played again from its seed and actions: equal to the bit.")
    return Episode(
        recording,
        same=False,
        check=f"Played again from its seed and actions, it differs at step {difference}: "
        f"{recording.environment.id} is not determined by its seed.",
    )


def first_difference(one: Recording, other: Recording) -> int | None:
    """The first step at which two recordings of the same length show another observation or reward."""
    for step, (left, right) in enumerate(zip(one.observations, other.observations, strict=True)):
        if list(numbers(left)) != list(numbers(right)):
            return step
    for step, (earned, again) in enumerate(zip(one.rewards, other.rewards, strict=True)):
        if finite(earned) != finite(again):
            return step
    return None


def numbers(value: Any) -> Iterator[float | None]:
    """The numbers of an observation or an action in their order; what JSON has no number for becomes None."""
    if isinstance(value, dict):
        for item in value.values():
            yield from numbers(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from numbers(item)
    else:
        for number in np.asarray(value, dtype=np.float64).reshape(-1).tolist():
            yield number if math.isfinite(number) else None


def finite(value: Json) -> Json:
    """Plain data with None for NaN and infinities, which JSON has no words for."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [finite(item) for item in value]
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    return value


def _names(known: Sequence[str], width: int) -> list[str]:
    """The known names if they are those of the numbers shown; features of a discrete observation are not."""
    if len(known) == width:
        return list(known)
    return ["observation"] if width == 1 else [f"x[{i}]" for i in range(width)]


def _is_discrete(action: Any) -> bool:
    return isinstance(action, int | np.integer)
