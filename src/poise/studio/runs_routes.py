"""Addresses of the list of runs and of one run, as plain data.

| address | what it answers |
|---|---|
| ``/api/runs`` | a page of the list; ``?env=&state=&text=`` filter it, ``?sort=&order=`` sort it, ``?page=`` turns it |
| ``/api/run?run=`` | one run: its row in the list, its configuration, its evaluation |
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from poise.runs.files import read_json
from poise.studio.answers import choice_of, run_of, whole_of
from poise.studio.library import Library, RunGoneError
from poise.studio.run_index import RunIndex, RunRow
from poise.types import Json

PAGE_ROWS = 50

READING_SECONDS = 0.15
"""How long a page of the list waits for runs that have not been read yet; the page asks again for the rest."""

ORDERS = ("asc", "desc")

STATES = ("", "running", "finished", "stopped", "empty", "kept", "broken")

SORTS: dict[str, Callable[[RunRow], Any]] = {
    "changed": lambda row: row.changed,
    "env": lambda row: row.env.casefold(),
    "how": lambda row: row.how.casefold(),
    # Runs without a result come last in both orders: see `_sorted`.
    "result": lambda row: None if row.result is None else row.result["mean"],
    "steps": lambda row: row.steps,
}
"""What the list can be sorted by."""


def routes(library: Library) -> list[BaseRoute]:
    """The addresses, for the runs of a library. They are plain functions: Starlette runs them in threads."""

    def runs(request: Request) -> Response:
        index = library.index
        rows, unread = ([], 0) if index is None else index.look(READING_SECONDS)
        return JSONResponse({**listing(rows, index, request, library.runs), "unread": unread})

    def run(request: Request) -> Response:
        name = run_of(request) or ""
        directory = library.directory(name)
        row = None if library.index is None else library.index.row(name)
        if row is None:
            raise RunGoneError(f"{name} is no run: expected a folder with a config.json.")
        return JSONResponse({**row.to_json(), "path": str(directory), **_files(directory, row)})

    return [Route("/api/runs", runs), Route("/api/run", run)]


def listing(rows: list[RunRow], index: RunIndex | None, request: Request, root: Path | None) -> Json:
    """One page of the list, and what one must know of the rest of it."""
    sort = choice_of(request, "sort", "changed", SORTS)
    order = choice_of(request, "order", "desc", ORDERS)
    state = choice_of(request, "state", "", STATES)
    env, text = request.query_params.get("env", ""), request.query_params.get("text", "").casefold()
    chosen = [
        row
        for row in rows
        if (not env or row.env == env)
        and (not state or row.state == state)
        and (not text or text in f"{row.id} {row.env} {row.how}".casefold())
    ]
    pages = max(1, -(-len(chosen) // PAGE_ROWS))
    page = min(whole_of(request, "page", 1, 1, 1_000_000), pages)
    shown = _sorted(chosen, SORTS[sort], order == "desc")[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
    return {
        "rows": [{**row.to_json(), "curve": index.curve(row.id) if index else []} for row in shown],
        "page": page,
        "pages": pages,
        "matching": len(chosen),
        "total": len(rows),
        "envs": sorted({row.env for row in rows if row.env}),
        "running": sum(row.state == "running" for row in rows),
        "folder": None if root is None else str(root),
        "now": time.time(),
    }


def _sorted(rows: list[RunRow], key: Callable[[RunRow], Any], descending: bool) -> list[RunRow]:
    named = sorted(rows, key=lambda row: row.id)  # equal keys stand in the order of their names
    known = sorted((row for row in named if key(row) is not None), key=key, reverse=descending)
    return known + [row for row in named if key(row) is None]


def _files(directory: Path, row: RunRow) -> dict[str, Json]:
    """What the run's own files say, where they can be read."""
    config = {} if row.state in ("broken", "kept") else read_json(directory / "config.json")
    account = directory / "evaluation.json"
    return {
        "config": config.get("train"),
        "account": read_json(account) if row.state == "finished" and account.exists() else None,
        "hasPolicy": (directory / "policy.json").is_file(),
    }
