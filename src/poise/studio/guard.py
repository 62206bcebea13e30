"""Keeps strangers out: checks who asks (Host, Origin), and tells the browser what the page may do."""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from collections.abc import Collection

COOKIE = "poise-token"

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")
"""Names under which this machine calls itself."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Sent with every answer: only our own files run, nobody may frame the page or read its data from another one."""

_HOST = re.compile(r"(.+?)(?::\d{1,5})?", re.ASCII)


class Guard:
    """ASGI middleware: refuses foreign hosts and origins, and adds `HEADERS` to every answer.

    A name that somebody else's DNS points at this machine would let their page read ours (DNS rebinding); such a
    request still carries the foreign name in ``Host``.

    Where others than this machine may ask, a token takes the place of the host's name: it stands in the address that
    the terminal prints, is kept in a cookie of that very host, and no foreign page can know or send it.

    Args:
        app: what answers those that may ask.
        allowed_hosts: names without a port; an IPv6 address in its brackets. With a token any name is answered.
        token: what the address (``?token=``) or the cookie must hold; ``None`` asks for none.
    """

    def __init__(self, app: ASGIApp, allowed_hosts: Collection[str] = LOOPBACK_HOSTS, token: str | None = None) -> None:
        self._app, self._allowed, self._token = app, {host.lower() for host in allowed_hosts}, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets one request through, or answers it with a refusal."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return

        arriving = self._token is not None and self._same(_query(scope, "token"))

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                if arriving:
                    headers["Set-Cookie"] = f"{COOKIE}={self._token}; Path=/; HttpOnly; SameSite=Strict"
            await send(message)

        headers = Headers(scope=scope)
        problem = self._problem(headers)
        if problem is None and self._token is not None and not (arriving or self._same(_cookie(headers))):
            problem = "This studio asks for its token: open the address that its terminal shows."
        if problem is None:
            await self._app(scope, receive, send_with_headers)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": problem})
        else:
            refusal = PlainTextResponse(problem, 403) if is_person(headers) else JSONResponse({"error": problem}, 403)
            await refusal(scope, receive, send_with_headers)

    def _problem(self, headers: Headers) -> str | None:
        host, origin = headers.get("host", ""), headers.get("origin")
        name = _HOST.fullmatch(host)
        if name is None or (self._token is None and name[1].lower() not in self._allowed):
            return f"This page answers on this machine only, as {' or '.join(sorted(self._allowed))}."
        if origin is not None and origin.lower() != f"http://{host.lower()}":
            return "This page answers its own requests only, not those of another page."
        return None

    def _same(self, said: str) -> bool:
        return hmac.compare_digest(said.encode(), (self._token or "").encode())


def is_person(headers: Headers) -> bool:
    """Whether a browser asks for something to read, rather than a page's script or a program for data."""
    return "text/html" in headers.get("accept", "")


def _query(scope: Scope, name: str) -> str:
    return QueryParams(scope.get("query_string", b"")).get(name, "")


def _cookie(headers: Headers) -> str:
    return cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
