"""A game by itself: the environment's pace, turns that wait, pictures of which only the newest counts."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from poise.errors import InvalidValueError
from poise.rollouts.recording import replay
from poise.studio import play_protocol as protocol
from poise.studio.controls import controls_of
from poise.studio.play import MOST_PICTURES, MOST_WAITING, Outbox, Played, Session
from poise.types import EnvironmentSpec


class Player:
    """A page's part in a game."""

    def __init__(self, env: str) -> None:
        spec = EnvironmentSpec(env, {}, 500)
        self._bell = threading.Event()
        self.kept: list[Played] = []
        self.messages: list[Any] = []
        self.session = Session(spec, controls_of(spec), self._bell.set, self._keep)

    def _keep(self, played: Played) -> dict[str, str]:
        self.kept.append(played)
        return {"id": "7"}

    def tell(self, *messages: protocol.FromPage) -> None:
        for message in messages:
            self.session.tell(message)

    def until(self, ready: Callable[[], bool]) -> None:
        end = time.monotonic() + 20
        while not ready():
            assert time.monotonic() < end, self.messages[-3:]
            self._bell.wait(0.05)
            self._bell.clear()
            self.messages += self.session.outbox.take()

    @property
    def states(self) -> list[bytes]:
        return [one for one in self.messages if isinstance(one, bytes) and one[0] == protocol.STATE]

    @property
    def pictures(self) -> list[int]:
        found = [one for one in self.messages if isinstance(one, bytes) and one[0] == protocol.PICTURE]
        return [struct.unpack_from("<BI", one)[1] for one in found]

    @property
    def words(self) -> list[dict[str, Any]]:
        return [one for one in self.messages if isinstance(one, dict)]


@contextmanager
def playing(env: str) -> Iterator[Player]:
    player = Player(env)
    try:
        yield player
    finally:
        player.session.close()


def test_a_game_begins_with_the_first_key_and_is_kept_to_its_end() -> None:
    with playing("CartPole-v1") as player:
        player.tell(protocol.Begin(3, 0.0, False))
        player.until(lambda: len(player.states) == 1)
        time.sleep(0.06)
        assert player.session.outbox.take() == []
        player.tell(protocol.Act((1.0,)))
        player.until(lambda: bool(player.words))
    over = player.words[-1]["over"]
    (played,) = player.kept
    again = replay(played.environment, 3, played.actions)
    assert again.rewards == played.rewards
    assert again.terminated
    assert over == {
        "return": again.score,
        "length": len(again.actions),
        "terminated": True,
        "truncated": False,
        "kept": {"id": "7"},
    }
    assert len(player.states) == 1 + len(again.actions)
    last = struct.unpack_from("<BBIddBf4f", player.states[-1])
    assert last[1:6] == (protocol.TERMINATED, len(again.actions), 1.0, again.score, 1)
    assert last[7:] == pytest.approx(again.observations[-1].tolist())


def test_the_pace_is_the_environments_own_or_slower() -> None:
    for fps, asked in ((50.0, 0.0), (25.0, 25.0), (50.0, 1000.0)):
        with playing("CartPole-v1") as player:
            player.tell(protocol.Begin(1, asked, False), protocol.Act((0.0,)))
            player.until(lambda p=player: len(p.states) == 1)  # type: ignore[misc]
            began = time.monotonic()
            player.tell(protocol.Act((0.0,)))
            player.until(lambda p=player: len(p.states) >= 7)  # type: ignore[misc]
            steps = len(player.states) - 1
            assert (steps - 1) / fps <= time.monotonic() - began + 0.011
            assert player.words == []


def test_a_key_brings_the_next_step_forward_but_not_the_one_after_it() -> None:
    with playing("CartPole-v1") as player:
        player.tell(protocol.Begin(1, 2.0, False))
        player.until(lambda: len(player.states) == 1)
        began = time.monotonic()
        player.tell(protocol.Act((0.0,)))
        player.until(lambda: len(player.states) == 2)
        player.tell(protocol.Act((1.0,)))
        player.until(lambda: len(player.states) == 3)
        assert 0.1 < time.monotonic() - began < 0.3, "a quarter of a period after the first step, and not a whole one"
        player.until(lambda: len(player.states) == 4)
        assert time.monotonic() - began > 0.9, "two periods after it, as it was due"


def test_a_rest_stops_the_game() -> None:
    with playing("CartPole-v1") as player:
        player.tell(protocol.Begin(1, 0.0, False))
        player.until(lambda: len(player.states) == 1)
        player.tell(protocol.Act((0.0,)), protocol.Pause(True))
        time.sleep(0.1)
        player.messages += player.session.outbox.take()
        before = len(player.states)
        assert before <= 2
        player.tell(protocol.Pause(False))
        player.until(lambda: len(player.states) > before)


def test_a_turn_waits_for_its_key() -> None:
    with playing("FrozenLake-v1") as player:
        player.tell(protocol.Begin(1, 0.0, False))
        player.until(lambda: len(player.states) == 1)
        for turn in range(3):
            player.tell(protocol.Act((3.0,)))
            player.until(lambda n=turn: len(player.states) == n + 2)  # type: ignore[misc]
        time.sleep(0.05)
        assert player.session.outbox.take() == []


def test_a_new_game_ends_the_one_under_way() -> None:
    with playing("CartPole-v1") as player:
        player.tell(protocol.Begin(1, 0.0, False), protocol.Act((0.0,)))
        player.until(lambda: len(player.states) >= 1)
        player.tell(protocol.Begin(2, 0.0, False))
        player.until(lambda: sum(one[1] == protocol.BEGUN for one in player.states) == 2)
        assert player.kept == []


def test_at_most_two_pictures_are_under_way_and_the_newest_is_never_lost() -> None:
    pytest.importorskip("pygame")
    with playing("FrozenLake-v1") as player:
        player.tell(protocol.Begin(1, 0.0, True))
        player.until(lambda: player.pictures == [0])
        for turn in range(4):
            player.tell(protocol.Act((3.0,)))
            player.until(lambda n=turn: len(player.states) == n + 2)  # type: ignore[misc]
        player.until(lambda: len(player.pictures) == MOST_PICTURES)
        time.sleep(0.05)
        assert player.session.outbox.take() == []
        player.tell(protocol.Seen(0))
        player.until(lambda: len(player.pictures) == MOST_PICTURES + 1)
        assert player.pictures[-1] == 4


def test_where_nothing_can_be_drawn_the_reason_is_said_and_the_game_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pygame", None)
    with playing("FrozenLake-v1") as player:
        player.tell(protocol.Begin(1, 0.0, True))
        player.until(lambda: len(player.states) == 1)
        assert "pip install pygame-ce" in player.words[0]["noPictures"]


def test_an_action_of_another_environment_is_refused() -> None:
    with playing("CartPole-v1") as player, pytest.raises(InvalidValueError, match="from 0 to 1"):
        player.tell(protocol.Act((2.0,)))


def test_an_outbox_never_grows_without_end_and_forgets_old_pictures() -> None:
    outbox = Outbox(lambda: None)
    assert not outbox.put_picture(b"old")
    assert outbox.put_picture(b"new")
    for number in range(MOST_WAITING + 10):
        outbox.put(bytes([number % 256]))
    assert outbox.overflowed
    taken = outbox.take()
    assert len(taken) == MOST_WAITING + 1
    assert taken[-1] == b"new"
