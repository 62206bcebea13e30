"""Addresses of a comparison.

| address | what it answers |
|---|---|
| ``/api/compare?run=A&run=B`` | rows, courses and results of some runs of one environment |
| ``/api/compare/test?run=A&run=B`` | how much A is better than B on the same fresh episodes |
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from poise.errors import InvalidValueError
from poise.studio.bench import Bench, Worker
from poise.studio.compare import compare, paired_test
from poise.studio.library import Library


def routes(library: Library) -> list[BaseRoute]:
    """The addresses, for the runs of a library."""
    worker, bench = Worker("poise comparison"), Bench()

    def together(request: Request) -> Response:
        return JSONResponse(compare(library, request.query_params.getlist("run")))

    async def test(request: Request) -> Response:
        names = request.query_params.getlist("run")
        if len(names) != 2:
            raise InvalidValueError(f"Expected two runs to test against each other, got {len(names)}.")
        first, second = [await asyncio.to_thread(library.policy, name) for name in names]
        return JSONResponse(await worker.do(lambda: paired_test(bench, first, second)))

    return [Route("/api/compare", together), Route("/api/compare/test", test)]
