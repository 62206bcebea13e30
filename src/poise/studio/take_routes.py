"""Addresses of what can be taken along; each is answered as a file to be kept.

| address | the file |
|---|---|
| ``/take/replay.html?run=&seed=`` | an episode as one page that works by itself, without a server |
| ``/take/replay.gif``, ``.mp4``, ``.webm``, ``.csv`` | the same episode as a moving picture, as a film, as a table |
| ``/take/policy.json?run=`` | a run's policy |
| ``/take/curve.csv?run=``, ``/take/scores.csv?run=`` | the data of a run's charts |

``?played=ID`` in place of run and seed is a game that a person has played.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from poise.errors import InvalidValueError
from poise.studio import answers, take_along
from poise.studio.episodes import Episode
from poise.studio.library import Library
from poise.studio.played import PlayedStore
from poise.studio.source import Watched

AT_ONCE = 1
"""Files that are made at a time; a film takes all of a processor for some seconds."""

MOST_WAITING = 4
"""Requests that wait for their turn; others are told to come again."""

MOST_BYTES = 200 * 2**20
"""Longest file of metrics that is turned into a table."""


def routes(library: Library, played: PlayedStore) -> list[BaseRoute]:
    """The addresses, for the policies of a library and the games of a store."""
    turn = asyncio.Semaphore(AT_ONCE)
    waiting = 0

    async def replay(request: Request) -> Response:
        nonlocal waiting
        kind = request.path_params["kind"]
        if kind not in take_along.MEDIA_TYPES:
            raise HTTPException(404)
        watched, episode = await _episode(library, played, request)
        if waiting >= MOST_WAITING:
            raise InvalidValueError("Too many files are being made already; try again in a moment.")
        waiting += 1
        try:
            async with turn:
                content = await asyncio.to_thread(take_along.file_of, kind, episode, watched)
        finally:
            waiting -= 1
        return _file(content, take_along.MEDIA_TYPES[kind], take_along.file_name(kind, episode))

    def policy(request: Request) -> Response:
        found = library.policy(answers.run_of(request) or "")
        return _file(json.dumps(found.to_json(), indent=2), "application/json", "policy.json")

    def curve(request: Request) -> Response:
        return _file(take_along.curve(_lines(library, request)), take_along.MEDIA_TYPES["csv"], "curve.csv")

    def scores(request: Request) -> Response:
        return _file(take_along.scores(_lines(library, request)), take_along.MEDIA_TYPES["csv"], "scores.csv")

    return [
        Route("/take/replay.{kind}", replay),
        Route("/take/policy.json", policy),
        Route("/take/curve.csv", curve),
        Route("/take/scores.csv", scores),
    ]


async def _episode(library: Library, played: PlayedStore, request: Request) -> tuple[Watched, Episode]:
    identifier = request.query_params.get("played")
    if identifier is not None:
        return await asyncio.to_thread(played.load, identifier)
    player = await asyncio.to_thread(library.player, answers.run_of(request))
    return player.watched, await player.episode(answers.seed_of(request, player.watched.first_seed))


def _lines(library: Library, request: Request) -> list[dict[str, Any]]:
    path = library.directory(answers.run_of(request) or "") / "metrics.jsonl"
    if not path.is_file():
        return []
    if path.stat().st_size > MOST_BYTES:
        raise InvalidValueError(f"The metrics are longer than {MOST_BYTES >> 20} MiB: read {path} itself.")
    found: list[dict[str, Any]] = []
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue  # the last one is still being written
        if isinstance(line, dict) and {"generation", "steps", "mean"} <= line.keys():
            found.append(line)
    return found


def _file(content: str | bytes, media_type: str, name: str) -> Response:
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
