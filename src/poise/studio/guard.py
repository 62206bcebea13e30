"""Keeps strangers out: checks who asks (Host, Origin), and tells the browser what the page may do."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from collections.abc import Collection

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

    Args:
        app: what answers those that may ask.
        allowed_hosts: names without a port; an IPv6 address in its brackets.
    """

    def __init__(self, app: ASGIApp, allowed_hosts: Collection[str] = LOOPBACK_HOSTS) -> None:
        self._app, self._allowed = app, {host.lower() for host in allowed_hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets one request through, or answers it with a refusal."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        problem = self._problem(Headers(scope=scope))
        if problem is None:
            await self._app(scope, receive, send_with_headers)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": problem})
        else:
            body = json.dumps({"error": problem})
            refusal = Response(body, status_code=403, media_type="application/json")
            await refusal(scope, receive, send_with_headers)

    def _problem(self, headers: Headers) -> str | None:
        host, origin = headers.get("host", ""), headers.get("origin")
        name = _HOST.fullmatch(host)
        if name is None or name[1].lower() not in self._allowed:
            return f"This page answers on this machine only, as {' or '.join(sorted(self._allowed))}."
        if origin is not None and origin.lower() != f"http://{host.lower()}":
            return "This page answers its own requests only, not those of another page."
        return None
