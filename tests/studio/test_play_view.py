"""A person plays in a real browser: by keys, by touch, by gamepad, alone and against a policy."""

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

OVER = re.compile(r"Over after \d+ steps: a return of \d+\.0")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root: Path = tmp_path_factory.mktemp("runs")
    write_run(root, "good", means=[10, 20], weights=GOOD, result=500.0)
    with serving(create_app(runs=root, data=tmp_path_factory.mktemp("data"))) as address:
        yield address


def ready(page: Page) -> Page:
    expect(page.locator("#game-status")).to_contain_text("to begin")
    return page


def colour(page: Page, canvas: str, name: str) -> int:
    """How many pixels of a canvas have one of the page's colours."""
    found: int = page.locator(canvas).evaluate(
        """(it, name) => {
          const probe = document.createElement("canvas").getContext("2d");
          probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);
          probe.fillRect(0, 0, 1, 1);
          const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
          const { data } = it.getContext("2d").getImageData(0, 0, it.width, it.height);
          let count = 0;
          for (let i = 0; i < data.length; i += 4) {
            if (data[i] === r && data[i + 1] === g && data[i + 2] === b) count += 1;
          }
          return count;
        }""",
        name,
    )
    return found


def test_a_person_plays_a_game_to_its_end_names_it_and_watches_it(url: str, open_page: Open) -> None:
    page = open_page(f"{url}play", home=url).page
    page.get_by_role("link", name="CartPole-v1", exact=True).click()
    ready(page)
    page.keyboard.down("ArrowRight")
    expect(page.get_by_role("button", name="push right")).to_have_class(re.compile("held"))
    expect(page.locator("#game-status")).to_have_text(OVER)
    page.keyboard.up("ArrowRight")
    expect(page.locator(".pad-key.held")).to_have_count(0)
    length = int(page.locator("#game-step").inner_text().split()[1])
    expect(page.locator("#score")).to_have_text(f"{length}.0")
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("Your name").press("Enter")
    expect(page.locator(".scores .mine")).to_contain_text("Ada")
    page.get_by_role("link", name="Watch it").click()
    expect(page.locator("#policy")).to_have_text("played by Ada")
    expect(page.locator("#facts")).to_contain_text("replayed, equal to the bit")
    expect(page.locator("#facts")).to_contain_text(f"{length} of at most 500 steps")
    page.go_back()
    expect(page.locator(".scores li")).to_have_count(1)


def test_a_key_changes_nothing_on_the_page_before_its_answer_is_there(url: str, open_page: Open) -> None:
    """Otherwise the browser holds the answer back until the change is on the screen: a frame, and more."""
    page = ready(open_page(f"{url}play/CartPole-v1?seed=1", home=url).page)
    page.evaluate(
        """() => {
          window.changes = [];
          let count = 0;
          const observer = new MutationObserver((records) => { count += records.length; });
          observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
          addEventListener("keydown", () => { count = 0; }, true);
          addEventListener("keydown", () => changes.push(count));
        }"""
    )
    for key in ("ArrowRight", "ArrowLeft", "ArrowRight"):
        page.keyboard.press(key)
        page.wait_for_timeout(50)
    assert page.evaluate("changes") == [0, 0, 0]


def test_a_race_begins_together_and_says_who_wins(url: str, open_page: Open) -> None:
    page = ready(open_page(f"{url}play/CartPole-v1?seed=3", home=url).page)
    page.keyboard.press("r")
    expect(page.locator("#rival-score")).to_have_text("0.0")
    assert page.evaluate("location.search") == "?seed=3&race=good"
    ready(page)
    assert colour(page, "#stage", "person") > 50
    assert colour(page, "#rival", "agent") > 50
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#game-status")).to_contain_text("The policy gets 500.0")
    mine = float(page.locator("#score").inner_text())
    assert mine < 20
    expect(page.locator("#rival-score")).not_to_have_text(re.compile(rf"^({mine}|0\.0)$"))
    page.reload()
    ready(page)
    expect(page.locator("#rival-score")).to_have_text("0.0")
    page.keyboard.press("r")
    expect(page.locator(".rival")).to_be_hidden()


def test_touch_plays_on_a_phone(url: str, open_page: Open) -> None:
    size = {"width": 390, "height": 844}
    page = ready(open_page(f"{url}play/CartPole-v1", home=url, viewport=size, has_touch=True, is_mobile=True).page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    key = page.get_by_role("button", name="push left")
    box = key.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert box["y"] + box["height"] <= 844, "the thumbs reach it"
    key.tap()
    expect(page.locator("#game-status")).to_have_text(OVER)


def test_a_gamepad_plays(url: str, open_page: Open) -> None:
    page = ready(open_page(f"{url}play/CartPole-v1?seed=1", home=url).page)
    page.evaluate(
        """() => {
          const buttons = Array.from({ length: 16 }, () => ({ pressed: false }));
          window.pad = { connected: true, axes: [-1, 0], buttons };
          navigator.getGamepads = () => [window.pad];
          window.dispatchEvent(new Event("gamepadconnected"));
        }"""
    )
    expect(page.get_by_role("button", name="push left")).to_have_class(re.compile("held"))
    expect(page.locator("#game-status")).to_have_text(OVER)


def test_turns_wait_and_pictures_come_from_the_server(url: str, open_page: Open) -> None:
    pytest.importorskip("pygame")
    page = ready(open_page(f"{url}play/CliffWalking-v1?seed=1", home=url).page)
    painted = "it => it.getContext('2d').getImageData(it.width / 2, it.height / 2, 1, 1).data[3]"
    page.wait_for_function("() => document.getElementById('stage')")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#game-step")).to_contain_text("step 1 of")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#game-step")).to_contain_text("step 2 of")
    assert page.locator("#stage").evaluate(painted) == 255
    expect(page.locator("#game-status")).to_have_text("Your turn: each key is a step.")


def test_a_pause_rests_and_a_reload_in_the_middle_begins_the_same_game(url: str, open_page: Open) -> None:
    page = ready(open_page(f"{url}play/MountainCar-v0?seed=11&pace=0.5", home=url).page)
    page.keyboard.press("ArrowRight")
    expect(page.locator("#game-step")).to_contain_text(re.compile("step [2-9]"))
    page.keyboard.press("p")
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    before = page.locator("#game-step").inner_text()
    page.wait_for_timeout(200)
    assert page.locator("#game-step").inner_text() == before
    page.reload()
    ready(page)
    expect(page.locator("#game-step")).to_have_text("step 0 of 200 · seed 11")
    expect(page.get_by_label("Pace")).to_have_value("0.5")


def test_what_cannot_be_played_is_said(url: str, open_page: Open) -> None:
    opened = open_page(f"{url}play/Nothing-v0", home=url)
    opened.forgiven.append("400 (Bad Request)")
    expect(opened.page.get_by_role("alert")).to_contain_text("There is no environment named 'Nothing-v0'")
    opened.page.get_by_role("link", name="Play something else").click()
    expect(opened.page.locator("h1")).to_have_text("Play")
