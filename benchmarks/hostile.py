"""Treats the studio's server badly, and looks whether a person's game at another tab goes on at its rate meanwhile.

    python benchmarks/hostile.py [--rounds 3] [--messages 10000]

Everything stays on 127.0.0.1. A round is: 200 WebSocket clients at once; readers that ask for states and take none;
connections that send half a request; malformed messages; every address with odd queries, methods and bodies. The goal
is no answer of 500, no traceback, memory and open files level after the first round, and a game that loses no steps.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import socket as sockets
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

import poise

SERVER = """
import sys
from pathlib import Path
from poise.studio.app import create_app
from poise.studio.server import serve
serve(create_app(runs=Path(sys.argv[1]) / "runs", data=Path(sys.argv[1]) / "data"), 0,
      on_ready=lambda url: print(url, flush=True))
"""

SOCKETS = (
    "api/play/live?env=CartPole-v1",
    "api/live?run=good",
    "api/pictures?run=good&seed=2",
    "api/play/live?env=No-v0",
)

ADDRESSES = """
/ /runs /data /api/episode /api/runs /api/run /api/compare /api/compare/test /api/learn/push /api/learn/tries
/api/learn/again /api/learn/honest /api/learn/episode /api/tinker /api/tinker/episode /api/tinker/mean /api/tinker/map
/api/tinker/keep /api/environments /api/environment /api/plan /api/trainings /api/trainings/stop /api/trainings/resume
/api/play /api/played /api/played/name /api/live /api/play/live /api/pictures /take/replay.html /take/replay.gif
/take/replay.xyz /take/policy.json /take/curve.csv /take/scores.csv /static/../app.py /static/none /none
"""
ROUTES = ADDRESSES.split()

ODD = (
    "",
    "-1",
    "nan",
    "1e999",
    "99999999999999999999",
    "../../etc/passwd",
    "\x00",
    "é" * 50,
    "a" * 5000,
    "good,good",
    "[]",
)
NAMES = ("run", "runs", "seed", "env", "count", "parameters", "x", "y", "id", "a", "b", "policy", "numbers", "weights")
BODIES = (
    b"",
    b"{",
    b"[]",
    b"null",
    b'{"env": 1}',
    b'{"run": "../.."}',
    b"\xff" * 100,
    b"[" * 5000,
    b'{"id": {}, "name": []}',
)

BEGIN, FAST = struct.pack("<BIfB", 1, 3, 0.0, 0), struct.pack("<BIfB", 1, 3, 1000.0, 1)


def main() -> None:
    """Goes round, and prints a line for each round."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+") as said:
        few: dict[str, Any] = {
            "selection_episodes": 3,
            "confirmation_episodes": 3,
            "evaluation_episodes": 5,
            "workers": 1,
        }
        poise.train("CartPole-v1", out=Path(folder) / "runs" / "good", engine="gymnasium", **few)
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER, folder], stdout=subprocess.PIPE, stderr=said, text=True
        )
        try:
            url = server.stdout.readline().strip() if server.stdout is not None else ""
            print(f"at rest:  {state_of(server.pid)}; game alone: {Game(url).watched(3.0)}", flush=True)
            for number in range(given.rounds):
                one_round(url, server.pid, given.messages, random.Random(number))
            said.seek(0)
            print("tracebacks in the server's log:", said.read().count("Traceback"))
        finally:
            server.terminate()
            server.wait(30)
        print("the server ended with", server.returncode)


def one_round(url: str, pid: int, messages: int, rng: random.Random) -> None:
    """Everything at once or after another, beside a game."""
    began, game = time.monotonic(), Game(url)
    game.start()
    with ExitStack() as held:
        slow = [slow_reader(url, held) for _ in range(20)]  # before the others take all places
        clients = many_clients(url, held)
        half = [held.enter_context(half_open(url)) for _ in range(100)]
        sent = malformed(url, messages, rng)
    statuses = odd_requests(url)
    seconds, played = time.monotonic() - began, game.ended()
    time.sleep(1.0)
    print(
        f"{seconds:5.0f} s, {dict(clients)} of 200 clients, {len(slow)} slow, {len(half)} half open, {sent} malformed"
    )
    print(f"          answers {dict(sorted(statuses.items()))}; {state_of(pid)}; game: {played}", flush=True)


