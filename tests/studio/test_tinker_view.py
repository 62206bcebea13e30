"""A person turns a policy's numbers in a real browser, and sees at once what comes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect
from tests.studio.runs_by_hand import GOOD, write_run

from poise.studio.app import create_app
from poise.studio.server import serving

if TYPE_CHECKING:
    from tests.studio.conftest import Open

pytestmark = pytest.mark.browser

COMPILING_MILLISECONDS = 120_000
"""How long the first mean may take where its kernel is compiled first."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root: Path = tmp_path_factory.mktemp("runs")
    write_run(root, "good", means=[20], weights=GOOD)
    write_run(root, "lake", env="FrozenLake-v1", means=[0], weights=(0.0,) * 64)
    with serving(create_app(runs=root)) as address:
        yield address


@pytest.fixture
def tinker(url: str, open_page: Open) -> Page:
    page = open_page(f"{url}runs/good/tinker", home=url).page
    expect(page.locator(".figure")).to_have_text("500.0 [500.0, 500.0]", timeout=COMPILING_MILLISECONDS)
    return page


def test_sliding_a_weight_makes_the_score_fall_and_reset_brings_it_back(tinker: Page) -> None:
    expect(tinker.locator(".player-caption")).to_contain_text("of 500")
    slider = tinker.get_by_role("slider", name="pole angle")
    slider.focus()
    for _ in range(3):
        tinker.keyboard.press("PageDown")
    slider.fill("-1")
    expect(tinker.locator(".player-caption")).not_to_contain_text("of 500")
    expect(tinker.locator(".figure")).to_have_text(re.compile(r"^\d\d?\.\d+ \["))
    expect(tinker.get_by_label("pole angle, typed")).to_have_value("-1.00")
    heat = tinker.get_by_role("img", name=re.compile("Mean return over pole angle and pole angular velocity"))
    expect(heat).to_have_accessible_name(re.compile("the policy stands at −1.00 and 0.25"))
    tinker.get_by_role("button", name="Reset").click()
    expect(tinker.locator(".figure")).to_have_text("500.0 [500.0, 500.0]")


def test_dragging_over_the_map_moves_two_numbers(tinker: Page) -> None:
    expect(tinker.locator(".tinker-map .hint")).to_contain_text("Drag the ring")
    box = tinker.locator(".heat").bounding_box()
    assert box is not None
    tinker.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.3 * box["height"])
    tinker.mouse.down()
    tinker.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.8 * box["height"], steps=5)
    tinker.mouse.up()
    for name in ("pole angle", "pole angular velocity"):
        assert float(tinker.get_by_role("slider", name=name, exact=True).input_value()) < 0
    expect(tinker.locator(".figure")).not_to_have_text("500.0 [500.0, 500.0]")
    tinker.get_by_label("Number that grows to the right").select_option("pole angular velocity")  # swaps the two
    expect(tinker.get_by_label("Number that grows upwards")).to_have_value("2")


def test_on_a_very_large_screen_the_map_has_large_words_and_follows_the_pointer(url: str, open_page: Open) -> None:
    page = open_page(f"{url}runs/good/tinker", home=url, viewport={"width": 3840, "height": 2160}).page
    expect(page.locator(".tinker-map .hint")).to_contain_text("Drag the ring", timeout=COMPILING_MILLISECONDS)
    box = page.locator(".heat").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"])
    # The map's margins, 52 and 12 across and 8 and 40 down, are in units of the page's text.
    unit = page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize) / 16")
    assert unit > 1.5
    across = (0.75 * box["width"] - 52 * unit) / (box["width"] - 64 * unit) * 2 - 1
    up = 1 - (0.25 * box["height"] - 8 * unit) / (box["height"] - 48 * unit) * 2
    for share, name in ((across, "pole angle"), (up, "pole angular velocity")):
        slider = page.get_by_role("slider", name=name, exact=True)
        assert float(slider.input_value()) / float(slider.get_attribute("max") or 0) == pytest.approx(share, abs=0.03)


def test_typed_numbers_are_in_the_link_and_the_link_shows_them(tinker: Page) -> None:
    tinker.get_by_label("cart position, typed").fill("12,5")
    tinker.keyboard.press("Enter")
    expect(tinker).to_have_url(re.compile(r"w=12\.5,0\.112,0\.959,0\.253&seed=0$"))
    tinker.reload()
    expect(tinker.get_by_label("cart position, typed")).to_have_value("12.500")
    tinker.get_by_label("cart position, typed").fill("nonsense")
    tinker.keyboard.press("Enter")
    expect(tinker.get_by_label("cart position, typed")).to_have_value("12.500")


def test_a_tinkered_policy_is_kept_and_can_be_watched(tinker: Page) -> None:
    tinker.get_by_role("button", name="Keep as a new policy").click()
    tinker.locator(".tinker-tools a").click()
    expect(tinker.locator("#facts")).to_contain_text("500 of at most 500 steps")
    tinker.get_by_role("link", name="Progress").click()
    expect(tinker.locator(".run-status")).to_contain_text("made by hand")


def test_a_link_with_too_few_weights_says_so_and_offers_the_policy(url: str, open_page: Open) -> None:
    opened = open_page(f"{url}runs/good/tinker?w=1,2,3", home=url)
    opened.forgiven.append("400 (Bad Request)")
    expect(opened.page.get_by_role("alert")).to_have_text("This policy has 4 numbers, and the link has 3.")
    opened.page.get_by_role("link", name="Show the policy as it is").click()
    expect(opened.page.get_by_role("slider")).to_have_count(4)


def test_a_policy_with_too_many_numbers_says_so(url: str, open_page: Open) -> None:
    opened = open_page(f"{url}runs/lake/tinker", home=url)
    opened.forgiven.append("400 (Bad Request)")
    expect(opened.page.get_by_role("alert")).to_contain_text("64 numbers, too many to turn by hand")


def test_it_fits_a_phone(url: str, open_page: Open) -> None:
    page = open_page(f"{url}runs/good/tinker", home=url, viewport={"width": 360, "height": 740}).page
    expect(page.locator(".figure")).to_contain_text("[")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
