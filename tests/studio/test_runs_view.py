"""The list of runs in a real browser: what a person finds there, and how they get on from it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect
from tests.studio.runs_by_hand import GOOD, age, generation, write_run

from poise.studio.app import create_app
from poise.studio.server import serving

if TYPE_CHECKING:
    from tests.studio.conftest import Open

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty runs: one good, one of another environment, one broken, one doomed, one young, and many dull ones."""
    root = tmp_path_factory.mktemp("runs")
    write_run(root, "CartPole-v1/good", means=[20, 300, 490], result=499.5, weights=GOOD, age_seconds=60)
    write_run(root, "Acrobot-v1/other", env="Acrobot-v1", means=[-300, -90], result=-92.1, age_seconds=7200)
    write_run(root, "broken", means=[1], age_seconds=90)
    (root / "broken" / "config.json").write_text("{")
    age(root / "broken", 90)
    write_run(root, "doomed", means=[1, 2], result=10.0, weights=GOOD, age_seconds=100)
    write_run(root, "young", env="Pendulum-v1", means=[-1400, -1300], running=True, age_seconds=1)
    for number in range(55):
        write_run(root, f"dull/{number:02}", means=[10], result=float(number), age_seconds=10_000 + number)
    return root


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with serving(create_app(runs=folder)) as address:
        yield address


def names(page: Page) -> list[str]:
    return [text.strip() for text in page.locator(".run-row .column-env .run-name").all_inner_texts()]


def test_a_person_finds_a_run_and_watches_it(url: str, open_page: Open) -> None:
    page = open_page(url).page
    expect(page).to_have_title("Runs · poise")
    row = page.get_by_role("row").filter(has_text="CartPole-v1/good")
    expect(row).to_contain_text("499.5 [498.5, 500.5]")
    expect(row).to_contain_text("1,000 fresh episodes")
    row.get_by_role("link").click()
    expect(page.locator("h1")).to_have_text("CartPole-v1")
    expect(page.locator("#view")).to_be_focused()
    page.get_by_role("link", name="Replay").click()
    expect(page.locator("#facts")).to_contain_text("500 of at most 500 steps")
    expect(page).to_have_title("CartPole-v1 · poise")
    page.keyboard.press("End")
    expect(page.locator("#readout-step")).to_have_text("step 500 of 500")
    expect(page).to_have_url(re.compile(r"/runs/CartPole-v1/good/replay\?seed=\d+&t=500$"))
    page.reload()
    expect(page.locator("#readout-step")).to_have_text("step 500 of 500")
    page.go_back()
    expect(page.get_by_role("link", name="Progress")).to_have_attribute("aria-current", "page")
    page.go_back()
    expect(page).to_have_title("Runs · poise")
    assert page.url == url


def test_the_newest_run_stands_first_and_a_broken_one_says_why(url: str, open_page: Open) -> None:
    page = open_page(url).page
    expect(page.locator(".run-row")).to_have_count(50)
    assert names(page)[:2] == ["young", "CartPole-v1/good"]
    expect(page.locator(".run-row.broken")).to_contain_text("✕ brokenconfig.json is damaged")
    expect(page.locator(".run-row.running")).to_contain_text("best score so far")
    expect(page.locator("#policy")).to_have_text("60 runs, 1 running")


def test_a_run_in_progress_moves(url: str, open_page: Open, folder: Path) -> None:
    page = open_page(f"{url}runs?state=running", home=url).page
    row = page.locator(".run-row")
    expect(row).to_contain_text("\N{MINUS SIGN}1290.0")
    with (folder / "young" / "metrics.jsonl").open("a") as file:
        file.write(json.dumps(generation(3, -700.0)) + "\n")
    expect(row).to_contain_text("\N{MINUS SIGN}690.0")


