"""Renderers and charts by themselves: pure functions, and at 600 × 400 the places of Gymnasium's own pictures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

STATES = [
    [0.0, 0.0, 0.0, 0.0],
    [1.2, 0.3, 0.1, -0.2],
    [-2.3, -1.0, -0.2, 0.5],
    [0.4, 0.0, 0.2094, 2.0],
]


@pytest.fixture(scope="module")
def page(cartpole_url: str, chromium: Browser) -> Iterator[Page]:
    """A page without the application: only its modules are called."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{cartpole_url}static/icon.svg")
    yield page
    context.close()


def layout(page: Page, module: str, *arguments: Any) -> Any:
    """Where a renderer says that things are."""
    return page.evaluate(
        "async ([name, rest]) => (await import(`/static/renderers/${name}.js`)).layout(...rest)",
        [module, list(arguments)],
    )


@pytest.mark.parametrize("state", STATES)
def test_cart_and_axle_stand_where_gymnasium_draws_them(page: Page, state: list[float]) -> None:
    found = layout(page, "cartpole", state, {"width": 600, "height": 400})
    scale = 600 / 4.8  # screen_width / world_width
    assert found["scale"] == pytest.approx(scale)
    assert found["cart"]["x"] == pytest.approx(state[0] * scale + 300, abs=1e-9)
    assert found["cart"]["y"] == pytest.approx(400 - 100, abs=1e-9)  # carty counts from below
    assert found["axle"]["y"] == pytest.approx(400 - 100 - 30 / 4, abs=1e-9)  # axleoffset


@pytest.mark.parametrize("angle", [-2.5, -0.3, 0.0, 1.0, math.pi])
def test_the_pendulum_turns_as_gymnasium_turns_it(page: Page, angle: float) -> None:
    found = layout(page, "pendulum", [math.cos(angle), math.sin(angle), 0.0], {"width": 500, "height": 500})
    rod = np.array([found["tip"]["x"] - found["axle"]["x"], found["axle"]["y"] - found["tip"]["y"]])
    turned = [math.cos(angle + math.pi / 2), math.sin(angle + math.pi / 2)]
    np.testing.assert_allclose(rod / found["scale"], turned, atol=1e-9)


@pytest.mark.parametrize(("first", "second"), [(0.0, 0.0), (0.5, -1.0), (-2.0, 3.0), (math.pi, 0.0)])
def test_the_acrobot_hangs_as_gymnasium_hangs_it(page: Page, first: float, second: float) -> None:
    seen = [math.cos(first), math.sin(first), math.cos(second), math.sin(second), 0.0, 0.0]
    found = layout(page, "acrobot", seen, {"width": 500, "height": 500})
    assert found["scale"] == pytest.approx(500 / 4.4)
    tip = np.array([found["tip"]["x"] - 250, 250 - found["tip"]["y"]]) / found["scale"]
    expected = [math.sin(first) + math.sin(first + second), -math.cos(first) - math.cos(first + second)]
    np.testing.assert_allclose(tip, expected, atol=1e-9)


def test_the_mountain_fills_its_picture_as_gymnasiums_does(page: Page) -> None:
    points = page.evaluate(
        """async () => {
          const { at } = (await import("/static/renderers/mountain_car.js")).layout({ width: 600, height: 400 });
          return [at(-1.2, 0), at(0.6, 1), at(-0.5, 0.1)].map(({ x, y }) => [x, y]);
        }"""
    )
    scale = 600 / 1.8
    expected: list[list[float]] = [[0, 400], [600, 400 - scale], [0.7 * scale, 400 - 0.1 * scale]]
    np.testing.assert_allclose(points, expected, atol=1e-9)


@pytest.mark.parametrize("module", ["cartpole", "mountain_car", "acrobot", "pendulum", "anything"])
def test_a_renderer_is_a_pure_function(page: Page, module: str) -> None:
    pictures = page.evaluate(
        """async (name) => {
          const renderer = await import(`/static/renderers/${name}.js`);
          const one = Array.from({ length: renderer.width || 3 }, (_, index) => 0.1 * (index + 1));
          const other = one.map((value) => -value);
          const colors = new Proxy({}, { get: () => "#456789" });
          const ranges = one.map(() => [-1, 1]);
          const names = one.map(String);
          const scene = Object.freeze({ colors, push: 0.5, failed: false, names, ranges, trail: [] });
          const size = Object.freeze({ width: 300, height: 200 });
          const paint = (observation) => {
            const canvas = document.createElementNS("http://www.w3.org/1999/xhtml", "canvas");
            [canvas.width, canvas.height] = [300, 200];
            renderer.draw(canvas.getContext("2d"), Object.freeze(observation), size, scene);
            return canvas.toDataURL();
          };
          return [paint(one), paint(other), paint(one)];
        }""",
        module,
    )
    assert pictures[0] == pictures[2]
    assert pictures[0] != pictures[1]


def test_a_trace_of_any_length_is_a_path_of_bounded_size(page: Page) -> None:
    lengths = page.evaluate(
        """async () => {
          const { traceOf } = await import("/static/charts/trace.js");
          return [10, 1000, 100000].map((steps) => {
            const values = Array.from({ length: steps + 1 }, (_, step) => Math.sin(step / 7));
            return traceOf(values, steps, "line").querySelector(".line").getAttribute("d").length;
          });
        }"""
    )
    assert lengths[0] < lengths[1] < 20_000
    assert lengths[2] < 30_000