def many_clients(url: str, held: ExitStack) -> Counter[str]:
    """200 that stay."""
    found: Counter[str] = Counter()
    for number in range(200):
        try:
            held.enter_context(connect(f"{url.replace('http', 'ws')}{SOCKETS[number % len(SOCKETS)]}", close_timeout=1))
            found["answered"] += 1
        except (WebSocketException, OSError) as error:
            found[type(error).__name__] += 1
    return found


def slow_reader(url: str, held: ExitStack) -> ClientConnection:
    """One that wants a state and a picture every millisecond, and reads none."""
    address = f"{url.replace('http', 'ws')}api/play/live?env=CartPole-v1"
    connection = held.enter_context(connect(address, max_queue=1, close_timeout=1))
    with suppress(WebSocketException):
        connection.send(FAST)
    return connection


def half_open(url: str) -> sockets.socket:
    """One that never finishes what it asks."""
    raw = sockets.create_connection((urlsplit(url).hostname, urlsplit(url).port), timeout=10)
    raw.sendall(b"GET /api/runs HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: ")
    return raw


def malformed(url: str, count: int, rng: random.Random) -> int:
    """Sends nonsense, 50 messages a connection or as many as it takes; how many were sent."""
    sent = 0
    while sent < count:
        address = f"{url.replace('http', 'ws')}{rng.choice(SOCKETS[:3])}"
        with suppress(WebSocketException, OSError), connect(address, close_timeout=1) as connection:
            for _ in range(50):
                sent += 1
                noise = rng.randbytes(rng.randint(0, 60))
                connection.send(noise if rng.random() < 0.7 else noise.hex())
    return sent


def odd_requests(url: str) -> Counter[int]:
    """Every address with everything odd; how often each status was answered."""
    found: Counter[int] = Counter()
    for route in ROUTES:
        for value in ODD:
            query = "&".join(f"{name}={quote(value)}" for name in NAMES)
            found[status(url, "GET", f"{route}?{query}")] += 1
            found[status(url, "GET", f"{route}?run=good&seed={quote(value)}&count={quote(value)}")] += 1
        for body in BODIES:
            found[status(url, "POST", route, body)] += 1
        for method in ("PUT", "DELETE", "OPTIONS", "HEAD", "BREW"):
            found[status(url, method, route)] += 1
    return found


def status(url: str, method: str, target: str, body: bytes | None = None) -> int:
    """What is answered; 0 where the connection is closed instead."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        connection.request(method, target, body)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (http.client.HTTPException, ConnectionError):
        return 0
    finally:
        connection.close()


class Game(threading.Thread):
    """A person who plays MountainCar again and again, and counts the steps and the longest wait for one."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._url, self._end = url, threading.Event()
        self._steps, self._seconds, self._longest = 0, 0.0, 0.0

    def run(self) -> None:
        """Plays until it is ended."""
        with connect(f"{self._url.replace('http', 'ws')}api/play/live?env=MountainCar-v0") as connection:
            while not self._end.is_set():
                connection.send(BEGIN)
                connection.recv(30)
                connection.send(struct.pack("<BBf", 2, 1, 0.0))
                connection.recv(30)
                last = time.monotonic()
                while isinstance(connection.recv(30), bytes) and not self._end.is_set():
                    now = time.monotonic()
                    self._steps, self._seconds = self._steps + 1, self._seconds + now - last
                    self._longest, last = max(self._longest, now - last), now

    def ended(self) -> str:
        """Ends it; what it saw."""
        self._end.set()
        self.join(30)
        return (
            f"{self._steps / max(self._seconds, 1e-9):.1f} steps a second, longest wait {1000 * self._longest:.0f} ms"
        )

    def watched(self, seconds: float) -> str:
        """What it sees in so many seconds."""
        self.start()
        time.sleep(seconds)
        return self.ended()


def state_of(pid: int) -> str:
    """Memory and open files of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return f"{pages * os.sysconf('SC_PAGE_SIZE') / 1e6:.0f} MB, {len(os.listdir(f'/proc/{pid}/fd'))} files"


if __name__ == "__main__":
    main()
