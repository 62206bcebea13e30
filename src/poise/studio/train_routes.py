"""Addresses of trainings: what can be trained, start, stop and resume, and a run followed live.

| address | what it does |
|---|---|
| ``/api/environments`` | the environments that are installed, and what one can choose |
| ``/api/environment?env=`` | one environment in words, or why it cannot be trained in here |
| ``/api/plan?env=&policy=&optimizer=&seed=&max_steps=`` | what ``poise train`` would do, in words |
| ``POST /api/trainings`` | starts a training (JSON, see `poise.studio.trainings.Order`); answers the name of its run |
| ``POST /api/trainings/stop?run=``, ``…/resume?run=`` | stops one, or goes on with it |
| ``WS /api/live?run=`` | a run while it is written, see `poise.studio.live.Feed` |
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from importlib import util
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from poise.errors import InvalidValueError, PoiseError, UnknownNameError
from poise.studio.answers import run_of
from poise.studio.controls import NOT_BY_HAND, short_name
from poise.studio.incumbent import Incumbents
from poise.studio.library import Library, RunGoneError
from poise.studio.live import Feed
from poise.studio.trainings import Order, Trainings
from poise.types import EnvironmentSpec, Json

LOOK_SECONDS = 0.25
"""Time between two looks at a run that is followed."""

STALLED_SECONDS = 10.0
"""A tab that takes nothing for so long is dropped; it may come back."""

MOST_FOLLOWERS = 24
"""Pages that follow runs at a time."""

MOST_BYTES = 10_000
"""Longest order."""

POLICIES = ("linear", "linear+bias", "quadratic", "mlp:8", "mlp:16", "mlp:16,16")
"""Kinds of policy that the page offers."""

TRY_AGAIN_LATER, REFUSED = 1013, 1008


def routes(library: Library) -> list[BaseRoute]:
    """The addresses, for the trainings of a library."""

    def environments(_: Request) -> Response:
        from poise.optimizers import OPTIMIZERS

        groups = _groups()
        by_policy_alone = [env for group in groups for env in group["envs"] if short_name(env) in NOT_BY_HAND]
        known = {"policies": POLICIES, "optimizers": sorted(OPTIMIZERS.names())}
        return JSONResponse({"groups": groups, "notByHand": by_policy_alone, **known})

    def environment(request: Request) -> Response:
        return JSONResponse(_described(request.query_params.get("env", "")))

    def plan(request: Request) -> Response:
        return JSONResponse({"lines": _planned(Order.from_texts(request.query_params))})

    async def start(request: Request) -> Response:
        order = Order.from_json(await json_of(request))
        return JSONResponse({"run": await asyncio.to_thread(_start, _trainings(library), order)}, 201)

    async def stop(request: Request) -> Response:
        await asyncio.to_thread(_trainings(library).stop, run_of(request) or "")
        return JSONResponse({"run": run_of(request)})

    async def resume(request: Request) -> Response:
        name = run_of(request) or ""
        library.directory(name)
        await asyncio.to_thread(_trainings(library).resume, name)
        return JSONResponse({"run": name})

    return [
        Route("/api/environments", environments),
        Route("/api/environment", environment),
        Route("/api/plan", plan),
        Route("/api/trainings", start, methods=["POST"]),
        Route("/api/trainings/stop", stop, methods=["POST"]),
        Route("/api/trainings/resume", resume, methods=["POST"]),
        WebSocketRoute("/api/live", _Followers(library).follow),
    ]


class _Followers:
    """Pages that follow a run over a WebSocket."""

    def __init__(self, library: Library) -> None:
        self._library, self._incumbents, self._count = library, Incumbents(library), 0

    async def follow(self, socket: WebSocket) -> None:
        """Tells one page what is new until it goes, stalls, or says something: it has nothing to say."""
        await socket.accept()
        if self._count >= MOST_FOLLOWERS:
            await socket.close(TRY_AGAIN_LATER, "Too many pages follow runs; close one.")
            return
        self._count += 1
        left = asyncio.ensure_future(_listen(socket))
        try:
            await self._tell(socket, left)
        except PoiseError as error:
            with suppress(Exception):
                await socket.send_json({"problem": str(error), "gone": isinstance(error, RunGoneError)})
                await socket.close()
        except (WebSocketDisconnect, TimeoutError, RuntimeError):
            pass  # the page has gone, or takes nothing
        finally:
            self._count -= 1
            left.cancel()

    async def _tell(self, socket: WebSocket, left: asyncio.Future[None]) -> None:
        run = run_of_socket(socket)
        feed = await asyncio.to_thread(Feed, self._library, run, lambda: self._incumbents.found(run))
        measuring = asyncio.ensure_future(self._incumbents.follow(run))
        try:
            while not left.done():
                message = await asyncio.to_thread(feed.look)
                if message:
                    await asyncio.wait_for(socket.send_text(json.dumps(message, allow_nan=False)), STALLED_SECONDS)
                await asyncio.wait({left}, timeout=LOOK_SECONDS)
        finally:
            measuring.cancel()
        if left.exception() is None:
            await socket.close(REFUSED, "Nothing is expected to be said here.")


async def _listen(socket: WebSocket) -> None:
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1000))


def run_of_socket(socket: WebSocket) -> str:
    """The name of the run in a WebSocket's address."""
    return socket.query_params.get("run", "")


