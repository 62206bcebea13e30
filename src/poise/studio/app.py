"""The studio's addresses. Each route is thin: it reads the request, asks the player, and says what came of it."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from poise.errors import InvalidValueError, PoiseError
from poise.seeding import MAX_SEED, check_seed
from poise.studio.assets import Asset, load
from poise.studio.episodes import EpisodePlayer
from poise.studio.guard import LOOPBACK_HOSTS, Guard
from poise.studio.source import Watched

Endpoint = Callable[[Request], Awaitable[Response]]

_log = logging.getLogger(__name__)


def create_app(
    watched: Watched, *, allowed_hosts: Collection[str] = LOOPBACK_HOSTS, remembered_episodes: int = 16
) -> Starlette:
    """The application that shows one policy.

    | address | what it answers |
    |---|---|
    | ``/`` | the page |
    | ``/data`` | the observations of the first episode, a JSON list of lists; ``?seed=`` for another |
    | ``/api/episode?seed=`` | the whole episode: observations, actions, rewards, names, how it ended, its check |
    | ``/static/...`` | the page's own files |

    Args:
        watched: the policy and how to play it.
        allowed_hosts: names in ``Host`` that are answered, without a port.
        remembered_episodes: how many of the last episodes are kept in memory.
    """
    player = EpisodePlayer(watched, remembered_episodes)
    assets = load()

    async def page(request: Request) -> Response:
        with suppress(InvalidValueError):  # the page itself will ask, and show the answer
            player.foresee(_seed(request, watched.first_seed))
        return _file(assets["index.html"], request)

    async def data(request: Request) -> Response:
        return JSONResponse((await player.episode(_seed(request, watched.first_seed))).observations())

    async def episode(request: Request) -> Response:
        return JSONResponse((await player.episode(_seed(request, watched.first_seed))).to_json(watched))

    async def static(request: Request) -> Response:
        return _file(_find(assets, request.path_params["name"]), request)

    return Starlette(
        routes=[
            Route("/", page),
            Route("/data", data),
            Route("/api/episode", episode),
            Route("/static/{name:path}", static),
        ],
        middleware=[Middleware(Guard, allowed_hosts=allowed_hosts)],
        exception_handlers={
            HTTPException: _say_http,
            PoiseError: _say_poise,
            Exception: _say_unexpected,
        },
    )


def _seed(request: Request, default: int) -> int:
    text = request.query_params.get("seed")
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,10}", text):
        raise InvalidValueError(f"A seed is a whole number from 0 to {MAX_SEED}; got {_short(text)}.")
    return check_seed(int(text))


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:39] + "…")


def _find(assets: Mapping[str, Asset], name: str) -> Asset:
    if name not in assets:
        raise HTTPException(404)
    return assets[name]


def _file(asset: Asset, request: Request) -> Response:
    headers = {"ETag": asset.tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == asset.tag:
        return Response(status_code=304, headers=headers)
    return Response(asset.content, media_type=asset.media_type, headers=headers)


async def _say_http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    words = {404: "There is nothing at this address; the page is at /.", 405: "This address can only be read (GET)."}
    return JSONResponse({"error": words.get(status, "The request could not be answered.")}, status)


async def _say_poise(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 400 if isinstance(error, InvalidValueError) else 500)


async def _say_unexpected(request: Request, error: Exception) -> Response:
    _log.error("%s failed", request.url.path, exc_info=error)
    return JSONResponse({"error": f"Something unexpected went wrong ({type(error).__name__}); see the terminal."}, 500)
