"""Training by clicks in a real browser: begun, watched to its end, stopped, found again, resumed."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect
from tests.studio.runs_by_hand import GOOD, generation, write_run

from poise.studio.app import create_app
from poise.studio.server import serving

if TYPE_CHECKING:
    from tests.studio.conftest import Open

pytestmark = pytest.mark.browser

COMPILING_MILLISECONDS = 120_000
"""How long a training may take where its kernels are compiled first."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with serving(create_app(runs=folder)) as address:
        yield address


def painted(page: Page, canvas: str) -> bool:
    found: bool = page.locator(canvas).evaluate(
        "it => it.getContext('2d').getImageData(0, 0, it.width, it.height).data.some(value => value)"
    )
    return found


def test_a_person_trains_cartpole_to_the_end_by_clicks(url: str, open_page: Open, folder: Path) -> None:
    page = open_page(url).page
    page.get_by_role("link", name="Train CartPole").click()
    expect(page.locator("#command")).to_have_text("poise train CartPole-v1 --seed 0")
    page.get_by_label("Seed").fill("7")
    expect(page.locator("#command")).to_have_text("poise train CartPole-v1 --seed 7")
    expect(page.get_by_role("status")).to_contain_text("solved at 475")
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".run-result")).to_contain_text(
        "10,000 fresh episodes, all of them at least 475", timeout=COMPILING_MILLISECONDS
    )  # the result, and not what the policy is worth so far
    expect(page.locator("h1")).to_have_text("CartPole-v1")
    expect(page.locator(".run-result")).to_contain_text("500.0 [500.0, 500.0]")
    expect(page.locator("#command")).to_have_text(
        re.compile(r"poise train CartPole-v1 --seed 7 --out .*CartPole-v1/\S+-7$")
    )
    expect(page.locator(".parameter-row")).to_have_count(4)
    expect(page.locator(".player-caption")).to_contain_text("of 500")
    assert painted(page, ".curve canvas")
    assert painted(page, ".strip canvas")
    assert painted(page, "#stage")
    page.get_by_role("link", name="Watch it").click()
    expect(page.locator("#certificate")).to_contain_text("mean return 500.0")
    assert [path.name for path in folder.iterdir()] == ["CartPole-v1"]


def test_a_long_plan_does_not_tear_the_form_apart(url: str, open_page: Open) -> None:
    page = open_page(f"{url}train?env=Pendulum-v1", home=url).page
    expect(page.locator(".plan li").nth(9)).to_be_visible()
    plan, start, about, seed = (
        found.evaluate("element => element.getBoundingClientRect().toJSON()")
        for found in (
            page.locator(".train-beside"),
            page.get_by_role("button", name="Start"),
            page.locator("#train-about"),
            page.get_by_label("Seed"),
        )
    )
    assert plan["bottom"] > start["bottom"]  # the plan is the longer of the two
    assert seed["top"] - about["bottom"] < 80


def test_stopping_keeps_everything_and_closing_the_page_stops_nothing(url: str, open_page: Open) -> None:
    page = open_page(f"{url}train?env=FrozenLake-v1&max_steps=100000000&policy=linear", home=url).page
    page.get_by_role("button", name="Start").click()
    status = page.locator(".run-status")
    expect(status).to_contain_text("steps/s, at most")
    address = page.url
    page.close()
    page = open_page(address, home=url).page
    expect(page.locator(".run-status")).to_contain_text("Searching")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".run-status")).to_contain_text("nothing is lost")
    stopped = re.search(r"after ([\d,]+) gen", page.locator(".run-status").inner_text())
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".run-status")).to_contain_text("Searching")
    assert stopped is not None
    expect(page.locator(".run-status")).not_to_contain_text(f": {stopped[1]} generations")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".run-status")).to_contain_text("Stopped")


def test_the_names_of_a_policys_numbers_can_be_told_apart_at_any_width(url: str, open_page: Open, folder: Path) -> None:
    path = write_run(folder, "walker", env="BipedalWalker-v3", means=[20], result=300.0, weights=[0.5, -200.0] * 48)
    page = open_page(f"{url}runs/walker", home=url).page
    for width in 320, 390, 900, 1100, 1280, 1600:
        page.set_viewport_size({"width": width, "height": 900})
        expect(page.locator(".parameter-row")).to_have_count(24)
        cut = "them => them.filter(it => it.scrollWidth > it.clientWidth).map(it => it.textContent)"
        assert page.locator(".parameter-row .why-name").evaluate_all(cut) == []
        narrowest = "them => Math.min(...them.map(it => it.clientWidth))"
        assert page.locator(".parameter-row .diverging").evaluate_all(narrowest) >= 40
    shutil.rmtree(path)


def test_a_run_begun_on_a_terminal_is_shown_just_the_same(url: str, open_page: Open, folder: Path) -> None:
    path = write_run(folder, "by/hand", means=[20, 300], weights=GOOD, running=True)
    (path / "policy.json").rename(path / "kept")
    page = open_page(f"{url}runs/by/hand", home=url).page
    expect(page.locator(".run-status")).to_contain_text("Searching: 2 generations")
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    with (path / "metrics.jsonl").open("a") as file:
        file.write(json.dumps(generation(3, 400.0)) + "\n")
    expect(page.locator(".run-status")).to_contain_text("3 generations")
    curve = page.get_by_role("img", name=re.compile("After 3 generations and 300 steps: mean score 400.0"))
    expect(curve).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV: course.csv").click()
    assert Path(download.value.path()).read_text().splitlines()[3] == "3,300,410,400,410,392,408"
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV: scores.csv").click()
    assert Path(download.value.path()).read_text().startswith("steps,score\n")
    (path / "kept").rename(path / "policy.json")
    expect(page.locator(".player-caption")).to_contain_text("of 500")
    expect(page.locator(".run-result")).to_contain_text("Provisional, the policy so far: 500.0 [500.0, 500.0]")
    shutil.rmtree(path)
    expect(page.get_by_role("alert")).to_contain_text("There is no run by/hand (any more)")


def test_what_cannot_be_trained_is_said_in_the_page(url: str, open_page: Open) -> None:
    opened = open_page(f"{url}train?policy=linear", home=url)
    page = opened.page
    expect(page.get_by_role("button", name="Start")).to_be_enabled()
    page.get_by_label("Seed").fill("seven")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("alert")).to_have_text("The seed is a number; got “seven”.")
    page.get_by_label("Seed").fill("5000000000")
    opened.forgiven.append("400 (Bad Request)")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("alert")).to_contain_text("seed must be an integer from 0")
    page.get_by_label("Seed").fill("1")
    page.get_by_label("Environment steps").fill("1e3")
    expect(page.get_by_role("button", name="Start")).to_be_enabled()


def test_the_views_fit_a_phone(url: str, open_page: Open) -> None:
    for address in ("train", "runs"):
        page = open_page(f"{url}{address}", home=url, viewport={"width": 360, "height": 740}).page
        expect(page.locator("h1")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.locator(".run-link").first.click()
    expect(page.locator(".player-caption")).to_contain_text("step")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
