"""How the studio reads a request and how it answers: seeds and numbers checked, and every failure put into words."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ExceptionHandler

from poise.errors import InvalidValueError, PoiseError, UnknownNameError
from poise.seeding import MAX_SEED, check_seed
from poise.studio.assets import Asset
from poise.studio.library import RunGoneError, short

_log = logging.getLogger(__name__)


def seed_of(request: Request, default: int) -> int:
    """The seed in the address.

    Raises:
        InvalidValueError: it is none.
    """
    text = request.query_params.get("seed")
    return default if text is None else parse_seed(text)


def parse_seed(text: str) -> int:
    """A seed from its text.

    Raises:
        InvalidValueError: it is none.
    """
    if not re.fullmatch(r"[0-9]{1,10}", text):
        raise InvalidValueError(f"A seed is a whole number from 0 to {MAX_SEED}; got {short(text)}.")
    return check_seed(int(text))


def run_of(request: Request) -> str | None:
    """The name of the run in the address; ``None`` for the policy that the studio was opened on."""
    return request.query_params.get("run") or None


def whole_of(request: Request, name: str, default: int, low: int, high: int) -> int:
    """A whole number in the address.

    Raises:
        InvalidValueError: it is none, or out of range.
    """
    text = request.query_params.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
        raise InvalidValueError(f"{name} is a whole number from {low:,} to {high:,}; got {short(text)}.")
    return int(text)


def choice_of(request: Request, name: str, default: str, known: Collection[str]) -> str:
    """One of several words in the address.

    Raises:
        UnknownNameError: it is none of them.
    """
    text = request.query_params.get(name, default)
    if text not in known:
        raise UnknownNameError(name, text[:40], known)
    return text


def file(asset: Asset, request: Request, status: int = 200) -> Response:
    """One of the page's own files, compressed where the browser can read that, and only if it does not have it yet."""
    headers = {"ETag": asset.tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == asset.tag:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
    content = asset.compressed if "Content-Encoding" in headers else asset.content
    return Response(content, status, headers, asset.media_type)


async def _say_http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    words = {
        404: "There is nothing at this address; the page is at /.",
        405: "This address does not take requests of this kind.",
    }
    return JSONResponse({"error": words.get(status, "The request could not be answered.")}, status)


async def _say_poise(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, _status(error))


def _status(error: Exception) -> int:
    if isinstance(error, RunGoneError):
        return 404
    return 400 if isinstance(error, InvalidValueError | UnknownNameError) else 500


async def _say_unexpected(request: Request, error: Exception) -> Response:
    _log.error("%s failed", request.url.path, exc_info=error)
    return JSONResponse({"error": f"Something unexpected went wrong ({type(error).__name__}); see the terminal."}, 500)


HANDLERS: dict[int | type[Exception], ExceptionHandler] = {
    HTTPException: _say_http,
    PoiseError: _say_poise,
    Exception: _say_unexpected,
}
"""What answers when a route raises."""
