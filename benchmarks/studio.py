"""How quick the studio is, measured in Chromium while a training runs: from key to paint, frames, weight, charts.

    python benchmarks/studio.py [--presses 100] [--no-training] [--json]

*Key to paint* is counted from the event's own time stamp, which the browser's process sets, to the end of the frame
in which the first observation stands that this key has brought about: the state that the server sends with the
pressed action is drawn in the message's handler, the next animation frame begins, and a task queued within it runs
once that frame is done. A person's game of CartPole, at its own 50 steps a second, keys at random moments; a new game
whenever the pole has fallen; the first key of a game, which does not wait for a step, is not counted, and none that
comes after its end. *Steps painted* are the states of these games, drawn one by one, over the time that they took;
*frames* those of a replay. *Weight* is what the page loads to show its first view, compressed; *first paint* is the
browser's `first-contentful-paint` of that load, without a cache; *chart update* draws four lines of 1,000 points with
their axes on a canvas of 900 × 400 and waits for the pixels.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from poise.runs.policy import Policy
from poise.studio.app import create_app
from poise.studio.server import serving
from poise.studio.source import Watched

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

GOOD = (0.059, 0.112, 0.959, 0.253)
"""Weights that keep the pole up."""

GOALS = {
    "key to paint, median (ms)": (20.0, "most"),
    "key to paint, 95th percentile (ms)": (50.0, "most"),
    "steps painted in play (1/s)": (49.0, "least"),
    "frames of a replay (1/s)": (49.0, "least"),
    "weight of the first view (kB)": (150.0, "most"),
    "first paint (ms)": (300.0, "most"),
    "chart update, median (ms)": (4.0, "most"),
}

WATCH_KEYS = """
(() => {
  window.measured = { delays: [], games: [] };
  let pending = null;
  let states = 0;
  addEventListener("keydown", (event) => {
    const action = { ArrowLeft: 0, ArrowRight: 1 }[event.key];
    if (action !== undefined && states > 1) pending = { since: event.timeStamp, action };
  }, true);
  const done = new MessageChannel();
  let painting = null;
  done.port2.onmessage = () => {
    measured.delays.push(performance.now() - painting);
    painting = null;
  };
  done.port2.start();
  const Plain = WebSocket;
  window.WebSocket = class extends Plain {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        if (typeof data === "string") return;
        const view = new DataView(data);
        if (view.getUint8(0) !== 1) return;
        const flags = view.getUint8(1);
        states = flags & 3 ? 0 : view.getUint32(2, true);
        if (flags & 4) pending = null;
        if (flags & 4) measured.games.push([]);
        else measured.games.at(-1).push(performance.now());
        if (!pending || view.getUint8(22) !== 1 || view.getFloat32(23, true) !== pending.action) return;
        painting = pending.since;
        pending = null;
        requestAnimationFrame(() => done.port1.postMessage(0));
      });
    }
  };
})();
"""

FRAMES = """() => new Promise((resolve) => {
  const draw = CanvasRenderingContext2D.prototype.clearRect;
  let count = 0;
  CanvasRenderingContext2D.prototype.clearRect = function (...given) {
    count += this.canvas.id === "stage";
    return draw.apply(this, given);
  };
  const begun = performance.now();
  setTimeout(() => resolve(count / (performance.now() - begun) * 1000), 3000);
})"""

CHART = """async () => {
  const { drawCurve } = await import("/static/charts/curve.js");
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [900, 400];
  const context = canvas.getContext("2d");
  const xs = Array.from({ length: 1000 }, (_, index) => index);
  const colors = { line: "#ccc", muted: "#666" };
  const times = [];
  for (let round = 0; round < 60; round += 1) {
    const wave = (slope) => xs.map((x) => Math.sin((x + round) / 30) * slope);
    const lines = [1, 2, 3, 4].map((slope) => ({ xs, ys: wave(slope), color: "#2f6fdb" }));
    const begun = performance.now();
    context.clearRect(0, 0, 900, 400);
    drawCurve(context, { width: 900, height: 400 }, colors, { xRange: [0, 1000], yRange: [-4, 4], lines });
    context.getImageData(0, 0, 1, 1);
    times.push(performance.now() - begun);
  }
  return times.slice(10);
}"""


def main() -> None:
    """Reads the arguments, measures, and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--presses", type=int, default=100)
    parser.add_argument("--training", action=argparse.BooleanOptionalAction, default=True, help="a training beside it")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    given = parser.parse_args()
    found = measure(given.presses, training=given.training)
    if given.json:
        print(json.dumps(found))
        return
    print(
        f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; training {'on' if given.training else 'off'}"
    )
    for name, value in found.items():
        goal, side = GOALS[name]
        reached = value <= goal if side == "most" else value >= goal
        print(f"{name:<38} {value:8.1f}   at {side} {goal:g}: {'reached' if reached else 'MISSED'}")


