"""Addresses of play: what can be played and how, the game itself over a WebSocket, and what was played.

| address | what it does |
|---|---|
| ``/api/play?env=`` | one environment: keys, pace, who can be raced, the best; or why it cannot be played |
| ``WS /api/play/live?env=`` | the game; `poise.studio.play_protocol` has the messages |
| ``POST /api/played/name`` | writes a name into the table: ``{"id": …, "name": …}`` |
| ``/api/played?id=`` | an episode that was played, as ``/api/episode`` answers one |
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from poise.errors import InvalidValueError, PoiseError
from poise.policies.spaces import encode_space, feature_names
from poise.rollouts.environments import DEFAULT_STEP_LIMIT, close, make
from poise.studio import play_protocol as protocol
from poise.studio.controls import Controls, controls_of
from poise.studio.library import Library
from poise.studio.play import Session
from poise.studio.played import PlayedStore
from poise.studio.source import action_names
from poise.studio.train_routes import REFUSED, TRY_AGAIN_LATER, check_installed, json_of
from poise.types import EnvironmentSpec, Json

MOST_SESSIONS = 4
"""Games at a time; each has an environment and a thread of its own."""

STALLED_SECONDS = 5.0
"""A page that takes nothing for so long is dropped."""

IDLE_SECONDS = 600.0
"""A page that says nothing for so long is taken to be forgotten."""

MOST_OPPONENTS = 50
"""Policies that are offered for a race."""

CLOSE_BYTES = 120
"""What the reason of a WebSocket's end may hold."""


def routes(library: Library, played: PlayedStore) -> list[BaseRoute]:
    """The addresses; `played` keeps what is played."""

    def describe(request: Request) -> Response:
        return JSONResponse(_described(library, played, request.query_params.get("env", "")))

    async def name(request: Request) -> Response:
        order = await json_of(request)
        identifier, called = order.get("id"), order.get("name")
        if not isinstance(identifier, str) or not isinstance(called, str):
            raise InvalidValueError('Expected {"id": "…", "name": "…"}.')
        return JSONResponse({"table": await asyncio.to_thread(played.name, identifier, called)})

    def episode(request: Request) -> Response:
        watched, found = played.load(request.query_params.get("id", ""))
        return JSONResponse(found.to_json(watched))

    return [
        Route("/api/play", describe),
        Route("/api/played", episode),
        Route("/api/played/name", name, methods=["POST"]),
        WebSocketRoute("/api/play/live", _Games(played).play),
    ]


class _Games:
    """Pages that play."""

    def __init__(self, played: PlayedStore) -> None:
        self._played, self._count = played, 0

    async def play(self, socket: WebSocket) -> None:
        """Plays with one page until it goes, stalls, is forgotten, or says what cannot be understood."""
        await socket.accept()
        if self._count >= MOST_SESSIONS:
            words = f"{MOST_SESSIONS} games are under way already; close a tab that plays, then reload."
            await _refuse(socket, words, TRY_AGAIN_LATER)
            return
        self._count += 1
        try:
            spec, controls = await asyncio.to_thread(_controls, socket.query_params.get("env", ""))
            await self._serve(socket, spec, controls)
        except PoiseError as problem:
            await _refuse(socket, str(problem))
        except (WebSocketDisconnect, RuntimeError):
            pass  # the page has gone
        except TimeoutError:
            await _refuse(socket, "Nothing was heard of this page for a while: the game was ended. Begin a new one.")
        finally:
            self._count -= 1

    async def _serve(self, socket: WebSocket, spec: EnvironmentSpec, controls: Controls) -> None:
        loop, bell = asyncio.get_running_loop(), asyncio.Event()

        def ring() -> None:
            with suppress(RuntimeError):  # the server has ended in the meantime
                loop.call_soon_threadsafe(bell.set)

        session = Session(spec, controls, ring, self._played.keep)
        sending = asyncio.ensure_future(_send(socket, session, bell))
        listening = asyncio.ensure_future(_listen(socket, session))
        try:
            done, _ = await asyncio.wait({sending, listening}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            session.close()
            for task in (sending, listening):
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task


async def _send(socket: WebSocket, session: Session, bell: asyncio.Event) -> None:
    while not session.outbox.overflowed:
        await bell.wait()
        bell.clear()
        for message in session.outbox.take():
            sent = (
                socket.send_bytes(message)
                if isinstance(message, bytes)
                else socket.send_text(json.dumps(message, allow_nan=False))
            )
            await asyncio.wait_for(sent, STALLED_SECONDS)
    raise WebSocketDisconnect


async def _listen(socket: WebSocket, session: Session) -> None:
    while True:
        message = await asyncio.wait_for(socket.receive(), IDLE_SECONDS)
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1000))
        data = message.get("bytes")
        if data is None:
            raise InvalidValueError("Expected a binary message; this text is none.")
        session.tell(protocol.read(data))


async def _refuse(socket: WebSocket, words: str, code: int = REFUSED) -> None:
    """Says why, and ends the connection."""
    with suppress(Exception):
        await asyncio.wait_for(socket.send_json({"problem": words}), 1.0)
        await socket.close(code, words.encode()[:CLOSE_BYTES].decode(errors="ignore"))


def _controls(identifier: str) -> tuple[EnvironmentSpec, Controls]:
    import gymnasium

    check_installed(identifier)
    limit = gymnasium.spec(identifier).max_episode_steps or DEFAULT_STEP_LIMIT
    spec = EnvironmentSpec(identifier, {}, limit)
    return spec, controls_of(spec)


def _described(library: Library, played: PlayedStore, identifier: str) -> Json:
    spec, controls = _controls(identifier)
    environment = make(spec)
    try:
        try:
            names = list(feature_names(spec.id, encode_space(environment.observation_space)))
        except PoiseError:
            names = []  # an image, for instance: it can be played, though no policy can see it
        registered = environment.spec
    finally:
        close(environment)
    return {
        "env": spec.id,
        **controls.to_json(),
        "actionNames": action_names(spec.id, controls.action),
        "firstAction": controls.action.starts[0] if controls.action.kind == "discrete" else 0,
        "featureNames": names,
        "stepLimit": spec.max_episode_steps,
        "threshold": None if registered is None else registered.reward_threshold,
        "opponents": _opponents(library, spec.id),
        "table": played.table(spec.id),
    }


def _opponents(library: Library, env: str) -> list[Json]:
    """Policies for the environment: the one that the studio was opened on, then runs, the best result first."""
    own = library.watched
    found: list[Json] = []
    if own is not None and own.title == env:
        found.append({"run": None, "how": f"{own.policy} policy", "result": None, "changed": None})
    rows = [] if library.index is None else [row for row in library.index.rows() if row.env == env]
    able = [row for row in rows if row.state not in ("broken", "empty")]
    able.sort(key=lambda row: (row.result is not None, row.result["mean"] if row.result else 0.0), reverse=True)
    for row in able[:MOST_OPPONENTS]:
        result = (
            None
            if row.result is None
            else {"mean": row.result["mean"], "low": row.result["low"], "high": row.result["high"]}
        )
        found.append({"run": row.id, "how": row.how, "result": result, "changed": row.changed})
    return found
