"""Two runs beside each other in a real browser."""

from __future__ import annotations

import re
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

COMPILING_MILLISECONDS = 120_000
"""How long the paired test may take where its kernel is compiled first."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root: Path = tmp_path_factory.mktemp("runs")
    write_run(root, "CartPole-v1/good", means=[20, 200, 480], result=499.5, weights=GOOD)
    write_run(root, "CartPole-v1/bad", means=[10, 30, 40], result=42.0, weights=(0, 0, 1, 0))
    write_run(root, "CartPole-v1/young", means=[10, 20])
    write_run(root, "Pendulum-v1/other", env="Pendulum-v1", means=[-1400, -300], result=-200.0)
    with serving(create_app(runs=root)) as address:
        yield address


def test_a_person_compares_two_runs(url: str, open_page: Open) -> None:
    page = open_page(f"{url}runs/CartPole-v1/bad", home=url).page
    page.locator(".run-actions").get_by_role("link", name="Compare").click()
    expect(page.get_by_label("Add a run")).to_contain_text("CartPole-v1/good")
    expect(page.get_by_label("Add a run")).not_to_contain_text("Pendulum")
    page.get_by_label("Add a run").select_option("CartPole-v1/good")
    expect(page).to_have_url(re.compile(r"runs=CartPole-v1/bad,CartPole-v1/good$"))
    expect(page.locator(".whiskers")).to_contain_text("499.5 [498.5, 500.5]")
    curve = page.get_by_role("img", name=re.compile("good: from 20.0 to 480.0"))
    expect(curve).to_be_visible()
    expect(page.locator(".player-caption")).to_have_count(2)
    for caption, length in zip(page.locator(".player-caption").all(), (r"of \d\d$|of \d\d ·", "of 500"), strict=True):
        expect(caption).to_contain_text(re.compile(length))
    page.get_by_role("button", name="Test them on the same episodes").click()
    expect(page.locator(".tests")).to_have_text(
        re.compile(r"^good is better than bad by 45\d\.\d \[.* on the same 1,000 episodes, at 95 %; effect size"),
        timeout=COMPILING_MILLISECONDS,
    )
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV: results.csv").click()
    assert "CartPole-v1/good,499.5,498.5,500.5,1000" in Path(download.value.path()).read_text().splitlines()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV: courses.csv").click()
    assert Path(download.value.path()).read_text().count("CartPole-v1/good,") == 3
    page.get_by_label("Against").select_option("time")
    expect(page.locator(".chart-axis")).to_have_text("seconds of search")
    page.reload()
    expect(page.get_by_label("Against")).to_have_value("time")
    page.get_by_role("button", name="Leave CartPole-v1/bad out").click()
    expect(page.locator(".chosen-runs li")).to_have_count(1)
    page.go_back()
    expect(page.locator(".chosen-runs li")).to_have_count(2)


def test_what_cannot_be_compared_is_said(url: str, open_page: Open) -> None:
    opened = open_page(f"{url}compare?runs=CartPole-v1/good,gone", home=url)
    expect(opened.page.get_by_role("alert")).to_contain_text("There is no run gone (any more)")
    expect(opened.page.locator(".whiskers")).to_contain_text("499.5")
    opened = open_page(f"{url}compare?runs=CartPole-v1/good,Pendulum-v1/other", home=url)
    opened.forgiven.append("400 (Bad Request)")
    expect(opened.page.get_by_role("alert")).to_contain_text("within one environment")
    opened.page.get_by_role("button", name="Leave Pendulum-v1/other out").click()
    expect(opened.page.locator(".whiskers")).to_contain_text("499.5")


def test_it_fits_a_phone(url: str, open_page: Open) -> None:
    address = f"{url}compare?runs=CartPole-v1/good,CartPole-v1/bad"
    page = open_page(address, home=url, viewport={"width": 360, "height": 740}).page
    expect(page.locator(".whiskers li")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
