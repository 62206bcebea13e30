"""The page in a real browser: the pole moves, the controls obey, and nothing but its own server is asked.

The fixture `open_page` fails a test on any console error, page error or request that leaves the machine.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from tests.studio.conftest import Open

pytestmark = pytest.mark.browser

PATIENCE = 20.0
"""Seconds to wait for what should take a fraction of one: a busy machine is no fault of the page."""


def _until(ready: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < end, f"waited {PATIENCE} s for {what}"
        time.sleep(0.05)


def _picture(page: Page) -> str:
    picture: str = page.locator("#stage").evaluate("canvas => canvas.toDataURL()")
    return picture


def _step(page: Page) -> str:
    return page.locator("#readout-step").inner_text()


def _pause(page: Page) -> None:
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Play", exact=True).wait_for()


def test_the_pole_moves_by_itself(cartpole_url: str, open_page: Open) -> None:
    page = open_page(cartpole_url).page
    first, step = _picture(page), _step(page)
    _until(lambda: _picture(page) != first, "another picture")
    _until(lambda: _step(page) != step, "another step")
    assert "CartPole-v1" in page.locator("h1").inner_text()


def test_paused_it_rests_and_played_it_goes_on(cartpole_url: str, open_page: Open) -> None:
    page = open_page(cartpole_url).page
    _pause(page)
    rest, step = _picture(page), _step(page)
    time.sleep(0.5)
    assert (_picture(page), _step(page)) == (rest, step)
    page.get_by_role("button", name="Play", exact=True).click()
    _until(lambda: _step(page) != step, "another step")


def test_scrubbing_shows_another_moment(cartpole_url: str, open_page: Open) -> None:
    page = open_page(cartpole_url).page
    _pause(page)
    pictures = set()
    for step in ("0", "120", "400"):
        page.locator("#scrub").fill(step)
        _until(lambda step=step: _step(page).startswith(f"step {step} of"), f"step {step}")  # type: ignore[misc]
        pictures.add(_picture(page))
    assert len(pictures) == 3


def test_the_data_are_the_recorded_observations(cartpole_url: str, open_page: Open) -> None:
    page = open_page(cartpole_url).page
    states = json.loads(page.evaluate("fetch('/data').then(answer => answer.text())"))
    assert len(states) == 501
    assert all(len(state) == 4 for state in states)


@pytest.mark.parametrize("width", [360, 390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_its_window_in_light_and_dark(cartpole_url: str, open_page: Open, width: int, scheme: str) -> None:
    page = open_page(cartpole_url, viewport={"width": width, "height": 844}, color_scheme=scheme).page
    _until(lambda: page.locator("#stage").bounding_box() is not None, "the stage")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(int(part) for part in background.removeprefix("rgb(").rstrip(")").split(",")[:3])
    assert (brightness > 382) == (scheme == "light")


def test_a_seed_in_the_address_is_the_episode_shown(cartpole_url: str, open_page: Open) -> None:
    one, two = (open_page(f"{cartpole_url}?seed={seed}&t=0", home=cartpole_url).page for seed in (1, 2))
    for page in (one, two):
        _until(lambda page=page: _step(page).startswith("step 0 of"), "the first step")  # type: ignore[misc]
    assert _picture(one) != _picture(two)
