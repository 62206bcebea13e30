"""The studio under test is the real one: served by uvicorn on a free port, seen by a real Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import pytest

from poise.policies.architecture import Architecture
from poise.rollouts.environments import inspect
from poise.studio.app import create_app
from poise.studio.server import serving
from poise.studio.source import Watched
from poise.types import EnvironmentSpec

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, ViewportSize

GOOD = (0.059, 0.112, 0.959, 0.253)
"""Weights that keep the pole up in every episode tried."""

PATIENCE_SECONDS = 20
"""How long a test waits for what should take a fraction of a second: a busy machine is no fault of the page."""

CHROMIUM_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
"""The last one lets no request leave the machine, whoever made it; the fixture fails a test that tried."""

Serve = Callable[[Watched], str]


@pytest.fixture(scope="session")
def cartpole() -> Watched:
    """A good linear policy for CartPole."""
    info = inspect(EnvironmentSpec("CartPole-v1"))
    architecture = Architecture("linear", info.observation, info.action)
    return Watched.from_policy(info.spec, architecture, GOOD, certificate="500.0 of 500, 1,000 fresh episodes")


@pytest.fixture
def serve_watched() -> Iterator[Serve]:
    """Serves what it is given until the test ends; returns the address."""
    with ExitStack() as servers:
        yield lambda watched: servers.enter_context(serving(create_app(watched)))


@pytest.fixture(scope="session")
def cartpole_url(cartpole: Watched) -> Iterator[str]:
    """Where the good policy is served."""
    with serving(create_app(cartpole)) as url:
        yield url


@dataclass
class OpenPage:
    """A page, and what went wrong on it.

    Attributes:
        page: Playwright's page.
        home: the address that it may talk to.
        problems: console errors, page errors and requests to elsewhere; a test that leaves any fails.
        forgiven: parts of messages that a test provokes on purpose.
    """

    page: Page
    home: str
    problems: list[str] = field(default_factory=list)
    forgiven: list[str] = field(default_factory=list)

    def on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"console {message.type}: {message.text}")

    def on_request(self, request: Request) -> None:
        if not request.url.startswith((self.home, "data:", "blob:")):
            self.problems.append(f"a request left the machine: {request.url}")

    def check(self) -> None:
        """Fails unless everything that went wrong was provoked."""
        unforgiven = [problem for problem in self.problems if not any(part in problem for part in self.forgiven)]
        assert not unforgiven, "\n".join(unforgiven)


class Open(Protocol):
    """Opens an address; see `open_page`."""

    def __call__(self, url: str, *, home: str | None = None, **options: object) -> OpenPage: ...


def find_chromium() -> str | None:
    """Path of a Chromium, if there is one: POISE_CHROMIUM, Debian's, or one on the PATH."""
    named = os.environ.get("POISE_CHROMIUM")
    if named:
        return named
    if os.path.exists("/usr/bin/chromium"):
        return "/usr/bin/chromium"
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A running browser, one a module: while it lives, Playwright's event loop runs in this thread and no other can."""
    path = find_chromium()
    if path is None:
        message = "no Chromium found; install one, or name it in POISE_CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=1_000 * PATIENCE_SECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


DESK: ViewportSize = {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def desk(chromium: Browser) -> Iterator[BrowserContext]:
    """The usual window, shared by all tests of a module: a new one each would take longer than the test."""
    context = chromium.new_context(viewport=DESK)
    yield context
    context.close()


@pytest.fixture
def open_page(chromium: Browser, desk: BrowserContext) -> Iterator[Open]:
    """Opens an address, with options of Playwright's ``new_context`` in a window apart. Checks all pages at the end."""
    opened: list[OpenPage] = []
    with ExitStack() as windows:

        def open_(url: str, *, home: str | None = None, **options: object) -> OpenPage:
            window = desk
            if options:
                window = chromium.new_context(**{"viewport": DESK, **options})  # type: ignore[arg-type]
                windows.callback(window.close)
            page = OpenPage(window.new_page(), home or url.split("?")[0])
            windows.callback(page.page.close)
            opened.append(page)
            page.page.set_default_timeout(1_000 * PATIENCE_SECONDS)
            page.page.on("console", page.on_console)
            page.page.on("pageerror", lambda error: page.problems.append(f"page error: {error}"))
            page.page.on("request", page.on_request)
            page.page.goto(url)
            return page

        yield open_
    for page in opened:
        page.check()
