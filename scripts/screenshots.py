"""Takes pictures of the studio as a person sees it: on a desk and on a phone, in light and in dark.

Run ``python scripts/screenshots.py FOLDER`` and look at each one; ``--readme docs/images/studio.png`` makes the picture
that the README shows.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

from playwright.sync_api import sync_playwright

from poise.policies.architecture import Architecture
from poise.rollouts.environments import inspect
from poise.runs.train import train
from poise.studio.app import create_app
from poise.studio.server import serving
from poise.studio.source import Watched
from poise.types import EnvironmentSpec

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LARGEST_BYTES = 150_000
"""What a picture in the repository may weigh."""

POLICIES: dict[str, tuple[float, ...]] = {
    "CartPole-v1": (0.059, 0.112, 0.959, 0.253),
    "MountainCar-v0": (0, -20, 0, 0, 0, 20),
    "MountainCarContinuous-v0": (0, 20),
    "Acrobot-v1": (0, 0, 0, 0, 0, -1, *(0,) * 11, 1),
    "Pendulum-v1": (0, -1, -0.4),
    "Blackjack-v1": (1,) * 45,
}
"""Environments and linear policies made by hand."""


@dataclass(frozen=True)
class Screen:
    """A window: its name, its size in CSS pixels and how many real pixels each has."""

    name: str
    width: int
    height: int
    density: int


Scheme = Literal["light", "dark"]

VIEWS: dict[str, str] = {
    "runs": "runs",
    "train": "train",
    "run": "runs/{first}",
    "replay": "runs/{first}/replay?seed=7&t=60",
    "tinker": "runs/{first}/tinker",
    "compare": "compare?runs={first},{second}",
    "learn": "learn",
    "play-choice": "play",
    "compare-choice": "compare",
    "play": "play/CartPole-v1?seed=3",
    "race": "play/CartPole-v1?seed=3&race=CartPole-v1/20261123-181500-0",
    "play-pictures": "play/Taxi-v4?seed=3",
    "training": "runs/{training}",
    "network": "runs/network/replay?seed=7&t=20",
    "broken": "runs/broken",
    "gone": "runs/no-such-run",
}
"""Views of the studio and their addresses; the names of runs are put in."""

DESK, PHONE, SMALL = Screen("desk", 1280, 800, 1), Screen("phone", 390, 844, 2), Screen("small", 360, 640, 2)
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


def watched(environment: str, weights: Sequence[float]) -> Watched:
    """A policy made by hand."""
    info = inspect(EnvironmentSpec(environment))
    proof = "500.0 of 500, 1,000 fresh episodes" if environment == "CartPole-v1" else None
    architecture = Architecture("linear", info.observation, info.action)
    return Watched.from_policy(info.spec, architecture, list(weights), certificate=proof, first_seed=7)


def picture(
    browser: Browser,
    url: str,
    screen: Screen,
    scheme: Scheme,
    path: Path,
    scroll: int = 0,
    *,
    waits_for_network: bool = True,
    whole: bool = False,
) -> None:
    """Writes what one window shows, or the whole page; one that keeps asking its server is given a moment instead."""
    context = browser.new_context(
        viewport={"width": screen.width, "height": screen.height},
        device_scale_factor=screen.density,
        color_scheme=scheme,
    )
    page = context.new_page()
    page.goto(url, wait_until="networkidle" if waits_for_network else "load")
    if not waits_for_network:
        page.wait_for_timeout(1_200)
    if whole:  # what has not been in sight is not painted
        height: int = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": screen.width, "height": height})
    page.mouse.wheel(0, scroll)
    page.wait_for_timeout(300)
    page.screenshot(path=path, full_page=whole)
    context.close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's browser, as the tests find it."""
    path = os.environ.get("POISE_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--headless=new", "--no-sandbox"])
        yield browser
        browser.close()


def take_all(browser: Browser, folder: Path) -> None:
    """Every view on every screen, other environments on the desk, and the page in trouble."""
    folder.mkdir(parents=True, exist_ok=True)
    for environment, weights in POLICIES.items():
        with serving(create_app(watched(environment, weights))) as url:
            moment = f"{url}?seed=7&t=60"
            for scheme in SCHEMES:
                picture(browser, moment, DESK, scheme, folder / f"{environment}-desk-{scheme}.png")
                picture(browser, moment, PHONE, scheme, folder / f"{environment}-phone-{scheme}.png")
                picture(browser, moment, PHONE, scheme, folder / f"{environment}-phone-below-{scheme}.png", 2_000)
                picture(browser, f"{url}?seed=seven", DESK, scheme, folder / f"trouble-{scheme}.png")


def make_runs(root: Path) -> dict[str, str]:
    """Four short trainings and a broken run, as a person would have them; the names of the first two."""
    for name, seed, policy in (("by-night", 1, "quadratic"), ("by-day", 2, "linear+bias")):
        train("Pendulum-v1", out=root / "Pendulum-v1" / name, seed=seed, policy=policy, max_steps=200_000)
    train("CartPole-v1", out=root / "CartPole-v1" / "20261123-181500-0", policy="linear")
    train("CartPole-v1", out=root / "network", policy="mlp:8", max_steps=50_000)
    (root / "broken").mkdir()
    (root / "broken" / "config.json").write_text("{")
    return {"first": "Pendulum-v1/by-night", "second": "Pendulum-v1/by-day"}


def start_training(url: str) -> str:
    """A search that lasts until the studio ends; its name."""
    order = json.dumps({"env": "Acrobot-v1", "policy": "quadratic", "max_steps": 10**9})
    with urllib.request.urlopen(urllib.request.Request(f"{url}api/trainings", order.encode(), method="POST")) as answer:
        name: str = json.load(answer)["run"]
    time.sleep(8)  # until there are some generations to see
    return name


def take_views(browser: Browser, folder: Path) -> None:
    """Every view of the studio on every screen."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as root:
        with serving(create_app(runs=Path(root) / "empty")) as url:
            take(browser, url, folder, {"empty": "runs", "empty-compare": "compare", "empty-train": "train"})
        names = make_runs(Path(root))
        with serving(create_app(runs=Path(root), data=Path(root) / "data")) as url:
            names["training"] = start_training(url)
            take(browser, url, folder, {view: address.format(**names) for view, address in VIEWS.items()})


def take(browser: Browser, url: str, folder: Path, views: dict[str, str]) -> None:
    """Some views on every screen, in light and in dark; on the smallest one only in light."""
    for view, address in views.items():
        for screen, scheme in ((DESK, "light"), (DESK, "dark"), (PHONE, "light"), (PHONE, "dark"), (SMALL, "light")):
            path = folder / f"{view}-{screen.name}-{scheme}.png"
            whole = screen is not DESK
            picture(browser, url + address, screen, scheme, path, waits_for_network=False, whole=whole)


def main() -> None:
    """Reads the arguments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, nargs="?", help="where the pictures go")
    parser.add_argument("--readme", type=Path, help="write the README's picture to this file")
    arguments = parser.parse_args()
    with chromium() as browser:
        if arguments.folder:
            take_views(browser, arguments.folder)
            take_all(browser, arguments.folder)
        if arguments.readme:
            with serving(create_app(watched("CartPole-v1", POLICIES["CartPole-v1"]))) as url:
                picture(browser, f"{url}?seed=43&t=70", DESK, "light", arguments.readme)
            size = arguments.readme.stat().st_size
            if size > LARGEST_BYTES:
                raise SystemExit(f"{arguments.readme} has {size:,} bytes, expected at most {LARGEST_BYTES:,}")


if __name__ == "__main__":
    main()
