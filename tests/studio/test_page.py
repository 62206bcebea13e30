"""The page in a real browser, control by control: it obeys, it can be read and sent, and it says what went wrong."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from poise.errors import EnvironmentFailureError
from poise.policies.architecture import Architecture
from poise.rollouts.environments import inspect
from poise.rollouts.recording import Recording
from poise.studio.app import create_app
from poise.studio.episodes import play
from poise.studio.server import serving
from poise.studio.source import Watched
from poise.types import EnvironmentSpec

if TYPE_CHECKING:
    from tests.studio.conftest import Open, Serve

    ServeWeights = Callable[[str, tuple[float, ...]], str]

pytestmark = pytest.mark.browser

PATIENCE = 20.0
"""Seconds to wait for what should take a fraction of one: a busy machine is no fault of the page."""

STEP = re.compile(r"step ([\d,]+) of ([\d,]+)")

# The pole by its colour: the mean place of its pixels near its tip and near its foot give its angle.
POLE = """() => {
  const stage = document.getElementById("stage");
  const { width, height } = stage;
  const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(stage, 0, 0);
  const pixels = copy.getImageData(0, 0, width, height).data;
  const [r, g, b] = getComputedStyle(document.documentElement).getPropertyValue("--agent").match(/\\d+/g).map(Number);
  const found = [];
  for (let y = 0; y < height * 0.66; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const i = 4 * (y * width + x);
      const far = Math.abs(pixels[i] - r) + Math.abs(pixels[i + 1] - g) + Math.abs(pixels[i + 2] - b);
      if (far < 12 && pixels[i + 3] === 255) found.push([x, y]);
    }
  }
  const top = Math.min(...found.map(([, y]) => y));
  const bottom = Math.max(...found.map(([, y]) => y));
  const mean = (from, to) => {
    const some = found.filter(([, y]) => y >= top + from * (bottom - top) && y < top + to * (bottom - top));
    return [0, 1].map((axis) => some.reduce((sum, point) => sum + point[axis], 0) / some.length);
  };
  const [upper, lower] = [mean(0.1, 0.3), mean(0.7, 0.9)];
  return { angle: Math.atan2(upper[0] - lower[0], lower[1] - upper[1]), foot: lower[0] / width };
}"""


def step_of(page: Page) -> int:
    found = STEP.match(page.locator("#readout-step").inner_text())
    return int(found[1].replace(",", "")) if found else -1


def address(page: Page) -> str:
    found: str = page.evaluate("location.search")
    return found


def until(ready: Callable[[], bool], what: str) -> None:
    """Waits without Playwright's own polling, which would need a looser content security policy."""
    end = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < end, f"waited {PATIENCE} s for {what}"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def serve_weights() -> Iterator[ServeWeights]:
    """Serves a linear policy for any environment by its weights; returns the address."""
    with ExitStack() as servers:

        def serve(environment: str, weights: tuple[float, ...]) -> str:
            info = inspect(EnvironmentSpec(environment))
            architecture = Architecture("linear", info.observation, info.action)
            return servers.enter_context(serving(create_app(Watched.from_policy(info.spec, architecture, weights))))

        yield serve


@pytest.fixture
def still(cartpole_url: str, open_page: Open) -> Page:
    """The page at rest on step 100 of the episode of seed 8."""
    page = open_page(f"{cartpole_url}?seed=8&t=100").page
    expect(page.locator("#readout-step")).to_have_text("step 100 of 500")
    return page


