"""The studio's addresses. Each route is thin: it reads the request, asks who knows, and says what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from poise.errors import PoiseError
from poise.studio import (
    answers,
    assets,
    compare_routes,
    guard,
    learn_routes,
    picture_routes,
    play_routes,
    played,
    runs_routes,
    take_routes,
    tinker_routes,
    train_routes,
)
from poise.studio.library import Library
from poise.studio.pages import HOME_WITH_POLICY, HOME_WITHOUT, view_of
from poise.studio.source import Watched


def create_app(
    watched: Watched | None = None,
    *,
    runs: Path | None = None,
    allowed_hosts: Collection[str] = guard.LOOPBACK_HOSTS,
    token: str | None = None,
    remembered_episodes: int = 16,
    data: Path | None = None,
) -> Starlette:
    """The studio, opened on a policy, on a folder of runs, or on both.

    Every address takes ``?run=NAME`` for the policy of a run; without it, `watched` is meant.

    | address | what it answers |
    |---|---|
    | ``/``, ``/runs``, ``/runs/NAME/replay``, … | the page; `poise.studio.pages` has its views |
    | ``/data`` | the observations of the first episode, a JSON list of lists; ``?seed=`` for another |
    | ``/api/episode?seed=`` | the whole episode: observations, actions, rewards, names, how it ended, its check |
    | ``/api/runs``, ``/api/run?run=`` | `poise.studio.runs_routes` |
    | ``/api/compare…`` | `poise.studio.compare_routes` |
    | ``/api/learn/…`` | `poise.studio.learn_routes` |
    | ``/api/tinker…`` | `poise.studio.tinker_routes` |
    | ``/api/environments``, ``/api/trainings``, ``/api/live``, … | `poise.studio.train_routes` |
    | ``/api/play``, ``/api/played``, … | `poise.studio.play_routes` |
    | ``/api/pictures`` | `poise.studio.picture_routes` |
    | ``/take/…`` | `poise.studio.take_routes` |
    | ``/static/...`` | the page's own files |

    Args:
        watched: the policy and how to play it.
        runs: the folder of the runs.
        allowed_hosts: names in ``Host`` that are answered, without a port; with a token any.
        token: what a request must know, in its address once and then in a cookie; ``None`` asks for none.
        remembered_episodes: how many of the last episodes of a policy are kept in memory.
        data: the folder of what persons have played; ``None`` for the user's own, see `poise.studio.played.directory`.
    """
    library = Library(watched, runs, remembered_episodes)

    games = played.PlayedStore(data or played.directory())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(library.close)

    app = Starlette(
        routes=[
            *_episode_routes(library),
            *runs_routes.routes(library),
            *compare_routes.routes(library),
            *learn_routes.routes(),
            *tinker_routes.routes(library),
            *train_routes.routes(library),
            *play_routes.routes(library, games),
            *picture_routes.routes(library, games),
            *take_routes.routes(library, games),
            *_page_routes(library),
        ],
        lifespan=lifespan,
        middleware=[Middleware(guard.Guard, allowed_hosts=allowed_hosts, token=token)],
        exception_handlers=answers.HANDLERS,
    )
    app.state.trainings = library.trainings
    return app


def _page_routes(library: Library) -> list[BaseRoute]:
    files = assets.load()
    home = HOME_WITHOUT if library.watched is None else HOME_WITH_POLICY

    async def page(request: Request) -> Response:
        view = view_of(request.url.path, home)
        if view is None:
            if not guard.is_person(request.headers):
                raise HTTPException(404)
            return answers.file(assets.page(None, home), request, status=404)
        if view == "replay":
            await asyncio.to_thread(_foresee, library, request)
        return answers.file(assets.page(view, home), request)

    async def static(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in files:
            raise HTTPException(404)
        return answers.file(files[name], request)

    return [Route("/static/{name:path}", static), Route("/{path:path}", page)]


def _foresee(library: Library, request: Request) -> None:
    """Begins the episode that the page will ask for; if that is impossible, the page will hear why when it asks."""
    with suppress(PoiseError):
        path = request.url.path
        player = library.player(
            path.removeprefix("/runs/").removesuffix("/replay") if path.startswith("/runs/") else None
        )
        player.foresee(answers.seed_of(request, player.watched.first_seed))


def _episode_routes(library: Library) -> list[BaseRoute]:
    async def data(request: Request) -> Response:
        player = await asyncio.to_thread(library.player, answers.run_of(request))
        return JSONResponse((await player.episode(answers.seed_of(request, player.watched.first_seed))).observations())

    async def episode(request: Request) -> Response:
        player = await asyncio.to_thread(library.player, answers.run_of(request))
        played = await player.episode(answers.seed_of(request, player.watched.first_seed))
        return JSONResponse(played.to_json(player.watched))

    return [Route("/data", data), Route("/api/episode", episode)]
