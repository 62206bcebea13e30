"""The server finds a port, is ready when it says so, and ends at once and in peace."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
import webbrowser
from collections.abc import Iterator
from contextlib import closing

import pytest

from poise.errors import InvalidValueError, PortInUseError
from poise.studio import server
from poise.studio.app import create_app
from poise.studio.source import Watched

PROGRAM = """
import time
from poise.policies.architecture import Architecture
from poise.rollouts.environments import inspect
from poise.studio.app import create_app
from poise.studio.server import serve
from poise.studio.source import Watched
from poise.types import EnvironmentSpec

info = inspect(EnvironmentSpec("CartPole-v1"))
watched = Watched.from_policy(info.spec, Architecture("linear", info.observation, info.action), [0, 0, 1, 1])
def record(seed):
    time.sleep(60)
object.__setattr__(watched, "record", record)
serve(create_app(watched), 0, on_ready=lambda url: print(url, flush=True))
print("after", flush=True)
"""


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        yield other.getsockname()[1]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals between processes")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_at_once_even_while_an_episode_is_played(number: signal.Signals) -> None:
    child = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with child:
        assert child.stdout is not None
        url = urlsplit_of(child.stdout.readline())
        with closing(socket.create_connection(url)) as visitor:
            visitor.sendall(b"GET /data HTTP/1.1\r\nHost: localhost\r\n\r\n")
            time.sleep(0.2)
            begun = time.monotonic()
            child.send_signal(number)
            output, errors = child.communicate(timeout=10)
    assert time.monotonic() - begun < 3.0
    assert (child.returncode, output, errors) == (0, "after\n", "")


def urlsplit_of(line: str) -> tuple[str, int]:
    host, _, port = line.strip().removeprefix("http://").rstrip("/").rpartition(":")
    return host, int(port)


def test_a_free_port_is_taken_if_none_is_asked_for(monkeypatch: pytest.MonkeyPatch, taken: int) -> None:
    monkeypatch.setattr(server, "DEFAULT_PORT", taken)
    notices: list[str] = []
    with closing(server.listen(None, on_notice=notices.append)) as listener:
        port = listener.getsockname()[1]
    assert port != taken
    assert notices == [f"Port {taken} is taken; using {port} instead."]


def test_the_usual_port_is_used_without_a_word_if_it_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        free = other.getsockname()[1]
    monkeypatch.setattr(server, "DEFAULT_PORT", free)
    notices: list[str] = []
    with closing(server.listen(None, on_notice=notices.append)) as listener:
        assert listener.getsockname() == ("127.0.0.1", free)
    assert notices == []


def test_the_usual_port_is_3000() -> None:
    assert server.DEFAULT_PORT == 3000


def test_a_port_that_was_asked_for_and_is_taken_is_an_error(cartpole: Watched, taken: int) -> None:
    with pytest.raises(PortInUseError, match=f"port {taken} is taken .* --port"):
        server.serve(create_app(cartpole), taken)


@pytest.mark.parametrize("port", [-1, 65_536, True])
def test_a_port_that_is_none_is_refused(port: int) -> None:
    with pytest.raises(InvalidValueError, match="a port must be a number"):
        server.listen(port)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org", ""])
def test_only_this_machine_may_be_served(host: str) -> None:
    with pytest.raises(InvalidValueError, match="this machine only"):
        server.listen(0, host)


def test_others_are_served_with_a_token_alone(cartpole: Watched) -> None:
    with closing(server.listen(0, "0.0.0.0", guarded=True)) as listener:
        assert listener.getsockname()[0] == "0.0.0.0"
        address = server.address_of(listener)
        assert "0.0.0.0" not in address  # which another machine could not open
        parts = urllib.parse.urlsplit(address)
        with closing(socket.create_connection((parts.hostname, parts.port), timeout=5)):
            pass


def test_a_machine_without_a_way_out_is_called_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("Network is unreachable")

    with closing(server.listen(0, "0.0.0.0", guarded=True)) as listener:
        monkeypatch.setattr(socket.socket, "connect", refuse)
        assert server.address_of(listener) == f"http://{socket.gethostname()}:{listener.getsockname()[1]}/"


def test_it_answers_as_long_as_the_block_lasts(cartpole: Watched) -> None:
    with server.serving(create_app(cartpole)) as url, urllib.request.urlopen(url, timeout=5) as answer:
        assert answer.status == 200
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(url, timeout=5)


def test_ipv6_addresses_are_written_in_brackets() -> None:
    try:
        listener = server.listen(0, "::1")
    except InvalidValueError:
        pytest.skip("this machine has no IPv6")
    with closing(listener):
        assert server.address_of(listener) == f"http://[::1]:{listener.getsockname()[1]}/"


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="there is always a screen")
def test_no_browser_is_opened_without_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(webbrowser, "get", lambda: pytest.fail("asked for a browser"))
    assert not server.open_browser_if_possible("http://127.0.0.1:3000/")


def test_a_browser_is_opened_where_there_is_a_screen(monkeypatch: pytest.MonkeyPatch, cartpole_url: str) -> None:
    import queue

    opened: queue.Queue[str] = queue.Queue()

    class Browser(webbrowser.BaseBrowser):
        def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
            opened.put(url)
            return True

    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "get", lambda: Browser("firefox"))
    assert server.open_browser_if_possible(cartpole_url)
    assert opened.get(timeout=5) == cartpole_url


def test_a_browser_in_the_terminal_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser("w3m"))
    assert not server.open_browser_if_possible("http://127.0.0.1:3000/")


def test_importing_the_studio_starts_no_server() -> None:
    code = "import sys, poise.studio; print([m for m in ('uvicorn', 'starlette', 'gymnasium') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert found.stdout == "[]\n"


def test_a_small_message_is_sent_at_once() -> None:
    """Python's event loop turns Nagle's algorithm off only where the protocol is named; it may cost 40 ms a key."""
    with server.listen(0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
