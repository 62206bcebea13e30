"""The crash course in a real browser: every step answers the hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from poise.studio.app import create_app
from poise.studio.server import serving

if TYPE_CHECKING:
    from tests.studio.conftest import Open

pytestmark = pytest.mark.browser

COMPILING_MILLISECONDS = 120_000
"""How long the first random policies may take where the kernel is compiled first."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(create_app()) as address:
        yield address


@pytest.fixture
def course(url: str, open_page: Open) -> Page:
    page = open_page(f"{url}learn", home=url).page
    expect(page.locator("h1")).to_have_text("How a machine learns to balance a pole")
    return page


def step(page: Page, number: int) -> str:
    return f"section[aria-labelledby=step-{number}]"


def test_taking_the_pole_changes_the_four_numbers_and_the_sum(course: Page) -> None:
    sums = course.locator(f"{step(course, 4)} .amount")
    expect(sums.last).to_have_text("+0.0590")  # the tutorial's worked example
    expect(course.locator(f"{step(course, 4)} .decision")).to_have_text("→ above 0: push right")
    cart = course.locator(f"{step(course, 1)} canvas")
    box = cart.bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2
    course.mouse.move(middle + 10, box["y"] + 60)
    course.mouse.down()
    course.mouse.move(middle - 60, box["y"] + 60, steps=4)
    course.mouse.up()
    angle = course.get_by_role("slider", name="pole angle", exact=True)
    assert float(angle.input_value()) < -0.1
    expect(course.locator(f"{step(course, 4)} .decision")).to_have_text("← not above 0: push left")
    angle.fill("0.1")
    expect(cart).to_have_accessible_name(re.compile("pole angle 0.10 rad"))


def test_a_push_moves_the_cart_by_the_environments_physics(course: Page) -> None:
    place = course.locator(step(course, 2))
    place.get_by_role("button", name="Push right").click()
    expect(place.get_by_role("status")).to_have_text(
        "A fiftieth of a second later the pole leans 0.201 rad and tips at −0.17 rad/s."
    )
    expect(place.locator(".readings")).to_contain_text("0.201 rad")


def test_policies_play_and_the_best_of_ten_is_shown(course: Page) -> None:
    reward = course.locator(step(course, 3))
    reward.get_by_role("button", name="Only push left").click()
    expect(reward.locator(".player-caption")).to_contain_text(re.compile(r"of (8|9|10)\b"))
    search = course.locator(step(course, 5))
    search.get_by_role("button", name="Try ten random policies").click()
    expect(search.locator(".dot")).to_have_count(10, timeout=COMPILING_MILLISECONDS)
    search.get_by_role("button", name="Try ten random policies").click()
    expect(search.locator(".dot")).to_have_count(20)
    expect(search.get_by_role("status")).to_contain_text("Returns of 20 random policies")
    expect(search.locator(".player-caption")).to_contain_text("return")


def test_the_best_of_a_hundred_is_tried_again_and_chosen_more_carefully(course: Page) -> None:
    luck = course.locator(step(course, 6))
    luck.get_by_role("button", name="Best of a hundred").click()
    expect(luck.locator(".dots")).to_have_count(1, timeout=COMPILING_MILLISECONDS)
    luck.get_by_role("button", name="Try it again on 100 games").click()
    expect(luck.locator(".dots")).to_have_count(2)
    luck.get_by_role("button", name="Choose more carefully").click()
    expect(luck.locator(".dots")).to_have_count(3)
    expect(luck.locator(".luck")).to_contain_text("their winner has")
    expect(luck.get_by_role("link", name="train CartPole")).to_be_visible()


def test_it_fits_a_phone(url: str, open_page: Open) -> None:
    page = open_page(f"{url}learn", home=url, viewport={"width": 360, "height": 740}).page
    expect(page.locator(".step")).to_have_count(6)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
