"""The shell around the views: every view within reach on a phone, one link marked, and the first paint soon."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.studio.runs_by_hand import GOOD, write_run

from poise.studio.app import create_app
from poise.studio.server import serving

if TYPE_CHECKING:
    from tests.studio.conftest import Open

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root: Path = tmp_path_factory.mktemp("runs")
    write_run(root, "good", means=[20, 300], weights=GOOD)
    with serving(create_app(runs=root)) as address:
        yield address


@pytest.mark.parametrize("width", [360, 390])
def test_every_view_is_within_reach_on_a_phone(url: str, open_page: Open, width: int) -> None:
    page = open_page(url, viewport={"width": width, "height": 740}).page
    boxes = page.locator("#nav a").evaluate_all("links => links.map(link => link.getBoundingClientRect().toJSON())")
    theme = page.locator("#theme").bounding_box()
    assert theme is not None
    assert all(box["left"] >= 0 and box["right"] <= theme["x"] + 1 for box in boxes)
    assert all(box["height"] >= 40 for box in boxes)


def test_the_keyboard_jumps_over_the_navigation_and_leads_through_it(url: str, open_page: Open) -> None:
    page = open_page(url).page
    expect(page.locator(".run-row")).to_have_count(1)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#view")).to_be_focused()
    page.get_by_role("link", name="Learn").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_title("Learn · poise")
    expect(page.locator("#nav [aria-current=page]")).to_have_text("Learn")
    expect(page.locator("#view")).to_be_focused()


def test_what_is_no_view_is_said_with_a_way_on(url: str, open_page: Open) -> None:
    opened = open_page(f"{url}runs", home=url)
    page = opened.page
    page.evaluate("history.pushState(null, '', '/nothing'); dispatchEvent(new PopStateEvent('popstate'))")
    expect(page.get_by_role("alert")).to_have_text("The studio has no page at this address.")
    page.get_by_role("link", name="All runs").click()
    expect(page.locator(".run-row")).to_have_count(1)


@pytest.mark.parametrize("address", ["etc/passwd", "run", "%2e%2e/%2e%2e/etc/passwd", "api/nothing"])
def test_an_address_without_a_page_is_said_in_the_page(url: str, open_page: Open, address: str) -> None:
    opened = open_page(url, home=url)
    page = opened.page
    opened.forgiven.append("404 (Not Found)")
    answer = page.goto(url + address)
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("alert")).to_have_text("The studio has no page at this address.")
    page.get_by_role("link", name="All runs").click()
    expect(page.locator(".run-row")).to_have_count(1)