def measure(presses: int, *, training: bool) -> dict[str, float]:
    """Each figure of `GOALS`."""
    policy = Policy.create("CartPole-v1", "linear", GOOD)
    chromium = os.environ.get("POISE_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        app = create_app(Watched.of(policy, 7), runs=Path(folder) / "runs", data=Path(folder) / "data")
        with serving(app) as url:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--headless=new", "--no-sandbox"])
            if training:
                start_training(url)
            found = {**load(browser, url), **play(browser, url, presses)}
            browser.close()
    return {name: found[name] for name in GOALS}


def start_training(url: str) -> None:
    """A search that lasts, in a process of its own."""
    order = json.dumps({"env": "Acrobot-v1", "policy": "mlp:16", "optimizer": "openai_es", "max_steps": 10**9})
    request = urllib.request.Request(f"{url}api/trainings", order.encode(), method="POST")
    with urllib.request.urlopen(request) as answer:
        run = json.load(answer)["run"]
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with urllib.request.urlopen(f"{url}api/runs") as answer:
            rows = json.load(answer)["rows"]
        if rows and rows[0]["generations"]:
            return
        time.sleep(0.2)
    raise SystemExit(f"the training {run} did not begin")


def load(browser: Browser, url: str) -> dict[str, float]:
    """Weight, first paint, frames and chart."""
    paints, weight = [], 0.0
    for _ in range(5):
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        page.goto(url, wait_until="networkidle")
        weight = page.evaluate(
            """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
              .filter(({ name }) => !name.includes("/api/"))
              .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)"""
        )
        paints.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        if len(paints) == 5:
            frames = page.evaluate(FRAMES)
            chart = page.evaluate(CHART)
        context.close()
    return {
        "weight of the first view (kB)": weight / 1000,
        "first paint (ms)": statistics.median(paints),
        "frames of a replay (1/s)": frames,
        "chart update, median (ms)": statistics.median(chart),
    }


def play(browser: Browser, url: str, presses: int) -> dict[str, float]:
    """Games of CartPole until so many keys have been painted."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.add_init_script(WATCH_KEYS)
    page.goto(f"{url}play/CartPole-v1?seed=1")
    generator = random.Random(0)
    while page.evaluate("measured.delays.length") < presses:
        begin(page)
        keys = ["ArrowLeft", "ArrowRight"]
        for number in range(12):
            page.keyboard.press(keys[number % 2])
            page.wait_for_timeout(generator.uniform(40, 90))
            if page.locator(".person.over").count():
                break
        page.keyboard.press("n")
    measured: dict[str, Any] = page.evaluate("measured")
    delays = sorted(measured["delays"][:presses])
    games = [moments for moments in measured["games"] if len(moments) > 5]
    steps = sum(len(moments) - 1 for moments in games)
    seconds = sum(moments[-1] - moments[0] for moments in games) / 1000
    return {
        "key to paint, median (ms)": statistics.median(delays),
        "key to paint, 95th percentile (ms)": delays[int(0.95 * len(delays))],
        "steps painted in play (1/s)": steps / seconds,
    }


def begin(page: Page) -> None:
    """Waits until a game can be begun."""
    page.locator("#game-status", has_text="to begin").wait_for()


if __name__ == "__main__":
    main()