def test_the_peaks_of_a_long_trace_are_kept(page: Page) -> None:
    path = page.evaluate(
        """async () => {
          const { traceOf } = await import("/static/charts/trace.js");
          const values = new Array(50000).fill(0);
          values[31234] = 1;
          return traceOf(values, 49999, "line").querySelector(".line").getAttribute("d");
        }"""
    )
    heights = {float(point.split(" ")[1]) for point in path.replace("M", "L").split("L")[1:]}
    assert heights == {6.0, 94.0}


def test_a_trace_has_a_hole_where_there_is_no_number(page: Page) -> None:
    path = page.evaluate(
        """async () => {
          const { traceOf } = await import("/static/charts/trace.js");
          return traceOf([0, 1, null, 1, 0], 4, "line").querySelector(".line").getAttribute("d");
        }"""
    )
    assert path == "M0 94L250 6M750 6L1000 94"


@pytest.mark.parametrize("width", [330, 620])
def test_a_curve_that_has_been_learnt_does_not_run_through_the_name_of_its_threshold(page: Page, width: int) -> None:
    crossed = page.evaluate(
        """async (width) => {
          const { drawCurve, scalesOf } = await import("/static/charts/curve.js");
          const context = document.createElementNS("http://www.w3.org/1999/xhtml", "canvas").getContext("2d");
          const [xs, size] = [Array.from({ length: 61 }, (_, index) => index / 10), { width, height: 200 }];
          const ys = xs.map((at) => 320 - 420 * Math.exp(-at));
          const chart = { xRange: [0, 6], yRange: [-130, 330], lines: [{ xs, ys, color: "red" }], marks: [] };
          const { x, y } = scalesOf(chart, size);
          let box;
          context.fillText = (text, left, middle) => {
            const wide = context.measureText(text).width;
            const from = { left: left, right: left - wide, center: left - wide / 2 }[context.textAlign];
            if (text === "solved at 300") box = [from, from + wide, middle - 6, middle + 6];
          };
          drawCurve(context, size, {}, { ...chart, marks: [{ y: 300, color: "blue", text: "solved at 300" }] });
          const inside = (across, up) => across >= box[0] && across <= box[1] && up >= box[2] && up <= box[3];
          return xs.some((at, index) => inside(x(at), y(ys[index])));
        }""",
        width,
    )
    assert crossed is False


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("fixed(-0.0004, 3)", "0.000"),
        ("fixed(-1.5, 1)", "−1.5"),
        ("signed(0.25, 2)", "+0.25"),
        ("signed(-0.25, 2)", "−0.25"),
        ("fixed(null, 2)", "not a number"),
        ("count(1234567)", "1,234,567"),
        ("plural(1, 'step')", "1 step"),
        ("returnText(500, [1, 1])", "500.0"),
        ("returnText(-12.345, [-12.345])", "−12.35"),
        ("returnText(-0.000123, [-0.000123])", "−0.000123"),
        ("figure(-0.000163)", "−0.000163"),
        ("figure(500)", "500.0"),
        ("figure(0)", "0.0"),
        (
            "withInterval({ mean: -0.0001634, low: -0.0001641, high: -0.0001627 })",
            "−0.0001634 [−0.0001641, −0.0001627]",
        ),
        ("withInterval({ mean: 1000, low: 1000, high: 1000.0000001 })", "1000.0000 [1000.0000, 1000.0000]"),
        ("withInterval({ mean: -92.1, low: -94, high: -90.3 })", "−92.1 [−94.0, −90.3]"),
    ],
)
def test_numbers_read_as_a_person_writes_them(page: Page, call: str, text: str) -> None:
    assert page.evaluate(f"async () => {{ const it = await import('/static/format.js'); return it.{call}; }}") == text


def test_a_line_with_fewer_points_lies_within_a_quarter_of_a_pixel_of_the_whole_one(page: Page) -> None:
    generator = np.random.default_rng(0)
    xs = np.cumsum(generator.uniform(0.2, 2.0, 1000))
    for ys in (200 + 150 * np.sin(xs / 25), np.cumsum(generator.normal(0, 0.1, 1000)), generator.normal(0, 50, 1000)):
        kept = page.evaluate(
            "async ([xs, ys]) => (await import('/static/charts/thin.js')).neededOf(xs, ys)", [xs.tolist(), ys.tolist()]
        )
        assert kept[0] == 0
        assert kept[-1] == 999
        assert np.abs(np.interp(xs, xs[kept], ys[kept]) - ys).max() <= 0.25 + 1e-9
    assert page.evaluate(
        "async () => (await import('/static/charts/thin.js')).neededOf([0, 1, 2, 3, 4], [0, 1, 2, 3, 3])"
    ) == [0, 3, 4]
    wave = (200 + 50 * np.sin(xs / 40)).tolist()
    fewer = page.evaluate(
        "async ([xs, ys]) => (await import('/static/charts/thin.js')).neededOf(xs, ys).length", [xs.tolist(), wave]
    )
    assert fewer < 400, "a smooth line needs few points"
