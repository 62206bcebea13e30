"""How quick the studio's list is over thousands of runs: opened, read to the end, filtered, sorted, turned.

    python benchmarks/many_runs.py [--runs 10000] [--keep FOLDER]

The runs are written by hand, in the files and the folders of `poise train`: six environments, 5 to 200 generations
each, one in ten not finished. Times are a person's, in Chromium: from the click or key to the rows that it asks for.
*Opened* counts from a new server that has read none of them; a person who types waits 150 ms more, on purpose, until
the word is whole. *At rest* is the server's processor time over that of the clock, while the page lies open and nothing
is done.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from poise.runs.config import TrainConfig
from poise.studio.app import create_app
from poise.studio.server import serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

ENVIRONMENTS = ("CartPole-v1", "Pendulum-v1", "Acrobot-v1", "MountainCar-v0", "LunarLander-v3", "HalfCheetah-v5")
REST_SECONDS = 20.0


def main() -> None:
    """Reads the arguments, measures, and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--keep", type=Path, help="a folder for the runs, to be used again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.keep or Path(scratch)
        for number in range(given.runs):
            write_run(folder, number)
        chromium = os.environ.get("POISE_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
        with sync_playwright() as playwright, serving(create_app(None, runs=folder)) as url:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--headless=new", "--no-sandbox"])
            found = measure(browser.new_page(viewport={"width": 1280, "height": 800}), url, given.runs)
            browser.close()
    print(f"{given.runs} runs; load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for name, value in found.items():
        print(f"{name:<34} {value:8.2f}")


def write_run(folder: Path, number: int) -> None:
    """One run, unless it is there."""
    chance = random.Random(number)
    env = ENVIRONMENTS[number % len(ENVIRONMENTS)]
    path = folder / env / f"20261101-{number:06d}-{number % 10}"
    if path.exists():
        return
    path.mkdir(parents=True)
    plan = {"stages": [{"policy": "linear", "optimizer": "snes", "optimizer_args": {}}], "open_ended": True}
    (path / "config.json").write_text(json.dumps(TrainConfig(env, seed=number % 10, max_steps=10**6).to_json(plan)))
    lines = [json.dumps(generation(count, chance)) for count in range(1, chance.choice([5, 20, 60, 200]) + 1)]
    (path / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    if chance.random() < 0.9:
        mean = 500 * chance.random()
        evaluation = {"mean": mean, "low": mean - 1, "high": mean + 1, "confidence": 0.95, "method": "student-t"}
        evaluation |= {"episodes": 1000, "threshold": 475.0, "success_rate": 0.5}
        (path / "evaluation.json").write_text(json.dumps({"evaluation": evaluation, "generations": len(lines)}))
    moment = time.time() - 60 * (number + 1)
    for file in path.iterdir():
        os.utime(file, (moment, moment))


def generation(number: int, chance: random.Random) -> dict[str, Any]:
    """A line of the metrics, as long as those of a search with 16 candidates."""
    scores = [500 * chance.random() for _ in range(16)]
    best, mean = max(scores), sum(scores) / len(scores)
    known = {"best": best, "mean": mean, "best_so_far": best, "scores": scores, "lengths_mean": mean}
    return {"generation": number, "steps": 5000 * number, "episodes": 16 * number, **known}


def measure(page: Page, url: str, runs: int) -> dict[str, float]:
    """Seconds of each thing that a person does."""
    found = {}
    began = time.perf_counter()
    page.goto(url)
    page.locator(".run-row").nth(min(runs, 50) - 1).wait_for()
    found["opened, s"] = time.perf_counter() - began
    until(page, "!document.querySelector('.chip').innerText.includes('more to read')")
    found["all read, s"] = time.perf_counter() - began

    def seconds(act: Any, shown: str) -> float:
        began = time.perf_counter()
        act()
        until(page, shown)
        return time.perf_counter() - began

    first = "document.querySelector('.run-row .run-link').innerText"
    found["filtered by environment, s"] = seconds(
        lambda: page.locator("#filter-env").select_option("Pendulum-v1"), f"{first}.startsWith('Pendulum')"
    )
    page.locator("#filter-env").select_option("")
    until(page, f"{first}.startsWith('CartPole')")
    found["found by typing, s"] = seconds(
        lambda: page.locator("#filter-text").press_sequentially("lunar"), f"{first}.startsWith('Lunar')"
    )
    page.locator("#filter-text").fill("")
    until(page, f"{first}.startsWith('CartPole')")
    found["sorted by environment, s"] = seconds(
        lambda: page.get_by_role("button", name="Environment").click(), f"{first}.startsWith('Pendulum')"
    )
    found["another page, s"] = seconds(
        lambda: page.get_by_role("button", name="After").click(),
        "document.querySelector('.pager').innerText.includes('page 2 of')",
    )
    found["details of a run, s"] = seconds(
        lambda: page.locator(".run-link").first.click(), "document.querySelector('.run-result strong') !== null"
    )
    page.goto(url)
    page.locator(".run-row").first.wait_for()
    began, spent = time.perf_counter(), processor_seconds()
    page.wait_for_timeout(REST_SECONDS * 1000)
    found["at rest, % of a processor"] = 100 * (processor_seconds() - spent) / (time.perf_counter() - began)
    return found


def until(page: Page, shown: str) -> None:
    """Waits for what is to be seen; the page's own policy forbids what Playwright waits with."""
    end = time.monotonic() + 60
    while not page.evaluate(shown):
        if time.monotonic() > end:
            raise SystemExit(f"not seen within a minute: {shown}")
        time.sleep(0.005)


def processor_seconds() -> float:
    """Of this process, in which the server is."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
