"""The studio's addresses, asked over a real socket: what they answer, and whom they refuse."""

from __future__ import annotations

import gzip
import http.client
import json
import posixpath
import queue
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

from poise.errors import EnvironmentFailureError
from poise.rollouts.recording import Recording
from poise.studio.app import create_app
from poise.studio.assets import load, needed, page
from poise.studio.guard import HEADERS
from poise.studio.pages import OF_A_POLICY, VIEWS, view_of
from poise.studio.server import serving
from poise.studio.source import Watched

SHARED_STYLES = ("tokens", "page", "panels")
"""Style sheets of every view; each other one belongs to the view of its name."""

Serve = Callable[[Watched], str]


def ask(
    url: str, target: str, headers: dict[str, str] | None = None, method: str = "GET"
) -> tuple[int, dict[str, str], str]:
    """Status, headers (names in lower case) and text. The target goes out as it is, dots and all."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request(method, target, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
    finally:
        connection.close()


def ask_json(url: str, target: str) -> Any:
    status, _, text = ask(url, target)
    assert status == 200, text
    return json.loads(text)


def test_the_page_runs_no_script_but_its_own(cartpole_url: str) -> None:
    status, headers, text = ask(cartpole_url, "/")
    assert status == 200
    assert headers["content-type"].startswith("text/html")
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert all(re.search(r"\ssrc=", tag) for tag in re.findall(r"<script[^>]*>", text))
    assert not re.search(r"<style|\sstyle=|\son\w+=", text)


def test_data_is_the_list_of_observations_of_the_tutorial(cartpole_url: str, cartpole: Watched) -> None:
    recorded = cartpole.record(cartpole.first_seed).observations
    assert ask_json(cartpole_url, "/data") == [observation.tolist() for observation in recorded]


def test_data_of_another_seed_is_another_episode(cartpole_url: str, cartpole: Watched) -> None:
    data = ask_json(cartpole_url, "/data?seed=41")
    assert data == [observation.tolist() for observation in cartpole.record(41).observations]
    assert data != ask_json(cartpole_url, "/data")


def test_an_episode_comes_with_all_that_the_page_shows(cartpole_url: str) -> None:
    episode = ask_json(cartpole_url, "/api/episode?seed=5")
    assert (episode["environment"], episode["seed"], episode["policy"]) == ("CartPole-v1", 5, "linear")
    assert (episode["return"], episode["length"], episode["stepLimit"]) == (500.0, 500, 500)
    assert (episode["terminated"], episode["truncated"]) == (False, True)
    assert len(episode["observations"]) == 501
    assert len(episode["actions"]) == len(episode["rewards"]) == 500
    assert episode["actionNames"] == ["push left", "push right"]
    assert episode["weights"] == [[0.059, 0.112, 0.959, 0.253]]
    assert episode["check"]["same"] is True
    assert episode["certificate"] == "500.0 of 500, 1,000 fresh episodes"


def test_the_actions_shown_follow_from_the_sums_shown(cartpole_url: str) -> None:
    episode = ask_json(cartpole_url, "/api/episode?seed=11")
    sums = np.asarray(episode["observations"][:-1]) @ np.asarray(episode["weights"][0])
    assert [action for (action,) in episode["actions"]] == [int(total > 0) for total in sums]


@pytest.mark.parametrize(
    "seed", ["abc", "-1", "1.5", "1e3", "4294967296", "99999999999", "", "%D9%A3", "0x1", "1" * 5000]
)
@pytest.mark.parametrize("address", ["/data", "/api/episode"])
def test_a_seed_that_is_none_is_answered_in_words(cartpole_url: str, address: str, seed: str) -> None:
    status, headers, text = ask(cartpole_url, f"{address}?seed={seed}")
    assert status == 400
    assert headers["content-type"] == "application/json"
    assert "seed" in json.loads(text)["error"]
    assert len(text) < 200


@pytest.mark.parametrize("seed", ["0", "007", "4294967295"])
def test_every_seed_in_range_is_played(cartpole_url: str, seed: str) -> None:
    assert ask_json(cartpole_url, f"/api/episode?seed={seed}")["seed"] == int(seed)


def test_a_failing_environment_is_told_and_the_server_stays_up(cartpole: Watched, serve_watched: Serve) -> None:
    def record(seed: int) -> Recording:
        if seed == 13:
            raise EnvironmentFailureError("CartPole-v1 raised ZeroDivisionError under seed 13: division by zero")
        return cartpole.record(seed)

    url = serve_watched(replace(cartpole, record=record))
    status, _, text = ask(url, "/api/episode?seed=13")
    assert status == 500
    assert "ZeroDivisionError under seed 13" in json.loads(text)["error"]
    assert ask_json(url, "/api/episode?seed=14")["return"] == 500.0


def test_an_unexpected_failure_is_told_too(
    cartpole: Watched, serve_watched: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    def record(seed: int) -> Recording:
        raise RuntimeError("out of luck")

    status, _, text = ask(serve_watched(replace(cartpole, record=record)), "/data")
    assert status == 500
    assert "RuntimeError" in json.loads(text)["error"]
    assert "out of luck" in caplog.text


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "LOCALHOST:80", "[::1]", "[::1]:3000", "127.0.0.1:3000"])
def test_this_machine_is_answered(cartpole_url: str, host: str) -> None:
    assert ask(cartpole_url, "/", {"Host": host})[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        *(
            "evil.example",
            "evil.example:3000",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "0.0.0.0",
        ),
        *("", "localhost:3000:3000", "localhost@evil.example", "::1", "[::1", "localhost:abc"),
    ],
)
@pytest.mark.parametrize("address", ["/", "/data", "/api/episode", "/static/main.js", "/nothing"])
def test_a_foreign_host_is_refused_everywhere(cartpole_url: str, host: str, address: str) -> None:
    status, headers, text = ask(cartpole_url, address, {"Host": host})
    assert status == 403
    assert "this machine only" in json.loads(text)["error"]
    assert "content-security-policy" in headers


def test_a_person_reads_the_refusal_as_a_sentence(cartpole_url: str, guarded_url: str) -> None:
    for url, host, words in (
        (cartpole_url, "evil.example", "This page answers on this machine only, as"),
        (guarded_url, "localhost", "This studio asks for its token:"),
    ):
        status, headers, text = ask(url, "/", {"Host": host, "Accept": "text/html"})
        assert (status, headers["content-type"]) == (403, "text/plain; charset=utf-8")
        assert text.startswith(words)


@pytest.mark.parametrize("origin", ["http://evil.example", "https://localhost", "null", "http://localhost:1"])
def test_a_foreign_page_is_refused(cartpole_url: str, origin: str) -> None:
    assert ask(cartpole_url, "/data", {"Origin": origin})[0] == 403


TOKEN = "a-long-secret"


@pytest.fixture(scope="module")
def guarded_url(cartpole: Watched) -> Iterator[str]:
    """A studio that others than this machine may reach, and which asks for its token."""
    with serving(create_app(cartpole, token=TOKEN)) as url:
        yield url


@pytest.mark.parametrize("address", ["/", "/data", "/static/main.js", "/api/episode", "/nothing"])
@pytest.mark.parametrize("headers", [{}, {"Cookie": "poise-token=guess"}, {"Cookie": "poise-token"}])
def test_whoever_lacks_the_token_learns_nothing(guarded_url: str, address: str, headers: dict[str, str]) -> None:
    for query in ("", "?token=", "?token=guess"):
        status, _, text = ask(guarded_url, address + query, headers)
        assert status == 403
        assert "open the address that its terminal shows" in json.loads(text)["error"]


def test_the_token_in_the_address_becomes_a_cookie_of_this_host_alone(guarded_url: str) -> None:
    status, headers, _ = ask(guarded_url, f"/?token={TOKEN}", {"Host": "my-machine.local:3000"})
    assert status == 200
    assert headers["set-cookie"] == f"poise-token={TOKEN}; Path=/; HttpOnly; SameSite=Strict"
    assert ask(guarded_url, "/data", {"Cookie": f"other=1; poise-token={TOKEN}"})[0] == 200
    foreign = {"Cookie": f"poise-token={TOKEN}", "Origin": "http://evil.example"}
    assert ask(guarded_url, "/data", foreign)[0] == 403


def test_the_page_itself_may_ask(cartpole_url: str) -> None:
    assert ask(cartpole_url, "/data", {"Origin": cartpole_url.rstrip("/")})[0] == 200


@pytest.mark.parametrize(
    "name",
    [
        *("../app.py", "%2e%2e/app.py", "..%2fapp.py", "..%5capp.py", "/etc/passwd", "%2fetc%2fpasswd", "./main.js"),
        *("main.js%00", "", ".", "..", "style", "style/", "style/../main.js", "MAIN.JS", "index.html/", "__init__.py"),
        "x" * 4000,
    ],
)
def test_no_path_leads_out_of_the_page(cartpole_url: str, name: str) -> None:
    status, headers, _ = ask(cartpole_url, f"/static/{name}")
    assert status == 404
    assert headers["content-type"] == "application/json"


def test_nothing_can_be_written(cartpole_url: str) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert ask(cartpole_url, "/data", method=method)[0] == 405


@pytest.mark.parametrize("address", ["/", "/runs/x", "/data", "/data?seed=x", "/static/main.js", "/nothing"])
def test_every_answer_tells_the_browser_to_be_careful(cartpole_url: str, address: str) -> None:
    _, headers, _ = ask(cartpole_url, address)
    assert {name: headers.get(name.lower()) for name in HEADERS} == HEADERS


def test_a_file_is_not_sent_twice(cartpole_url: str) -> None:
    _, headers, text = ask(cartpole_url, "/static/main.js")
    assert headers["content-type"].startswith("text/javascript")
    status, _, again = ask(cartpole_url, "/static/main.js", {"If-None-Match": headers["etag"]})
    assert (status, again) == (304, "")
    assert text


def test_the_page_answers_while_an_episode_is_being_played(cartpole: Watched, serve_watched: Serve) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def record(seed: int) -> Recording:
        begun.set()
        assert go_on.wait(10)
        return cartpole.record(seed)

    url = serve_watched(replace(cartpole, record=record))
    answers: list[int] = []
    asking = threading.Thread(target=lambda: answers.append(ask(url, "/data")[0]))
    asking.start()
    try:
        assert begun.wait(10)
        assert ask(url, "/")[0] == 200
    finally:
        go_on.set()
        asking.join()
    assert answers == [200]


def test_opening_the_page_begins_its_episode(cartpole: Watched, serve_watched: Serve) -> None:
    begun: queue.Queue[int] = queue.Queue()

    def record(seed: int) -> Recording:
        begun.put(seed)
        return cartpole.record(seed)

    url = serve_watched(replace(cartpole, record=record))
    ask(url, "/?seed=12")
    assert begun.get(timeout=10) == 12
    assert ask(url, "/?seed=twelve")[0] == 200
    ask(url, "/")
    assert begun.get(timeout=10) == cartpole.first_seed


def test_the_whole_page_weighs_less_than_150_kilobytes() -> None:
    assert sum(len(asset.compressed) for asset in load().values()) <= 150_000


def test_a_browser_that_can_gets_files_compressed(cartpole_url: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(cartpole_url).netloc, timeout=10)
    connection.request("GET", "/static/main.js", headers={"Accept-Encoding": "gzip, br"})
    answer = connection.getresponse()
    assert answer.getheader("Content-Encoding") == "gzip"
    assert gzip.decompress(answer.read()) == load()["main.js"].content
    connection.close()


def test_the_page_names_no_other_machine() -> None:
    for name, asset in load().items():
        text = asset.content.decode().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"(https?:)?//[a-z0-9-]+\.[a-z]", text), name


def test_every_module_imports_files_that_are_served() -> None:
    assets = load()
    for name, asset in assets.items():
        for target in re.findall(r'^import .*from "(.+)";$', asset.content.decode(), re.MULTILINE):
            parts = [*name.split("/")[:-1], *target.split("/")]
            resolved: list[str] = []
            for part in parts:
                if part == "..":
                    resolved.pop()
                elif part != ".":
                    resolved.append(part)
            assert "/".join(resolved) in assets, f"{name} imports {target}"


@pytest.mark.parametrize("view", VIEWS)
def test_all_that_a_view_needs_is_loaded_at_once_and_nothing_else(view: str) -> None:
    foretold = set(re.findall(r'<link rel="modulepreload" href="/static/(.+?)">', page(view, "runs").content.decode()))
    reached, pending = set[str](), ["main.js", f"views/{view}.js"]
    while pending:
        name = pending.pop()
        reached.add(name)
        targets = re.findall(r'^import .*from "(.+)";$', load()[name].content.decode(), re.MULTILINE)
        pending += {posixpath.normpath(posixpath.join(posixpath.dirname(name), target)) for target in targets} - reached
    assert foretold == reached - {"main.js"}


def test_no_module_is_left_that_no_view_needs() -> None:
    used = {name for view in VIEWS for name in needed(view)}
    assert used == {name for name in load() if name.endswith(".js")} - {"main.js", "theme.js"}


def test_the_page_knows_the_views_that_the_server_knows() -> None:
    main, address = (load()[name].content.decode() for name in ("main.js", "address.js"))
    assert tuple(re.findall(r'import\("\./views/(\w+)\.js"\)', main)) == VIEWS
    assert json.loads(re.findall(r"OF_A_POLICY = (\[.*?\]);", address)[0]) == list(OF_A_POLICY)
    styled = {f"style/{name}.css" for name in json.loads(re.findall(r"STYLED = (\[.*?\]);", main)[0])}
    assert styled == {name for name in load() if name.startswith("style/")} - {f"style/{n}.css" for n in SHARED_STYLES}


@pytest.mark.parametrize(
    ("path", "view"),
    [
        *(("/", "replay"), ("/runs", "runs"), ("/runs/", "runs"), ("/replay", "replay")),
        *(("/runs/a/b", "run"), ("/runs/a/b/replay", "replay"), ("/runs/replay", "run")),
        *(("/nothing", None), ("/run", None), ("/main.js", None)),
    ],
)
def test_every_address_of_a_view_is_the_page(path: str, view: str | None, cartpole_url: str) -> None:
    assert view_of(path, "replay") == view
    status, headers, text = ask(cartpole_url, path)
    assert (status, headers["content-type"].startswith("text/html")) == ((200, True) if view else (404, False))
    if view:
        assert text == page(view, "replay").content.decode()
    status, headers, text = ask(cartpole_url, path, {"Accept": "text/html,*/*"})
    assert (status, headers["content-type"].startswith("text/html")) == (200 if view else 404, True)
    assert text == page(view, "replay").content.decode()


def test_every_module_says_first_why_it_exists() -> None:
    for name, asset in load().items():
        if name.endswith((".js", ".css")):
            assert asset.content.startswith((b"// ", b"/* ")), name
