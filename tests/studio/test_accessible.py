"""Every view, in light and in dark, is free of what axe finds to keep people out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from tests.studio.runs_by_hand import GOOD, write_run

from poise.studio.app import create_app
from poise.studio.pages import VIEWS
from poise.studio.server import serving

if TYPE_CHECKING:
    from tests.studio.conftest import Open

pytestmark = pytest.mark.browser

READY = {
    "runs": ("runs", ".run-row"),
    "run": ("runs/good", ".parameter-row"),
    "replay": ("runs/good/replay?t=60", "#facts dd"),
    "train": ("train", ".plan li"),
    "tinker": ("runs/good/tinker", ".slider-row"),
    "compare": ("compare?runs=good,bad", ".whiskers li"),
    "learn": ("learn", ".step .slider-row"),
    "play": ("play/CartPole-v1", "#score"),
    "played": ("played/nobody", "[role=alert]"),
}
"""An address of each view, and what is there once it is ready."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root: Path = tmp_path_factory.mktemp("runs")
    write_run(root, "good", means=[20, 300, 490], result=499.5, weights=GOOD)
    write_run(root, "bad", means=[20, 30], result=42.0, weights=(0, 0, 1, 0))
    write_run(root, "stopped", means=[20])
    write_run(root, "empty")
    (root / "broken").mkdir()
    (root / "broken" / "config.json").write_text("{")
    with serving(create_app(runs=root)) as address:
        yield address


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options={"preload": False}).response["violations"]
    return [f"{one['id']}: {one['help']}: {[node['target'] for node in one['nodes']][:4]}" for one in found]


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_to_keep_people_out(url: str, open_page: Open, view: str) -> None:
    address, ready = READY[view]
    opened = open_page(url + address, home=url, reduced_motion="reduce")
    opened.forgiven.append("400 (Bad Request)")  # nobody has played here
    page = opened.page
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        expect(page.locator(ready).first).to_be_visible()
        assert violations(page) == [], scheme


@pytest.mark.parametrize("address", ["runs", "runs/gone", "runs/gone/replay"])
def test_axe_finds_nothing_in_the_page_in_trouble_either(
    tmp_path_factory: pytest.TempPathFactory, open_page: Open, address: str
) -> None:
    with serving(create_app(runs=tmp_path_factory.mktemp("none"))) as home:
        opened = open_page(home + address, home=home)
        opened.forgiven.append("404 (Not Found)")
        expect(opened.page.get_by_role("status" if address == "runs" else "alert").first).not_to_be_empty()
        assert violations(opened.page) == []
        opened.page.goto("about:blank")
