"""A run followed while it is written: only what is new, bounded, and over a socket that asks who is there."""

from __future__ import annotations

import http.client
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.studio.runs_by_hand import GOOD, generation, write_run
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from poise.studio import tail
from poise.studio.app import create_app
from poise.studio.library import Library, RunGoneError
from poise.studio.live import SCORES, Feed, command_of
from poise.studio.server import MESSAGE_BYTES, serving
from poise.studio.tail import HISTORY, MOST_LINES, Tail


def append(path: Path, *numbers: int) -> None:
    with (path / "metrics.jsonl").open("a") as file:
        for number in numbers:
            file.write(json.dumps(generation(number, float(number))) + "\n")


def test_a_tail_tells_each_line_once(tmp_path: Path) -> None:
    follow = Tail(tmp_path / "metrics.jsonl")
    assert follow.read() == (False, [])
    append(tmp_path, 1, 2)
    reset, lines = follow.read()
    assert (reset, [line["generation"] for line in lines]) == (True, [1, 2])
    assert follow.read() == (False, [])
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"generation": 3')
        file.flush()
        assert follow.read() == (False, [])
        file.write("}\n")
    assert follow.read() == (False, [{"generation": 3}])


def test_a_tail_begins_again_when_the_file_was_cut(tmp_path: Path) -> None:
    append(tmp_path, *range(1, 11))
    follow = Tail(tmp_path / "metrics.jsonl")
    follow.read()
    (tmp_path / "metrics.jsonl").write_text(json.dumps(generation(1, 1.0)) + "\n")
    reset, lines = follow.read()
    assert (reset, len(lines)) == (True, 1)
    (tmp_path / "metrics.jsonl").unlink()
    assert follow.read() == (True, [])


def test_a_tail_is_never_too_long(tmp_path: Path) -> None:
    append(tmp_path, *range(1, 20_001))
    follow = Tail(tmp_path / "metrics.jsonl")
    history = follow.read()[1]
    assert len(history) <= HISTORY + 2
    assert (history[0]["generation"], history[-1]["generation"]) == (1, 20_000)
    append(tmp_path, *range(20_001, 25_001))
    lines = follow.read()[1]
    assert len(lines) <= MOST_LINES
    assert lines[-1]["generation"] == 25_000


def test_a_tail_takes_a_long_stretch_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "MOST_BYTES", 1000)
    append(tmp_path, 1)
    follow = Tail(tmp_path / "metrics.jsonl")
    follow.read()
    append(tmp_path, *range(2, 31))
    numbers: list[int] = []
    while found := follow.read()[1]:
        numbers += [line["generation"] for line in found]
    assert numbers == list(range(2, 31))


def test_a_feed_tells_the_course_the_policy_and_the_speed_and_then_only_what_is_new(tmp_path: Path) -> None:
    path = write_run(tmp_path, "x", means=[10, 20], weights=GOOD)
    feed = Feed(Library(None, tmp_path), "x")
    first = feed.look()
    assert first["reset"] is True
    assert first["generations"][1][:5] == [2, 200, 30.0, 20, 30.0]
    assert first["scores"] == [[100, [0.0, 10, 20.0]], [200, [10.0, 20, 30.0]]]
    assert first["policy"]["parameters"] == list(GOOD)
    assert first["policy"]["names"][2] == "pole angle"
    assert first["run"]["state"] == "stopped"
    assert first["run"]["command"] == "poise train CartPole-v1 --normalize none --max-steps 1000000"
    assert first["run"]["speed"] == pytest.approx(1000.0)
    assert feed.look() == {}
    append(path, 3)
    again = feed.look()
    assert {"generations", "scores", "run"} >= again.keys() >= {"generations"}
    assert [row[0] for row in again["generations"]] == [3]
    shutil.rmtree(path)
    with pytest.raises(RunGoneError):
        feed.look()


def test_many_scores_are_thinned_with_the_best_and_the_worst_kept(tmp_path: Path) -> None:
    path = write_run(tmp_path, "x")
    (path / "metrics.jsonl").write_text(json.dumps({**generation(1, 5.0), "scores": list(range(1000))}) + "\n")
    (_, scores), *_ = Feed(Library(None, tmp_path), "x").look()["scores"]
    assert (len(scores), scores[0], scores[-1]) == (SCORES, 0, 999)


def test_the_command_line_says_what_differs_from_the_defaults() -> None:
    config = {"env": "CartPole-v1", "seed": 0, "policy": "mlp:8", "max_steps": 1000, "target": None}
    more = {"optimizer_args": {"sigma0": 0.5}, "env_args": {"gravity": 10}, "episodes_per_candidate": [1, 3]}
    assert command_of({**config, **more}) == (
        "poise train CartPole-v1 --policy mlp:8 --max-steps 1000 --optimizer-arg sigma0=0.5 --env-arg gravity=10 "
        "--episodes-per-candidate 1,3"
    )
    assert command_of({}) is None


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    write_run(root, "x", means=[10, 20], weights=GOOD)
    return root


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with serving(create_app(runs=folder)) as address:
        yield address


def follow(url: str, run: str, **options: Any) -> ClientConnection:
    socket: ClientConnection = connect(f"{url.replace('http', 'ws')}api/live?run={run}", max_size=None, **options)
    return socket


def test_a_page_follows_over_a_socket(url: str, folder: Path) -> None:
    with follow(url, "x", origin=url.rstrip("/")) as socket:
        assert len(json.loads(socket.recv(10))["generations"]) == 2
        append(folder / "x", 3)
        assert [row[0] for row in json.loads(socket.recv(10))["generations"]] == [3]


def test_a_run_that_is_not_there_is_said_over_the_socket(url: str) -> None:
    for run, words in (("nowhere", "There is no run nowhere"), ("../x", "Expected the name of a run")):
        with follow(url, run) as socket:
            assert words in json.loads(socket.recv(10))["problem"]


def test_a_foreign_page_cannot_follow(url: str) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        follow(url, "x", origin="http://evil.example")


def test_a_foreign_name_for_this_machine_cannot_follow(url: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Host": "evil.example"}
    connection.request("GET", "/api/live?run=x", headers={**headers, "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="})
    assert connection.getresponse().status == 403
    connection.close()


@pytest.mark.parametrize("said", ["hello", b"\0" * 10, "x" * (MESSAGE_BYTES + 1)])
def test_who_says_something_there_is_shut_out_and_the_server_stays_up(url: str, said: str | bytes) -> None:
    with follow(url, "x") as socket:
        socket.recv(10)
        socket.send(said)
        with pytest.raises(ConnectionClosed):
            socket.recv(10)
    with follow(url, "x") as socket:
        assert socket.recv(10)