def test_the_pole_stands_as_it_was_observed(serve_weights: ServeWeights, open_page: Open) -> None:
    page = open_page(f"{serve_weights('CartPole-v1', (0.0, 0.0, 0.0, 1.0))}?seed=3&t=0").page
    expect(page.locator("#facts")).to_contain_text("steps")
    observations: list[list[float]] = page.evaluate("fetch('/data?seed=3').then(answer => answer.json())")
    whole = [step for step, (position, *_) in enumerate(observations[:-1]) if abs(position) < 2]  # not over the edge
    for step in whole[:: len(whole) // 6]:
        page.locator("#scrub").fill(str(step))
        drawn = page.evaluate(POLE)
        assert drawn["angle"] == pytest.approx(observations[step][2], abs=0.012), step
        assert (drawn["foot"] - 0.5) * 4.8 == pytest.approx(observations[step][0], abs=0.08), step


def test_the_buttons_move_the_cursor(still: Page) -> None:
    for name, step in [
        ("One step forward", 101),
        ("One step back", 100),
        ("One step back", 99),
        ("To the end", 500),
        ("To the start", 0),
    ]:
        still.get_by_role("button", name=name).click()
        assert step_of(still) == step, name
    expect(still.locator("#readout-return")).to_have_text("return 0.0")


def test_the_keyboard_alone_suffices(still: Page) -> None:
    for key, step in [
        ("ArrowRight", 101),
        ("ArrowLeft", 100),
        ("Shift+ArrowRight", 110),
        ("Shift+ArrowLeft", 100),
        ("End", 500),
        ("ArrowRight", 500),
        ("Home", 0),
        ("ArrowLeft", 0),
    ]:
        still.keyboard.press(key)
        assert step_of(still) == step, key
    still.keyboard.press("]")
    expect(still.get_by_role("radio", name="2×")).to_be_checked()
    for _ in range(5):
        still.keyboard.press("[")
    expect(still.get_by_role("radio", name="¼×")).to_be_checked()
    still.keyboard.press("l")
    expect(still.get_by_role("button", name="Loop")).to_have_attribute("aria-pressed", "false")
    still.keyboard.press("Space")
    expect(still.get_by_role("button", name="Pause")).to_be_visible()
    still.keyboard.press("Space")
    expect(still.get_by_role("button", name="Play", exact=True)).to_be_visible()
    still.keyboard.press("?")
    expect(still.get_by_role("dialog")).to_be_visible()
    still.keyboard.press("Escape")
    expect(still.get_by_role("dialog")).to_be_hidden()
    still.keyboard.press("n")
    expect(still.locator("#seed")).to_have_value("9")


def test_keys_are_not_taken_from_a_field(still: Page) -> None:
    field = still.get_by_label("Seed")
    field.fill("12")
    for key in ("ArrowLeft", "Home", "n", "Space"):
        field.press(key)
    assert field.input_value() == "n 12"
    assert step_of(still) == 100


def test_space_plays_and_arrows_step_after_a_speed_was_picked(still: Page) -> None:
    still.get_by_text("2×", exact=True).click()
    expect(still.get_by_role("radio", name="2×")).to_be_checked()
    still.keyboard.press("ArrowRight")
    expect(still.locator("#scrub")).to_have_value("101")
    still.keyboard.press("Space")
    expect(still.get_by_role("button", name="Pause")).to_be_visible()


def test_a_key_finds_the_page_however_soon_it_comes_after_a_speed(still: Page) -> None:
    still.evaluate("window.requestAnimationFrame = () => 0")  # a page that is too busy to draw
    still.get_by_text("4×", exact=True).click()
    assert still.evaluate("document.activeElement.tagName") == "BODY"


def test_space_plays_after_the_slider_was_used(still: Page) -> None:
    still.locator("#scrub").focus()
    still.keyboard.press("ArrowRight")
    assert step_of(still) == 101
    still.keyboard.press("Space")
    expect(still.get_by_role("button", name="Pause")).to_be_visible()


def test_every_control_shows_that_it_has_the_focus(still: Page) -> None:
    outlines: dict[str, str] = {}
    for _ in range(32):
        still.keyboard.press("Tab")
        name, outline = still.evaluate(
            """() => {
              const it = document.activeElement;
              const seen = it.type === "radio" ? it.nextElementSibling : it;
              return [it.id || it.className || it.tagName, getComputedStyle(seen).outlineStyle];
            }"""
        )
        outlines[name] = outline
    outlines.pop("BODY", None)  # between the last control and the first
    wanted = {"brand", "help-open", "theme", "play", "speed-1", "loop", "scrub", "seed", "next-seed", "term"}
    assert wanted <= set(outlines)
    assert set(outlines.values()) == {"solid"}


def test_dragging_over_a_trace_moves_everything_at_once(still: Page) -> None:
    plot = still.locator(".row-plot").nth(2).bounding_box()
    assert plot is not None
    still.mouse.move(plot["x"] + 0.2 * plot["width"], plot["y"] + 10)
    still.mouse.down()
    still.mouse.move(plot["x"] + 0.5 * plot["width"], plot["y"] + 40, steps=4)
    still.mouse.up()
    step = step_of(still)
    assert step == pytest.approx(250, abs=1)
    assert still.locator("#scrub").input_value() == str(step)
    cursor = still.locator(".cursor").bounding_box()
    assert cursor is not None
    assert cursor["x"] == pytest.approx(plot["x"] + 0.5 * plot["width"], abs=2)
    seen = still.evaluate("fetch('/data?seed=8').then(answer => answer.json())")[step]
    shown = still.locator(".row-value").first.inner_text()
    assert float(shown.removesuffix(" m").replace("−", "-")) == pytest.approx(seen[0], abs=0.001)


def test_speed_changes_the_pace(still: Page) -> None:
    # Measured in the page, by its own clock: this test's process may have to wait for its turn.
    measure = """() => new Promise((resolve) => {
      const at = () => Number(document.getElementById("scrub").value);
      const [from, begun] = [at(), performance.now()];
      setTimeout(() => resolve((at() - from) / (performance.now() - begun) * 1000), 500);
    })"""
    paces = []
    for speed in ("¼×", "2×"):
        still.get_by_text(speed, exact=True).click()
        still.keyboard.press("Home")
        still.keyboard.press("Space")
        paces.append(still.evaluate(measure))
        still.keyboard.press("Space")
    assert paces[0] == pytest.approx(12.5, rel=0.35)
    assert paces[1] / paces[0] == pytest.approx(8, rel=0.5)


def test_a_loop_begins_again_and_no_loop_rests_at_the_end(serve_weights: ServeWeights, open_page: Open) -> None:
    page = open_page(f"{serve_weights('CartPole-v1', (0.0, 0.0, 0.0, -1.0))}?seed=3&t=0").page
    page.get_by_text("4×", exact=True).click()
    page.keyboard.press("l")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    until(lambda: step_of(page) > 0, "the end")
    length = step_of(page)
    assert page.locator("#readout-step").inner_text() == f"step {length} of {length}"
    expect(page.locator("#facts")).to_contain_text("the pole fell")
    page.keyboard.press("l")
    page.keyboard.press("Space")
    seen: set[int] = set()

    def began_again() -> bool:
        seen.add(step_of(page))
        return length in seen and step_of(page) < length

    until(began_again, "the start after the end")


def test_the_why_bars_add_up_to_the_action(still: Page) -> None:
    for _ in range(4):
        amounts = [float(text.replace("−", "-")) for text in still.locator(".amount").all_inner_texts()]
        assert sum(amounts[:4]) == pytest.approx(amounts[4], abs=2.1e-4)
        assert still.locator(".decision").inner_text() == ("→ push right" if amounts[4] > 0 else "← push left")
        still.keyboard.press("ArrowRight")


def test_a_network_is_explained_by_gradient_times_input(serve_watched: Serve, open_page: Open) -> None:
    info = inspect(EnvironmentSpec("Acrobot-v1"))
    network = Architecture("mlp:4", info.observation, info.action)
    watched = Watched.from_policy(info.spec, network, np.random.default_rng(0).normal(size=network.parameter_count))
    episode = play(watched.record, 3).to_json(watched)
    page = open_page(f"{serve_watched(watched)}?seed=3&t=5").page
    expect(page.locator("#why")).to_contain_text("Gradient × input")
    for output, name in enumerate(watched.action_names):
        page.locator("#why-output").select_option(name)
        shown = [float(text.replace("−", "-")) for text in page.locator("#why .amount").all_inner_texts()]
        assert shown == pytest.approx(episode["attribution"]["products"][5][output], abs=5.1e-4)
        expect(page.locator("#why-result")).to_contain_text(f"Output “{name}”")
    page.locator("#why-output").select_option("the action taken")
    taken = watched.action_names[int(episode["actions"][5][0])]
    expect(page.locator("#why-result")).to_contain_text(f"Output “{taken}”")


def test_a_network_that_sees_many_numbers_is_explained_by_those_that_count_most(
    serve_watched: Serve, open_page: Open
) -> None:
    info = inspect(EnvironmentSpec("HalfCheetah-v5", max_episode_steps=20))
    network = Architecture("mlp:4", info.observation, info.action)
    watched = Watched.from_policy(info.spec, network, np.random.default_rng(0).normal(size=network.parameter_count))
    episode = play(watched.record, 3).to_json(watched)
    page = open_page(f"{serve_watched(watched)}?seed=3&t=5").page
    expect(page.locator("#why")).to_contain_text("count most in this episode")
    rows = page.locator("#why .why-rows > *")
    assert rows.count() == 12
    for row, name in zip(rows.all_inner_texts(), episode["attribution"]["names"], strict=True):
        assert row.startswith(name)
        value = episode["observations"][5][episode["featureNames"].index(name)]
        assert float(row.split("\n")[-1].replace("−", "-")) == pytest.approx(value, abs=0.06)


@pytest.mark.parametrize(("env", "kind"), [("Pendulum-v1", "quadratic"), ("Acrobot-v1", "linear+bias")])
def test_a_long_sum_is_opened_up_too(serve_watched: Serve, open_page: Open, env: str, kind: str) -> None:
    info = inspect(EnvironmentSpec(env))
    architecture = Architecture(kind, info.observation, info.action)
    numbers = np.random.default_rng(0).normal(size=architecture.parameter_count)
    watched = Watched.from_policy(info.spec, architecture, numbers)
    page = open_page(f"{serve_watched(watched)}?seed=3&t=5").page
    expect(page.locator("#why")).to_contain_text("The bars add up to the output.")
    rows = page.locator("#why .why-rows").last.locator(".amount")
    amounts = [float(text.replace("−", "-")) for text in rows.all_inner_texts()]
    assert sum(amounts[:-1]) == pytest.approx(amounts[-1], abs=1e-2)
    words = page.locator("#why-result").inner_text().replace("−", "-")
    assert float(words.split(": ")[1].split(". ")[0]) == pytest.approx(amounts[-1], abs=1e-2)


def test_of_a_table_the_row_that_decides_is_shown(serve_watched: Serve, open_page: Open) -> None:
    info = inspect(EnvironmentSpec("Blackjack-v1"))
    table = Architecture("table", info.observation, info.action)
    watched = Watched.from_policy(info.spec, table, np.random.default_rng(0).normal(size=table.parameter_count))
    parts = play(watched.record, 3).to_json(watched)["attribution"]
    page = open_page(f"{serve_watched(watched)}?seed=3&t=0").page
    expect(page.locator("#why")).to_contain_text("The row of the table for what is seen")
    rows = page.locator("#why .why-rows .amount").all_inner_texts()
    amounts = [float(text.replace("−", "-")) for text in rows]
    assert amounts[:-1] == pytest.approx(parts["products"][0][0], abs=5.1e-4)
    assert amounts[-1] == pytest.approx(parts["outputs"][0][0], abs=5.1e-4)


def test_hovering_a_bar_lights_its_trace(still: Page) -> None:
    still.locator(".why-row").nth(2).hover()
    expect(still.locator(".row.lit .row-name")).to_have_text("pole angle")


def test_a_moment_survives_a_reload(still: Page) -> None:
    still.keyboard.press("Shift+ArrowRight")
    until(lambda: "seed=8&t=110" in address(still), "the address to follow")
    still.reload()
    expect(still.locator("#readout-step")).to_have_text("step 110 of 500")
    expect(still.get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_back_leads_to_the_episode_before(still: Page) -> None:
    still.get_by_role("button", name="New episode").click()
    expect(still.locator("#seed")).to_have_value("9")
    still.get_by_label("Seed").fill("77")
    still.get_by_label("Seed").press("Enter")
    until(lambda: "seed=77" in address(still), "the address of the typed seed")
    still.go_back()
    expect(still.locator("#seed")).to_have_value("9")
    still.go_back()
    expect(still.locator("#seed")).to_have_value("8")
    expect(still.locator("#readout-step")).to_have_text("step 100 of 500")


def test_a_bad_seed_is_told_beside_its_field(cartpole_url: str, open_page: Open) -> None:
    opened = open_page(f"{cartpole_url}?t=5")
    opened.forgiven.append("400 (Bad Request)")
    problem = opened.page.locator("#seed-problem")
    opened.page.get_by_label("Seed").fill("seven")
    opened.page.get_by_role("button", name="Show").click()
    expect(problem).to_have_text("A seed is a whole number from 0 to 4294967295; got 'seven'.")
    assert step_of(opened.page) == 5
    opened.page.get_by_label("Seed").fill("7")
    opened.page.get_by_role("button", name="Show").click()
    expect(problem).to_be_hidden()


def test_a_bad_seed_in_the_address_offers_a_way_on(cartpole_url: str, open_page: Open) -> None:
    opened = open_page(f"{cartpole_url}?seed=<b>x</b>")
    opened.forgiven.append("400 (Bad Request)")
    expect(opened.page.get_by_role("alert")).to_contain_text("got '<b>x</b>'")
    opened.page.get_by_role("button", name="Show the first episode").click()
    expect(opened.page.locator("h1")).to_have_text("CartPole-v1")
    expect(opened.page.locator("#message")).to_be_hidden()


def test_a_server_that_has_gone_is_told_and_the_episode_stays(cartpole: Watched, open_page: Open) -> None:
    with serving(create_app(cartpole)) as url:
        opened = open_page(url)
        expect(opened.page.locator("h1")).to_have_text("CartPole-v1")
    opened.forgiven.append("ERR_CONNECTION_REFUSED")
    opened.page.get_by_role("button", name="New episode").click()
    expect(opened.page.locator("#seed-problem")).to_contain_text("The server does not answer")
    before = step_of(opened.page)
    until(lambda: step_of(opened.page) != before, "the episode to play on")


def test_a_failing_environment_is_told(cartpole: Watched, serve_watched: Serve, open_page: Open) -> None:
    def record(seed: int) -> Recording:
        raise EnvironmentFailureError("CartPole-v1 raised ValueError under seed 0: the wheel came off")

    opened = open_page(serve_watched(replace(cartpole, record=record)))
    opened.forgiven.append("500 (Internal Server Error)")
    expect(opened.page.get_by_role("alert")).to_contain_text("the wheel came off")
    expect(opened.page.get_by_role("button", name="Try again")).to_be_visible()


@pytest.mark.parametrize("width", [360, 768, 3840])
def test_the_stage_is_large_and_the_controls_within_reach(cartpole_url: str, open_page: Open, width: int) -> None:
    page = open_page(f"{cartpole_url}?seed=4294967295&t=500", viewport={"width": width, "height": 844}).page
    expect(page.locator("#readout-step")).to_have_text("step 500 of 500")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    stage, play = page.locator("#stage").bounding_box(), page.locator("#play").bounding_box()
    assert stage is not None
    assert play is not None
    assert stage["width"] >= 0.6 * width
    assert play["height"] >= (44 if width <= 640 else 40)
    if width <= 640:
        assert play["y"] + play["height"] <= 844


@pytest.mark.parametrize("density", [1, 2, 3])
def test_the_stage_is_sharp_on_every_screen(cartpole_url: str, open_page: Open, density: int) -> None:
    page = open_page(f"{cartpole_url}?t=0", device_scale_factor=density, viewport={"width": 390, "height": 844}).page
    expect(page.locator("#facts")).to_contain_text("steps")
    box = page.locator("#stage").bounding_box()
    assert box is not None
    pixels = page.evaluate("[document.getElementById('stage').width, document.getElementById('stage').height]")
    assert pixels == pytest.approx([box["width"] * density, box["height"] * density], abs=1)


def test_names_and_values_of_the_ruler_are_beside_its_traces(cartpole_url: str, open_page: Open) -> None:
    page = open_page(f"{cartpole_url}?t=0", viewport={"width": 360, "height": 844}).page
    expect(page.locator("#facts")).to_contain_text("steps")
    for part in (".row-name", ".row-plot", ".row-value"):
        assert all(width > 0 for width in page.locator(part).evaluate_all("all => all.map(it => it.clientWidth)")), part


def test_the_switch_of_colours_outlives_a_reload(cartpole_url: str, open_page: Open) -> None:
    page = open_page(f"{cartpole_url}?t=20", color_scheme="dark").page
    expect(page.locator("#why")).to_be_visible()
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(14, 17, 22)"
    dark = page.evaluate(POLE)
    page.get_by_role("button", name="Dark colours").click()
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    light = page.evaluate(POLE)  # looks for the colour of the agent, which is another one now
    assert light["angle"] == pytest.approx(dark["angle"], abs=0.005)
    page.reload()
    expect(page.locator("#why")).to_be_visible()
    assert page.evaluate(background) == "rgb(255, 255, 255)"


def test_those_who_want_no_motion_begin_at_rest(cartpole_url: str, open_page: Open) -> None:
    page = open_page(cartpole_url, reduced_motion="reduce").page
    expect(page.locator("#readout-step")).to_have_text("step 0 of 500")
    page.wait_for_timeout(200)
    assert step_of(page) == 0
    page.keyboard.press("Space")
    until(lambda: step_of(page) > 0, "steps once asked for")


def test_the_picture_is_told_in_words(still: Page) -> None:
    name = re.compile(r"CartPole-v1, step 100 of 500: cart position .* The policy chooses: push (left|right)\.")
    expect(still.get_by_role("img", name=name)).to_be_visible()


@pytest.mark.parametrize(
    ("environment", "weights", "words"),
    [
        ("MountainCar-v0", (0, -20, 0, 0, 0, 20), "the car reached the flag"),
        ("MountainCarContinuous-v0", (0, 20), "the car reached the flag"),
        ("Pendulum-v1", (0, -1, -0.4), "by the time limit"),
        ("Acrobot-v1", (0, 0, 0, 0, 0, -1, *(0,) * 11, 1), "the tip rose above the line"),
        ("FrozenLake-v1", (1.0,) * 64, "in a final state"),
    ],
)
def test_other_environments_are_drawn_too(
    serve_weights: ServeWeights, open_page: Open, environment: str, weights: tuple[float, ...], words: str
) -> None:
    page = open_page(f"{serve_weights(environment, weights)}?t=0").page
    expect(page.locator("h1")).to_have_text(environment)
    expect(page.locator("#facts")).to_contain_text(words)
    picture = "document.getElementById('stage').toDataURL()"
    first = page.evaluate(picture)
    page.keyboard.press("End")
    deadline = time.monotonic() + 20  # a picture that the server draws comes when it is drawn
    while page.evaluate(picture) == first:
        assert time.monotonic() < deadline, "the picture never changed"
        page.wait_for_timeout(50)
