"""What is taken along: files by their addresses, and the page that replays an episode without a server."""

from __future__ import annotations

import csv
import http.client
import io
import json
import struct
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from tests.studio.runs_by_hand import GOOD, write_run
from tests.studio.test_app import ask, ask_json
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from poise.rollouts.recording import record
from poise.studio.app import create_app
from poise.studio.episodes import Episode
from poise.studio.picture_routes import MOST_PAINTERS, Painter
from poise.studio.server import serving
from poise.studio.source import Watched
from poise.studio.take_along import MEDIA_TYPES, file_of
from poise.types import EnvironmentSpec

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root: Path = tmp_path_factory.mktemp("runs")
    write_run(root, "good", means=[10, 20], weights=GOOD, result=500.0)
    write_run(root, "lake", env="FrozenLake-v1", means=[0.1], weights=[0.0] * 64)
    with serving(create_app(runs=root, data=tmp_path_factory.mktemp("data"))) as address:
        yield address


def test_the_data_of_every_chart_is_a_table(url: str) -> None:
    status, headers, text = ask(url, "/take/replay.csv?run=good&seed=7")
    assert (status, headers["content-type"]) == (200, MEDIA_TYPES["csv"])
    assert headers["content-disposition"] == 'attachment; filename="CartPole-v1-seed-7.csv"'
    rows = list(csv.DictReader(io.StringIO(text)))
    episode = ask_json(url, "/api/episode?run=good&seed=7")
    assert [float(row["pole angle"]) for row in rows] == [seen[2] for seen in episode["observations"]]
    assert float(rows[-1]["return"]) == episode["return"]
    _, _, text = ask(url, "/take/curve.csv?run=good")
    assert text.splitlines()[1] == "1,100,20.0,10,20.0,2.0,18.0"
    assert len(ask(url, "/take/scores.csv?run=good")[2].splitlines()) == 7
    assert json.loads(ask(url, "/take/policy.json?run=good")[2])["parameters"] == list(GOOD)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/take/replay.exe?run=good", 404),
        ("/take/replay.csv?run=../good", 400),
        ("/take/replay.csv?run=good&seed=x", 400),
        ("/take/curve.csv?run=nowhere", 404),
        ("/take/replay.csv?played=../x", 400),
    ],
)
def test_what_cannot_be_taken_is_said(url: str, address: str, status: int) -> None:
    answered, _, text = ask(url, address)
    assert answered == status
    assert json.loads(text)["error"]


def test_a_gif_is_downloaded(url: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.request("GET", "/take/replay.gif?run=lake&seed=2")
    answer = connection.getresponse()
    assert answer.read()[:6] == b"GIF89a"
    assert answer.getheader("Content-Type") == "image/gif"
    connection.close()


@pytest.mark.browser
def test_a_page_replays_an_episode_from_a_disk_without_a_server(
    cartpole: Watched, chromium: Browser, tmp_path: Path
) -> None:
    hostile = "</script><script>document.title = 'caught'</script>"
    recording = cartpole.record(7)
    named = replace(cartpole, title=hostile)
    file = tmp_path / "replay.html"
    file.write_bytes(file_of("html", Episode(recording, True, "equal"), named))
    page = chromium.new_page()
    problems: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"file://{file}?t=100")
    page.locator("#readout-step", has_text="step 100 of 500").wait_for()
    page.keyboard.press("ArrowRight")
    page.locator("#readout-step", has_text="step 101 of 500").wait_for()
    assert page.locator("h1").inner_text() == hostile
    assert "caught" not in page.title().split(" ")[0]
    page.reload()
    page.locator("#readout-step", has_text="step 10").wait_for()
    assert problems == []
    assert {url.split(":")[0] for url in asked} <= {"data", "file", "blob"}
    page.close()


def test_a_painter_draws_any_step_in_any_order() -> None:
    pytest.importorskip("pygame")
    recording = record(EnvironmentSpec("CliffWalking-v1", {}, 20), lambda seen: 0, 1)
    painter = Painter(recording)
    drawn = {step: painter.draw(step) for step in (0, 2, 1, 3, 99)}
    assert drawn[2] == painter.draw(2)
    assert drawn[0] != drawn[2]
    assert drawn[99] == painter.draw(20)
    painter.close()


def test_pictures_of_a_replay_come_when_they_are_asked_for(url: str) -> None:
    pytest.importorskip("pygame")
    address = f"{url.replace('http', 'ws')}api/pictures?run=lake&seed=2"
    with connect(address) as socket:
        for step in (0, 1):
            socket.send(struct.pack("<I", step))
            answer = socket.recv(20)
            assert isinstance(answer, bytes)
            assert answer[:13] == struct.pack("<BI", 2, step) + b"\x89PNG\r\n\x1a\n"
        socket.send(b"nonsense")
        assert "four bytes" in json.loads(socket.recv(10))["noPictures"]
    with ExitStack() as others:
        for _ in range(MOST_PAINTERS):
            socket = others.enter_context(connect(address))
            socket.send(struct.pack("<I", 0))
            socket.recv(20)
        with connect(address) as one_more:
            assert f"{MOST_PAINTERS} episodes are drawn" in json.loads(one_more.recv(10))["noPictures"]
            with pytest.raises(ConnectionClosed):
                one_more.recv(10)


def test_where_nothing_can_be_drawn_the_page_hears_what_is_missing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygame", None)
    with connect(f"{url.replace('http', 'ws')}api/pictures?run=lake&seed=2") as socket:
        socket.send(struct.pack("<I", 0))
        assert "pip install pygame-ce" in json.loads(socket.recv(20))["noPictures"]
