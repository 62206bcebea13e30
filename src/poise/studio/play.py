"""A person at the controls: one environment in a thread of its own, a step whenever it is time, and what comes of it.

A key that goes down brings the step that is due forward, and the one after it comes when it was due anyway: what is
pressed is seen at once, and the pace stays the environment's own.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from poise.errors import EnvironmentFailureError, PoiseError
from poise.export import png
from poise.rollouts.environments import close, make, remembers
from poise.rollouts.pictures import close_pictures, make_with_pictures, picture_of
from poise.studio import play_protocol as protocol
from poise.studio.controls import Controls
from poise.studio.episodes import numbers
from poise.types import EnvironmentSpec, Json

if TYPE_CHECKING:
    from poise.rollouts.environments import Environment

MOST_PICTURES = 2
"""Pictures under way to a page: a later one waits until the page has drawn one, and then only the newest goes."""

MOST_WAITING = 1000
"""Messages that wait for a page to take them, twenty seconds of CartPole; a page further behind is dropped."""

MOST_NUMBERS = 256
"""Numbers of an observation that are sent; an image's are not looked at one by one."""

FORWARD = 0.75
"""Periods by which a key brings a step forward at most: the rest is what two steps lie apart at least."""

LATE_PERIODS = 5
"""After a stall the game goes on from where it was, and does not hurry after the time that is lost."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Played:
    """An episode that a person has played to its end: enough to play it again, and to see that it is the same.

    Attributes:
        environment: where.
        seed: of the episode.
        actions: what was done.
        rewards: what was earned at each step.
        digest: of all observations, see `digest_of`.
        terminated, truncated: how it ended.
        fps: steps a second that it was played at; 0 where it waited for the player.
    """

    environment: EnvironmentSpec
    seed: int
    actions: tuple[Any, ...]
    rewards: tuple[float, ...]
    digest: str
    terminated: bool
    truncated: bool
    fps: float

    @property
    def score(self) -> float:
        """The return, its rewards added in their order."""
        return float(sum(self.rewards))


class Outbox:
    """What waits for a page: words and states in their order, and of the pictures the newest alone.

    Args:
        ring: is called, from the session's thread, when there is something.
    """

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring, self._lock = ring, threading.Lock()
        self._messages: deque[bytes | Json] = deque()
        self._picture: bytes | None = None
        self.overflowed = False

    def put(self, message: bytes | Json) -> None:
        """Another message: bytes, or what goes as JSON."""
        with self._lock:
            self.overflowed = self.overflowed or len(self._messages) >= MOST_WAITING
            if not self.overflowed:
                self._messages.append(message)
        self._ring()

    def put_picture(self, message: bytes) -> bool:
        """A picture; says whether one that nobody has taken yet is forgotten for it."""
        with self._lock:
            forgotten, self._picture = self._picture is not None, message
        self._ring()
        return forgotten

    def take(self) -> list[bytes | Json]:
        """Everything that waits."""
        with self._lock:
            taken = [*self._messages, *([self._picture] if self._picture is not None else [])]
            self._messages.clear()
            self._picture = None
            return taken


@dataclass
class _Game:
    """One episode under way."""

    environment: Environment
    begin: protocol.Begin
    pictures: bool
    period: float
    step: int = 0
    total: float = 0.0
    actions: list[Any] = field(default_factory=list)
    rewards: list[float] = field(default_factory=list)
    digest: Any = field(default_factory=hashlib.sha256)
    over: bool = False
    owed: bool = False  # a picture that could not be sent yet


class Session:
    """One page that plays one environment.

    Args:
        spec: the environment.
        controls: how a person acts in it.
        ring: is called, from the session's thread, when `outbox` has something.
        keep: is told every episode that was played to its end; what it returns is told the page.
    """

    def __init__(
        self,
        spec: EnvironmentSpec,
        controls: Controls,
        ring: Callable[[], None],
        keep: Callable[[Played], Json] = lambda played: None,
    ) -> None:
        self._spec, self._controls, self._keep = spec, controls, keep
        self.outbox = Outbox(ring)
        self._changed = threading.Condition()
        self._order: protocol.Begin | None = None
        self._action: Any = None
        self._pressed = False  # an action has come since the last step
        self._resting = self._closed = False
        self._under_way = 0
        self._thread = threading.Thread(target=self._work, name="poise play", daemon=True)
        self._thread.start()

    def tell(self, message: protocol.FromPage) -> None:
        """What the page says.

        Raises:
            InvalidValueError: it is no action of this environment.
        """
        with self._changed:
            if isinstance(message, protocol.Begin):
                self._order, self._resting, self._under_way = message, False, 0
            elif isinstance(message, protocol.Act):
                self._action = self._controls.decode(message.values)
                self._pressed = True
            elif isinstance(message, protocol.Seen):
                self._under_way = max(0, self._under_way - 1)
            else:
                self._resting = message.resting
            self._changed.notify()

    def close(self) -> None:
        """Ends the game, whatever it does."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not (self._closed or self._order):
                    self._changed.wait()
                order, self._order = self._order, None
                self._action, self._pressed = None, False
            if order is None or self._closed:
                return
            try:
                self._play(order)
            except PoiseError as problem:
                self.outbox.put({"problem": str(problem)})
            except Exception as problem:
                _log.exception("playing %s failed", self._spec.id)
                self.outbox.put({"problem": f"Something unexpected went wrong ({type(problem).__name__}): {problem}"})

    def _play(self, begin: protocol.Begin) -> None:
        environment, pictures = self._open(begin)
        fps = self._controls.fps if begin.fps == 0 else min(begin.fps, self._controls.fps)
        game = _Game(environment, begin, pictures, 1.0 / fps)
        try:
            observation, _ = environment.reset(seed=begin.seed)
            game.digest.update(digest_of(observation))
            self._show(game, protocol.BEGUN, 0.0, None, observation)
            due = None  # the first step follows the first key
            while not game.over:
                due = self._wait(game, due)
                if due is None:
                    return
                self._step(game)
            self._draw_the_last(game)
        except PoiseError:
            raise
        except Exception as error:
            raise EnvironmentFailureError(f"{self._spec.id} raised {type(error).__name__}: {error}") from error
        finally:
            (close_pictures if pictures else close)(environment)

    def _open(self, begin: protocol.Begin) -> tuple[Environment, bool]:
        if begin.pictures:
            try:
                environment = make_with_pictures(self._spec)
                environment.reset(seed=begin.seed)
                picture_of(environment)
                if remembers(environment):
                    close_pictures(environment)
                    environment = make_with_pictures(self._spec)
                return environment, True
            except PoiseError as problem:
                self.outbox.put({"noPictures": str(problem)})
        return make(self._spec), False

    def _wait(self, game: _Game, due: float | None) -> float | None:
        """Until the next step is to be made; returns when the one after it is due, ``None`` if there is none."""
        while True:
            self._draw(game)
            with self._changed:
                if self._closed or self._order:
                    return None
                now = time.perf_counter()
                if self._resting:
                    due = now + game.period  # goes on a period after the rest
                    until = None
                elif due is None or self._controls.turn_based:
                    if self._pressed:
                        return now + game.period
                    until = None
                else:
                    until = due - FORWARD * game.period if self._pressed else due
                    if now >= until:
                        return max(due, now - LATE_PERIODS * game.period) + game.period
                if not self._may_draw(game):
                    self._changed.wait(None if until is None else until - now)

    def _draw_the_last(self, game: _Game) -> None:
        """The end is seen, even if the page has still to draw what came before it."""
        while game.owed:
            self._draw(game)
            with self._changed:
                if self._closed or self._order:
                    return
                if game.owed and not self._may_draw(game):
                    self._changed.wait()

    def _step(self, game: _Game) -> None:
        with self._changed:
            action, self._pressed = self._action, False
        # A copy: an environment may write into the action that it is given.
        observation, reward, terminated, truncated, _ = game.environment.step(
            np.copy(action) if _is_array(action) else action
        )
        game.step += 1
        game.total += float(reward)
        game.actions.append(action)
        game.rewards.append(float(reward))
        game.digest.update(digest_of(observation))
        game.over = bool(terminated or truncated)
        flags = (protocol.TERMINATED if terminated else 0) | (protocol.TRUNCATED if truncated else 0)
        self._show(game, flags, float(reward), action, observation)
        if game.over:
            self._finish(game, bool(terminated), bool(truncated))

    def _show(self, game: _Game, flags: int, reward: float, action: Any, observation: Any) -> None:
        done = [] if action is None else [number or 0.0 for number in numbers(action)]
        seen = list(islice(numbers(observation), MOST_NUMBERS))
        seen_numbers = [np.nan if number is None else number for number in seen]
        self.outbox.put(protocol.state(flags, game.step, reward, game.total, done, seen_numbers))
        game.owed = game.pictures

    def _may_draw(self, game: _Game) -> bool:
        return game.owed and self._under_way < MOST_PICTURES

    def _draw(self, game: _Game) -> None:
        """Draws what is owed, if it may. Without the lock: who presses a key must not wait for it."""
        with self._changed:
            if not self._may_draw(game):
                return
            self._under_way += 1
            game.owed = False
        message = protocol.picture(game.step, png.encode(picture_of(game.environment)))
        if self.outbox.put_picture(message):
            with self._changed:
                self._under_way -= 1  # the one that was forgotten for it will never be seen

    def _finish(self, game: _Game, terminated: bool, truncated: bool) -> None:
        fps = 0.0 if self._controls.turn_based else 1.0 / game.period
        played = Played(
            self._spec,
            game.begin.seed,
            tuple(game.actions),
            tuple(game.rewards),
            game.digest.hexdigest(),
            terminated,
            truncated,
            fps,
        )
        words = {"return": played.score, "length": game.step, "terminated": terminated, "truncated": truncated}
        try:
            kept = self._keep(played)
        except PoiseError as problem:
            kept = {"problem": str(problem)}
        self.outbox.put({"over": {**words, "kept": kept}})


def digest_of(observation: Any) -> bytes:
    """The numbers of an observation as bytes, to tell whether two are the same."""
    if isinstance(observation, dict):
        return b"".join(digest_of(value) for value in observation.values())
    if isinstance(observation, tuple | list):
        return b"".join(digest_of(value) for value in observation)
    return np.ascontiguousarray(observation, dtype=np.float64).tobytes()


def _is_array(action: Any) -> bool:
    return isinstance(action, np.ndarray)
