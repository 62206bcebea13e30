"""Addresses of the policy with other numbers.

| address | what it answers |
|---|---|
| ``/api/tinker?run=`` | the policy's numbers, their names and ranges |
| ``/api/tinker/episode?run=&w=&seed=`` | one episode with the numbers `w` |
| ``/api/tinker/mean?run=&w=`` | the mean return over the same episodes each time, with its interval |
| ``/api/tinker/map?run=&w=&across=&up=`` | mean returns over two of the numbers |
| ``POST /api/tinker/keep?run=&w=`` | keeps the policy with these numbers; answers its name |
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from poise.runs.policy import Policy
from poise.studio import tinker
from poise.studio.answers import run_of, seed_of, whole_of
from poise.studio.bench import Bench, Worker
from poise.studio.library import Library, RunGoneError
from poise.types import FloatArray


def routes(library: Library) -> list[BaseRoute]:
    """The addresses, for the policies of a library."""
    # Apart, so that neither a map nor a mean holds up the episode under the hand.
    watching, measuring, mapping = (Worker(f"poise tinker {name}") for name in ("episode", "mean", "map"))
    means, maps = Bench(), Bench()

    async def asked(request: Request) -> tuple[Policy, FloatArray]:
        policy = await asyncio.to_thread(library.opened, run_of(request))
        tinker.check_size(policy)
        text = request.query_params.get("w")
        return policy, policy.parameters if text is None else tinker.parse_numbers(text, policy)

    async def about(request: Request) -> Response:
        policy, _ = await asked(request)
        return JSONResponse(tinker.describe(policy))

    async def episode(request: Request) -> Response:
        policy, numbers = await asked(request)
        seed = seed_of(request, 0)
        return JSONResponse(await watching.do(lambda: tinker.episode(policy, numbers, seed)))

    async def mean(request: Request) -> Response:
        policy, numbers = await asked(request)
        return JSONResponse(await measuring.do(lambda: tinker.measure(means, policy, numbers)))

    async def heat_map(request: Request) -> Response:
        policy, numbers = await asked(request)
        across, up = whole_of(request, "across", 0, 0, 1000), whole_of(request, "up", 1, 0, 1000)
        return JSONResponse(await mapping.do(lambda: tinker.heat_map(maps, policy, numbers, across, up)))

    async def keep(request: Request) -> Response:
        policy, numbers = await asked(request)
        if library.runs is None:
            raise RunGoneError("The studio was opened without a folder of runs: poise studio RUNS")
        return JSONResponse({"run": await asyncio.to_thread(tinker.keep, library.runs, policy, numbers)}, 201)

    return [
        Route("/api/tinker", about),
        Route("/api/tinker/episode", episode),
        Route("/api/tinker/mean", mean),
        Route("/api/tinker/map", heat_map),
        Route("/api/tinker/keep", keep, methods=["POST"]),
    ]
