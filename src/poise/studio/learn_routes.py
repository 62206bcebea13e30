"""Addresses of the crash course's experiments with CartPole.

| address | what it answers |
|---|---|
| ``/api/learn/push?state=&action=`` | the state after one push |
| ``/api/learn/tries?seed=&count=`` | random policies, each with the return of one episode |
| ``/api/learn/again?w=&seed=`` | a policy on a hundred fresh episodes |
| ``/api/learn/honest?seed=&count=`` | the winner of a second look, measured by a third |
| ``/api/learn/episode?w=&seed=`` | one episode of a policy, to be looked at |
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from poise.errors import InvalidValueError
from poise.runs.policy import Policy
from poise.studio import tinker
from poise.studio.answers import seed_of, whole_of
from poise.studio.bench import Worker
from poise.studio.learn import ENVIRONMENT, Course
from poise.studio.library import short
from poise.types import FloatArray

MOST_TRIES = 1000


def routes() -> list[BaseRoute]:
    """The addresses; they need no runs."""
    worker, course = Worker("poise course"), Course()

    async def push(request: Request) -> Response:
        state, action = _four(request, "state"), whole_of(request, "action", 0, 0, 1)
        return JSONResponse(await worker.do(lambda: course.push(state, action)))

    async def tries(request: Request) -> Response:
        seed, count = seed_of(request, 0), whole_of(request, "count", 10, 1, MOST_TRIES)
        return JSONResponse(await worker.do(lambda: course.tries(seed, count)))

    async def again(request: Request) -> Response:
        weights, seed = _four(request, "w"), seed_of(request, 0)
        return JSONResponse(await worker.do(lambda: course.again(weights, seed)))

    async def honest(request: Request) -> Response:
        seed, count = seed_of(request, 0), whole_of(request, "count", 100, 10, MOST_TRIES)
        return JSONResponse(await worker.do(lambda: course.honest(seed, count)))

    async def episode(request: Request) -> Response:
        weights, seed = _four(request, "w"), seed_of(request, 0)
        return JSONResponse(
            await worker.do(lambda: tinker.episode(Policy.create(ENVIRONMENT.id, "linear", weights), weights, seed))
        )

    return [
        Route("/api/learn/push", push),
        Route("/api/learn/tries", tries),
        Route("/api/learn/again", again),
        Route("/api/learn/honest", honest),
        Route("/api/learn/episode", episode),
    ]


def _four(request: Request, name: str) -> FloatArray:
    """Four numbers with commas between them."""
    text = request.query_params.get(name, "")
    numbers = tinker.read_numbers(text)
    if numbers.size != 4:
        raise InvalidValueError(f"Expected four numbers with commas between them for {name}, got {short(text)}.")
    return numbers