def test_the_list_is_filtered_sorted_and_turned_and_the_address_remembers(url: str, open_page: Open) -> None:
    page = open_page(url).page
    page.get_by_role("button", name="Result").click()
    expect(page.get_by_role("columnheader", name="Result")).to_have_attribute("aria-sort", "descending")
    expect(page.locator(".run-row .run-name").first).to_have_text("CartPole-v1/good")
    page.get_by_role("button", name="Result").click()
    expect(page.locator(".run-row .run-name").first).to_have_text("Acrobot-v1/other")
    page.get_by_role("button", name="After").click()
    expect(page.locator(".run-row")).to_have_count(10)
    assert names(page)[-2:] == ["", "young"] or names(page)[-1] == "young"  # those without a result come last
    page.reload()
    expect(page.locator(".run-row")).to_have_count(10)
    page.go_back()
    expect(page.locator(".run-row")).to_have_count(50)
    page.get_by_label("Environment").select_option("Acrobot-v1")
    expect(page.locator(".run-row")).to_have_count(1)
    page.get_by_label("Environment").select_option("")
    page.get_by_label("Find runs").fill("DULL/0")
    expect(page.locator(".run-row")).to_have_count(10)
    page.get_by_label("Find runs").fill("nothing like it")
    expect(page.get_by_role("status")).to_have_text("No run is like that.")


def test_a_run_deleted_under_the_page_is_told_with_a_way_on(url: str, open_page: Open, folder: Path) -> None:
    opened = open_page(f"{url}runs/doomed/replay?t=0", home=url)
    page = opened.page
    expect(page.locator("h1")).to_have_text("CartPole-v1")
    shutil.rmtree(folder / "doomed")
    opened.forgiven.append("404 (Not Found)")
    page.get_by_role("button", name="New episode").click()
    expect(page.locator("#seed-problem")).to_contain_text("There is no run doomed (any more)")
    page.get_by_role("link", name="Progress").click()
    expect(page.get_by_role("alert")).to_contain_text("deleted")
    page.get_by_role("link", name="All runs").click()
    expect(page).to_have_title("Runs · poise")


def test_an_empty_folder_says_how_to_begin(tmp_path: Path, open_page: Open) -> None:
    with serving(create_app(runs=tmp_path)) as address:
        page = open_page(address).page
        expect(page.get_by_role("status")).to_contain_text("No runs yet")
        page.goto("about:blank")


def test_the_list_fits_a_phone(url: str, open_page: Open) -> None:
    page = open_page(url, viewport={"width": 360, "height": 740}).page
    expect(page.locator(".run-row")).to_have_count(50)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_runs_are_chosen_in_the_list_and_compared(tmp_path: Path, open_page: Open) -> None:
    for name in ("one", "two"):
        write_run(tmp_path, f"CartPole-v1/{name}", means=[20, 200], result=499.5, weights=GOOD)
    write_run(tmp_path, "CartPole-v1/young")
    with serving(create_app(runs=tmp_path)) as address:
        page = open_page(f"{address}runs", home=address).page
        expect(page.get_by_role("button", name="Compare")).to_be_hidden()
        page.get_by_label("Choose CartPole-v1/one to compare").check()
        expect(page.get_by_role("button", name="Compare")).to_be_disabled()
        page.get_by_label("Find runs").fill("two")
        expect(page.locator(".run-row")).to_have_count(1)
        page.get_by_label("Choose CartPole-v1/two to compare").press("Space")
        expect(page.locator(".selection")).to_contain_text("2 runs chosen")
        page.get_by_label("Find runs").fill("")
        expect(page.get_by_label("Choose CartPole-v1/one to compare")).to_be_checked()
        page.get_by_role("button", name="Compare").click()
        expect(page).to_have_url(re.compile(r"/compare\?runs=CartPole-v1/one,CartPole-v1/two$"))
        expect(page.locator(".chosen-runs li")).to_have_count(2)
        page.go_back()
        page.get_by_label("Choose CartPole-v1/one to compare").check()
        page.get_by_role("button", name="Choose none").click()
        expect(page.get_by_label("Choose CartPole-v1/one to compare")).not_to_be_checked()
