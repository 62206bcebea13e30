"""Play over a real socket: who may, how many, and what is answered to those who talk nonsense."""

from __future__ import annotations

import http.client
import json
import socket as sockets
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from tests.studio.runs_by_hand import GOOD, write_run
from tests.studio.test_app import ask, ask_json
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from poise.studio import play, play_routes
from poise.studio.app import create_app
from poise.studio.play_routes import MOST_SESSIONS
from poise.studio.server import MESSAGE_BYTES, serving

BEGIN = struct.pack("<BIfB", 1, 3, 0.0, 0)
RIGHT = struct.pack("<BBf", 2, 1, 1.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    write_run(root, "good", means=[10, 20], weights=GOOD, result=500.0)
    write_run(root, "worse", means=[10], weights=GOOD, result=100.0)
    write_run(root, "other", env="Acrobot-v1", means=[10])
    return root


@pytest.fixture(scope="module")
def url(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(create_app(runs=folder, data=tmp_path_factory.mktemp("data"))) as address:
        yield address


@contextmanager
def game(url: str, env: str = "CartPole-v1", **options: Any) -> Iterator[ClientConnection]:
    with connect(f"{url.replace('http', 'ws')}api/play/live?env={env}", **options) as connection:
        yield connection


def open_raw(url: str, env: str, host: str = "127.0.0.1") -> sockets.socket:
    """A WebSocket without a library: it reads only what it is told to, and writes any Host."""
    raw = sockets.socket()
    raw.settimeout(30)
    raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    raw.connect((urlsplit(url).hostname, urlsplit(url).port))
    raw.sendall(
        f"GET /api/play/live?env={env} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    return raw


def problem_of(connection: ClientConnection) -> str:
    """What the server says last, before it ends the connection."""
    words: list[str] = []
    with suppress(ConnectionClosed):
        words += (json.loads(message)["problem"] for message in connection if isinstance(message, str))
    return words[-1]


def test_what_can_be_played_is_described(url: str) -> None:
    info = ask_json(url, "/api/play?env=CartPole-v1")
    assert (info["fps"], info["turnBased"], info["stepLimit"], info["threshold"]) == (50.0, False, 500, 475.0)
    assert [key["label"] for key in info["keys"]] == ["←", "→"]
    assert [one["run"] for one in info["opponents"]] == ["good", "worse"]


@pytest.mark.parametrize(("env", "words"), [("Cartpole-v9", "CartPole-v1"), ("os:path-v0", "There is no environment")])
def test_what_is_not_installed_is_said(url: str, env: str, words: str) -> None:
    status, _, text = ask(url, f"/api/play?env={env}")
    assert status == 400
    assert words in json.loads(text)["error"]
    with game(url, env) as connection:
        assert words in problem_of(connection)


def test_a_whole_game_is_played_kept_named_and_replayed(url: str) -> None:
    with game(url, origin=url.rstrip("/")) as connection:
        connection.send(BEGIN)
        assert connection.recv(10)[:2] == b"\x01\x04"
        connection.send(RIGHT)
        while isinstance(message := connection.recv(10), bytes):
            last = message
    over = json.loads(message)["over"]
    assert struct.unpack_from("<BBIdd", last)[2:] == (over["length"], 1.0, over["return"])
    identifier = over["kept"]["id"]
    body = json.dumps({"id": identifier, "name": "Grace"})
    posting = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    posting.request("POST", "/api/played/name", body)
    assert json.loads(posting.getresponse().read())["table"][0]["name"] == "Grace"
    posting.close()
    episode = ask_json(url, f"/api/played?id={identifier}")
    assert (episode["return"], episode["check"]["same"], episode["seed"]) == (over["return"], True, 3)
    assert ask_json(url, "/api/play?env=CartPole-v1")["table"][0]["id"] == identifier


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("hello", "binary"),
        (b"", "cannot be read"),
        (b"\x09abc", "cannot begin with"),
        (struct.pack("<BBf", 2, 1, 7.0), "from 0 to 1"),
        (struct.pack("<BIfB", 1, 3, float("inf"), 0), "steps a second"),
    ],
)
def test_a_malformed_message_is_answered_in_words_and_the_server_stays_up(
    url: str, said: str | bytes, words: str
) -> None:
    with game(url) as connection:
        connection.send(BEGIN)
        connection.recv(10)
        connection.send(said)
        assert words in problem_of(connection)
        assert connection.close_code == 1008
        assert words[:8] in (connection.close_reason or "")
    with game(url) as connection:
        connection.send(BEGIN)
        assert connection.recv(10)


def test_an_oversized_message_ends_the_connection_with_the_standard_code(url: str) -> None:
    with game(url) as connection:
        connection.send(b"\x02" + b"\0" * MESSAGE_BYTES)
        with pytest.raises(ConnectionClosed):
            connection.recv(10)
        assert connection.close_code == 1009


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:1"])
def test_a_foreign_page_cannot_play(url: str, origin: str) -> None:
    with pytest.raises(InvalidStatus, match="403"), game(url, origin=origin):
        pass


def test_a_foreign_name_of_this_machine_cannot_play(url: str) -> None:
    raw = open_raw(url, "CartPole-v1", host="evil.example")
    assert b"403" in raw.recv(1000).split(b"\r\n")[0]
    raw.close()


def test_no_more_games_than_stated_are_under_way(url: str) -> None:
    with ExitStack() as games:
        for _ in range(MOST_SESSIONS):
            connection = games.enter_context(game(url))
            connection.send(BEGIN)
            connection.recv(10)
        with game(url) as one_more:
            assert f"{MOST_SESSIONS} games are under way" in problem_of(one_more)
    end = time.monotonic() + 10
    while True:  # the others have gone: there is room again
        with game(url) as connection:
            connection.send(BEGIN)
            if isinstance(connection.recv(10), bytes):
                return
        assert time.monotonic() < end


def test_a_page_that_takes_nothing_is_dropped(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pygame")
    noise = np.random.default_rng(0).integers(0, 255, (1200, 1200, 3), dtype=np.uint8)  # more than buffers take
    monkeypatch.setattr(play_routes, "STALLED_SECONDS", 0.2)
    drawn = list[float]()

    def draw(environment: object) -> np.ndarray:
        drawn.append(time.monotonic())
        return noise

    monkeypatch.setattr(play, "picture_of", draw)
    raw = open_raw(url, "FrozenLake-v1")
    assert b"101" in raw.recv(500).split(b"\r\n")[0]
    for message in (struct.pack("<BIfB", 1, 3, 0.0, 1), *[struct.pack("<BBf", 2, 1, 3.0)] * 3):
        raw.sendall(b"\x82" + bytes([0x80 | len(message)]) + b"\0\0\0\0" + message)
        time.sleep(0.3)
    end = time.monotonic() + 30
    while len(drawn) < 3 and time.monotonic() < end:  # the first is only looked at; then one is on its way
        time.sleep(0.05)
    time.sleep(0.5)
    with suppress(ConnectionResetError):
        while raw.recv(1_000_000):  # until the server's end; it would time out while the game goes on
            pass
    raw.close()


def test_a_page_that_says_nothing_is_not_waited_for_forever(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(play_routes, "IDLE_SECONDS", 0.1)
    with game(url) as connection:
        assert "Nothing was heard" in problem_of(connection)
