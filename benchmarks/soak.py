"""Trains, evaluates and serves in a loop, and says whether memory and open files stay level.

    python benchmarks/soak.py [--minutes 60] [--json soak.json]

All of it happens in one process, in which whatever leaks adds up: a compiled run, one with Gymnasium, one in worker
processes, a table and a `--frugal` run are trained and evaluated; the studio serves the folder on 127.0.0.1 all the
while, answers each of its pages, and plays a game of CartPole over a WebSocket. Runs are removed again after a round.
What is looked at is the difference between the end of the third round, when all is compiled and imported, and the end.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import struct
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from websockets.sync.client import connect

import poise
from poise.studio.app import create_app
from poise.studio.server import serving

FEW: dict[str, Any] = {"selection_episodes": 3, "confirmation_episodes": 3, "evaluation_episodes": 20}
RUNS: dict[str, tuple[str, dict[str, Any]]] = {
    "compiled": ("Pendulum-v1", {**FEW, "max_steps": 200_000}),
    "gymnasium": ("CartPole-v1", {**FEW, "engine": "gymnasium", "workers": 1}),
    "workers": ("Acrobot-v1", {**FEW, "engine": "gymnasium", "workers": 2, "max_episodes": 60}),
    "table": ("FrozenLake-v1", {**FEW, "max_episodes": 300, "workers": 1}),
    "frugal": ("CartPole-v1", {**FEW, "frugal": True, "max_steps": 600, "engine": "gymnasium", "workers": 1}),
}

PAGES = (
    *("/", "/runs", "/api/runs", "/api/run?run=gymnasium", "/api/episode?run=gymnasium&seed={round}"),
    *("/api/compare?runs=gymnasium,table", "/api/play?env=CartPole-v1", "/api/environments"),
    *("/api/tinker?run=gymnasium", "/data?run=gymnasium&seed={round}", "/static/style/page.css"),
    "/take/policy.json?run=gymnasium",
)

BEGIN, RIGHT = struct.pack("<BIfB", 1, 3, 1000.0, 0), struct.pack("<BBf", 2, 1, 1.0)
SETTLED = 3
"""Rounds after which everything is compiled, imported and cached."""


def main() -> None:
    """Goes round until the time is up, and prints a line a minute."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    began, said = time.monotonic(), -1e9
    looks: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder) / "runs"
        runs.mkdir()
        with serving(create_app(runs=runs, data=Path(folder) / "data")) as url:
            while time.monotonic() - began < 60 * arguments.minutes or len(looks) <= SETTLED:
                one_round(url, runs, len(looks))
                looks.append({"minutes": (time.monotonic() - began) / 60, **look()})
                if time.monotonic() - said > 60:
                    said = time.monotonic()
                    print(words(len(looks), looks[-1]), flush=True)
    print("settled", words(SETTLED, looks[SETTLED - 1]))
    print("end    ", words(len(looks), looks[-1]))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(looks) + "\n", encoding="utf-8")


def one_round(url: str, runs: Path, number: int) -> None:
    """Every kind of run, its evaluation, every page, and a game."""
    for name, (env, settings) in RUNS.items():
        run = poise.train(env, out=runs / name, **{"seed": number, **settings})
        poise.evaluate(run.path, episodes=20, workers=1)
    for page in PAGES:
        status = get(url, page.format(round=number))
        if status >= 400:
            raise SystemExit(f"round {number + 1}: {page} was answered with {status}")
    play(url)
    for path in runs.iterdir():
        shutil.rmtree(path)


def get(url: str, page: str) -> int:
    """The status of an answer that was read to its end."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        connection.request("GET", page)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def play(url: str) -> None:
    """A game of CartPole, always to the right."""
    with connect(f"{url.replace('http', 'ws')}api/play/live?env=CartPole-v1") as socket:
        socket.send(BEGIN)
        socket.recv(30)
        socket.send(RIGHT)
        while isinstance(socket.recv(30), bytes):
            pass


def look() -> dict[str, float]:
    """Memory in MB, open files, threads and child processes of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    children = [child for thread in Path("/proc/self/task").iterdir() for child in children_of(thread)]
    return {
        "megabytes": pages * os.sysconf("SC_PAGE_SIZE") / 1e6,
        "files": len(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
        "children": len(children),
    }


def children_of(thread: Path) -> list[str]:
    """Numbers of the processes that a thread has started; none if it has just ended."""
    with suppress(OSError):
        return (thread / "children").read_text(encoding="ascii").split()
    return []


def words(rounds: int, found: dict[str, float]) -> str:
    """What was found after so many rounds."""
    return (
        f"{found['minutes']:6.1f} min, {rounds:5} rounds: {found['megabytes']:7.1f} MB, {found['files']:3.0f} files, "
        f"{found['threads']:2.0f} threads, {found['children']:.0f} child processes"
    )


if __name__ == "__main__":
    main()