def _start(trainings: Trainings, order: Order) -> str:
    check_installed(order.env)
    return trainings.start(order)


def check_installed(identifier: str) -> None:
    """An identifier may name a module to import (``module:Name-v0``): from a page only what is registered is made."""
    from poise.rollouts.environments import installed

    if identifier not in (known := installed()):
        raise UnknownNameError("environment", identifier[:80], known, "`poise envs` lists those that are installed.")


def _trainings(library: Library) -> Trainings:
    if library.trainings is None:
        raise RunGoneError("The studio was opened without a folder of runs: poise studio RUNS")
    return library.trainings


async def json_of(request: Request) -> dict[str, Any]:
    """The body of a request as a JSON object of a bounded size."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise InvalidValueError(f"Expected at most {MOST_BYTES:,} bytes.")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidValueError("Expected a JSON object.") from error
    if not isinstance(value, dict):
        raise InvalidValueError("Expected a JSON object.")
    return value


def _groups() -> list[Json]:
    """The installed environments by their family, the simple ones first.

    Those that Gymnasium registers for JAX are left out where there is none: nothing could be done with them.
    """
    import gymnasium

    from poise.rollouts.environments import installed

    families = {"classic_control": "Classic control", "toy_text": "Toy text", "box2d": "Box2D", "mujoco": "MuJoCo"}
    groups: dict[str, list[str]] = {title: [] for title in (*families.values(), "Others")}
    for identifier in installed():
        entry = str(gymnasium.spec(identifier).entry_point)
        if any(f"envs.{folder}" in entry for folder in ("phys2d", "tabular")) and util.find_spec("jax") is None:
            continue
        title = next((title for folder, title in families.items() if f"envs.{folder}" in entry), "Others")
        groups[title].append(identifier)
    return [{"title": title, "envs": envs} for title, envs in groups.items() if envs]


def _planned(order: Order) -> list[str]:
    """What `poise train` would say with ``--dry-run``; nothing is compiled for it."""
    from poise.kernels.catalog import kernel_for
    from poise.rollouts.environments import inspect
    from poise.runs.auto import plan_for, with_last_stage
    from poise.runs.config import TrainConfig
    from poise.runs.defaults import resolved
    from poise.runs.explanation import explain

    check_installed(order.env)
    try:
        info = inspect(EnvironmentSpec(order.env))
    except PoiseError:
        return []  # `_described` says why
    compiled = kernel_for(info.spec)[0] is not None
    config = TrainConfig(**order.settings())
    chosen = plan_for(config, info)
    config = resolved(config, info, chosen, compiled=compiled)
    whole = with_last_stage(chosen, config, info, compiled=compiled)
    return explain(config, info, whole, compiled=compiled)


def _described(identifier: str) -> Json:
    from poise.kernels.catalog import kernel_for
    from poise.rollouts.environments import describe

    check_installed(identifier)
    info, reason = describe(identifier)
    if info is None:
        return {"env": identifier, "supported": False, "reason": reason}
    return {
        "env": info.spec.id,
        "supported": True,
        "features": info.observation.size,
        "action": info.action.kind,
        "outputs": info.action.outputs,
        "stepLimit": info.max_episode_steps,
        "threshold": info.reward_threshold,
        "compiled": kernel_for(info.spec)[0] is not None,
    }
