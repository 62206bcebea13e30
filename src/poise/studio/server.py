"""Serves the studio on this machine: finds a port, says when it is ready, and ends at once when asked to."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn

from poise.errors import InvalidValueError, PortInUseError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

DEFAULT_PORT = 3000
LOOPBACK_ADDRESSES = ("127.0.0.1", "localhost", "::1")
ANY_ADDRESS = {"0.0.0.0": "192.0.2.1", "::": "2001:db8::1"}  # nosec B104  nothing is bound to it here
"""What stands for all addresses of a machine, and one of the same kind that nobody has (RFC 5737, RFC 3849)."""

MESSAGE_BYTES = 65_536
"""Longest message that a page may send over a WebSocket; a longer one ends the connection."""

TEXT_BROWSERS = {"www-browser", "w3m", "lynx", "links", "elinks"}
"""Browsers that would take over the terminal that the server runs in."""


def serve(
    app: ASGIApp,
    port: int | None,
    host: str = "127.0.0.1",
    on_ready: Callable[[str], None] = print,
    on_notice: Callable[[str], None] | None = None,
    token: str | None = None,
) -> None:
    """Serves until Ctrl-C or SIGTERM, then returns.

    Args:
        app: what `poise.studio.app.create_app` made.
        port: where to listen. ``None`` is 3000, or any free one if that is taken. 0 is any free one.
        host: an address of this machine that only this machine can reach; with a token any address of it.
        on_ready: called once with the page's address, as soon as it answers.
        on_notice: called with a sentence if 3000 was taken; by default it goes to standard error.
        token: what the application asks of every visitor; it becomes part of the page's address.

    Raises:
        PortInUseError: `port` was given, and another program listens there.
        InvalidValueError: there is no such port, this user may not use it, or the host is not this machine alone.
    """
    listener = listen(port, host, on_notice or _to_stderr, guarded=token is not None)
    with listener:
        url = address_of(listener) + ("" if token is None else f"?token={token}")
        try:
            _Server(app, lambda: on_ready(url)).run(sockets=[listener])
        except KeyboardInterrupt:  # in the moment before the server listens for it
            return


@contextmanager
def serving(app: ASGIApp, port: int | None = 0, host: str = "127.0.0.1") -> Iterator[str]:
    """Serves in a thread for as long as the block lasts; gives the page's address.

    Args:
        app: what `poise.studio.app.create_app` made.
        port: as in `serve`; any free one by default.
        host: as in `serve`.

    Raises:
        PoiseError: as `serve`.
    """
    with listen(port, host, _to_stderr) as listener:
        ready = threading.Event()
        server = _Server(app, ready.set)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="poise studio", daemon=True)
        thread.start()
        try:
            ready.wait()
            yield address_of(listener)
        finally:
            server.should_exit = True
            thread.join()


def listen(
    port: int | None,
    host: str = "127.0.0.1",
    on_notice: Callable[[str], None] = print,
    *,
    guarded: bool = False,
) -> socket.socket:
    """A socket that listens on `port`, or for ``None`` on 3000 or else on any free one.

    Args:
        port: as in `serve`.
        host: as in `serve`.
        on_notice: as in `serve`.
        guarded: the application asks for a token, so others than this machine may reach it.

    Raises:
        PoiseError: as `serve`.
    """
    if host not in LOOPBACK_ADDRESSES and not guarded:
        raise InvalidValueError(
            f"the studio answers this machine only: expected host {' or '.join(LOOPBACK_ADDRESSES)}, got {host!r}; "
            f"to reach it from another machine, forward its port (ssh -L {DEFAULT_PORT}:127.0.0.1:{DEFAULT_PORT} ...)"
        )
    if port is not None:
        if isinstance(port, bool) or not 0 <= port <= 65_535:
            raise InvalidValueError(f"a port must be a number from 1 to 65535 (0 for any free one), got {port!r}")
        return _bind(host, port)
    try:
        return _bind(host, DEFAULT_PORT)
    except PortInUseError:
        listener = _bind(host, 0)
        on_notice(f"Port {DEFAULT_PORT} is taken; using {listener.getsockname()[1]} instead.")
        return listener


def address_of(listener: socket.socket) -> str:
    """The address to type into a browser, on another machine too if it listens on all of this one's addresses."""
    host, port = listener.getsockname()[:2]
    if host in ANY_ADDRESS:
        host = _own_address(host)
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _own_address(any_address: str) -> str:
    """The address of this machine from which it would answer others, or else its name."""
    family = socket.AF_INET6 if ":" in any_address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((ANY_ADDRESS[any_address], 9))  # chooses a way there, and sends nothing
            return str(probe.getsockname()[0])
    except OSError:
        return socket.gethostname()


def open_browser_if_possible(url: str) -> bool:
    """Opens `url` in the user's browser if there is a screen; says whether it tried.

    A machine reached by ssh, a container and a build server have no screen: there the address alone must do.
    """
    if not has_screen():
        return False
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    if getattr(browser, "name", "") in TEXT_BROWSERS:
        return False
    # In a thread: some browsers return only when their window is closed.
    threading.Thread(target=browser.open, args=(url,), name="poise browser", daemon=True).start()
    return True


def has_screen() -> bool:
    """Whether windows can be opened here."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


class _Server(uvicorn.Server):
    """uvicorn, told to be quiet, to say when it is ready, and to return when it is asked to end."""

    def __init__(self, app: ASGIApp, on_ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http="h11",
                ws="websockets-sansio",
                ws_max_size=MESSAGE_BYTES,
                ws_max_queue=8,
                ws_per_message_deflate=False,
                lifespan="on",
                log_config=None,
                log_level="critical",  # the application says itself what went wrong
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=1,
                limit_concurrency=64,
            )
        )
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ends the server on Ctrl-C and SIGTERM. uvicorn would raise the signal once more after its end."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def stop(number: int, frame: FrameType | None) -> None:
            self.force_exit = self.should_exit  # the second time: at once
            self.should_exit = True

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _bind(host: str, port: int) -> socket.socket:
    # asyncio sends small messages at once (TCP_NODELAY) only where the protocol is named; otherwise a state may wait
    # 40 ms until the browser has acknowledged the one before it.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # On Windows this option lets two programs share a port; elsewhere it only spares the wait after a restart.
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(
                f"port {port} is taken by another program; give another with --port, or leave it out for a free one"
            ) from error
        raise InvalidValueError(f"cannot listen on {host}, port {port}: {error.strerror or error}") from error
    return listener


def _to_stderr(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
