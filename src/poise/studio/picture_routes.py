"""Pictures of a replayed episode, for environments that the page cannot draw from what is observed.

| address | what it does |
|---|---|
| ``WS /api/pictures?run=&seed=`` (or ``?played=ID``) | the page names a step (u32), and is sent its picture |

A picture comes as `poise.studio.play_protocol.picture` packs it. The page names the step at its cursor when it may: at
most two pictures are under way. What is in words goes as text: ``{"noPictures": …}``.
"""

from __future__ import annotations

import asyncio
import struct
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from poise.errors import EnvironmentFailureError, InvalidValueError, PoiseError
from poise.export import png
from poise.rollouts.environments import remembers
from poise.rollouts.pictures import close_pictures, make_with_pictures, picture_of
from poise.rollouts.recording import Recording
from poise.studio import play_protocol
from poise.studio.answers import parse_seed
from poise.studio.library import Library
from poise.studio.played import PlayedStore
from poise.studio.train_routes import REFUSED, TRY_AGAIN_LATER

if TYPE_CHECKING:
    from poise.rollouts.environments import Environment

MOST_PAINTERS = 6
"""Episodes that are drawn at a time; each has an environment and a thread of its own."""

MOST_UNDER_WAY = 2
"""Steps that a page may have named and not yet seen."""

STALLED_SECONDS = 5.0
"""A page that takes nothing for so long is dropped."""


class Painter:
    """Plays a recorded episode again and draws it; all of it in the thread that made it.

    Args:
        recording: the episode.

    Raises:
        PoiseError: nothing can be drawn here.
    """

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._environment: Environment = make_with_pictures(recording.environment)
        self._step: int | None = None

    def draw(self, step: int) -> bytes:
        """The picture of a step as PNG; a step before the last one drawn is reached from the start.

        Raises:
            PoiseError: the environment raised, or nothing can be drawn here.
        """
        step = min(step, len(self._recording.actions))
        try:
            if self._step is None or step < self._step:
                if self._step is not None and remembers(self._environment):
                    close_pictures(self._environment)
                    self._environment = make_with_pictures(self._recording.environment)
                self._environment.reset(seed=self._recording.seed)
                self._step = 0
            while self._step < step:
                self._environment.step(self._recording.actions[self._step])
                self._step += 1
        except Exception as error:
            raise EnvironmentFailureError(
                f"{self._recording.environment.id} raised {type(error).__name__}: {error}"
            ) from error
        return png.encode(picture_of(self._environment))

    def close(self) -> None:
        """Lets the environment go."""
        close_pictures(self._environment)


def routes(library: Library, played: PlayedStore) -> list[BaseRoute]:
    """The address, for the episodes of a library and of a store of games."""
    return [WebSocketRoute("/api/pictures", _Painters(library, played).paint)]


class _Painters:
    def __init__(self, library: Library, played: PlayedStore) -> None:
        self._library, self._played, self._count = library, played, 0

    async def paint(self, socket: WebSocket) -> None:
        """Draws for one page until it goes, stalls, or says what cannot be understood."""
        await socket.accept()
        if self._count >= MOST_PAINTERS:
            await _refuse(
                socket, f"{MOST_PAINTERS} episodes are drawn already; close a tab, then reload.", TRY_AGAIN_LATER
            )
            return
        self._count += 1
        thread = ThreadPoolExecutor(1, "poise pictures")
        loop = asyncio.get_running_loop()
        painter: Painter | None = None
        try:
            recording = await self._recording(socket)
            painter = await loop.run_in_executor(thread, Painter, recording)
            await _serve(socket, painter, thread)
        except PoiseError as problem:
            await _refuse(socket, str(problem), REFUSED)
        except (WebSocketDisconnect, RuntimeError, TimeoutError):
            pass  # the page has gone, or takes nothing
        finally:
            self._count -= 1
            if painter is not None:
                thread.submit(painter.close)
            thread.shutdown(wait=False)

    async def _recording(self, socket: WebSocket) -> Recording:
        query = socket.query_params
        if "played" in query:
            return (await asyncio.to_thread(self._played.load, query["played"]))[1].recording
        player = await asyncio.to_thread(self._library.player, query.get("run") or None)
        seed = parse_seed(query["seed"]) if "seed" in query else player.watched.first_seed
        return (await player.episode(seed)).recording


async def _serve(socket: WebSocket, painter: Painter, thread: ThreadPoolExecutor) -> None:
    loop = asyncio.get_running_loop()
    asked_for: asyncio.Queue[int] = asyncio.Queue(MOST_UNDER_WAY)
    listening = asyncio.ensure_future(_listen(socket, asked_for))
    try:
        while True:
            asked = asyncio.ensure_future(asked_for.get())
            await asyncio.wait({asked, listening}, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                asked.cancel()
                return listening.result()
            step = asked.result()
            drawn = await loop.run_in_executor(thread, painter.draw, step)
            await asyncio.wait_for(socket.send_bytes(play_protocol.picture(step, drawn)), STALLED_SECONDS)
    finally:
        listening.cancel()


async def _listen(socket: WebSocket, asked_for: asyncio.Queue[int]) -> None:
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1000))
        data = message.get("bytes")
        if data is None or len(data) != 4:
            raise InvalidValueError("Expected the number of a step, in four bytes.")
        if asked_for.full():
            raise InvalidValueError(f"At most {MOST_UNDER_WAY} pictures may be under way.")
        asked_for.put_nowait(struct.unpack("<I", data)[0])


async def _refuse(socket: WebSocket, words: str, code: int) -> None:
    with suppress(Exception):
        await asyncio.wait_for(socket.send_json({"noPictures": words}), 1.0)
        await socket.close(code, words.encode()[:120].decode(errors="ignore"))
