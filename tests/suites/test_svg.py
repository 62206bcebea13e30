"""A chart can be read on light and dark pages, in any colours, and its numbers stand where they belong."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from poise.suites.svg import DARK, GROUNDS, LIGHT, LINE_TO_BEAT, Axis, Chart, Series, tick_label
from poise.types import FloatArray

SVG = "{http://www.w3.org/2000/svg}"

# What is left of linear RGB without red, green or blue cones: Machado, Oliveira and Fernandes 2009, severity 1.
SIGHTS = {
    name: np.array(rows).reshape(3, 3)
    for name, rows in {
        "all three": [1.0, 0, 0, 0, 1, 0, 0, 0, 1],
        "no red": [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
        "no green": [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881],
        "no blue": [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.303900],
    }.items()
}


def _linear(colour: str) -> FloatArray:
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.asarray(np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4))


def _contrast(a: str, b: str) -> float:
    """WCAG 2.1's contrast ratio."""
    dark, light = sorted(float(_linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (a, b))
    return (light + 0.05) / (dark + 0.05)


def _lab(rgb: FloatArray) -> FloatArray:
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x = to_xyz @ np.clip(rgb, 0, 1) / [0.9505, 1, 1.089]
    f = np.where(x > 0.008856, np.cbrt(x), 7.787 * x + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("which", [0, 1])
def test_colours_stand_out_from_the_ground(which: int) -> None:
    for colour in (*(LIGHT, DARK)[which], LINE_TO_BEAT[which]):
        assert _contrast(colour, GROUNDS[which]) >= 3.0, "WCAG's least for graphics"


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("which", [0, 1])
def test_colours_stay_apart_for_every_sight(which: int, sight: str) -> None:
    seen = [_lab(SIGHTS[sight] @ _linear(colour)) for colour in (*(LIGHT, DARK)[which], LINE_TO_BEAT[which])]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 18


def _chart(names: list[str]) -> ElementTree.Element:
    series = [
        Series(name, [(1, 0), (10, 50), (100, 100)], [(1, -5, 5), (100, 90, 110)], (100, 90, 80, 100), name == "dice")
        for name in names
    ]
    chart = Chart(
        "A <title> & more", ["a note"], Axis("steps", 1, 100, logarithmic=True), Axis("return", 0, 100), series
    )
    return ElementTree.fromstring(chart.render())


def test_it_is_labelled_and_says_what_it_shows() -> None:
    chart = _chart(["one", "dice"])
    assert chart.find(f"{SVG}title").text == "A <title> & more"  # type: ignore[union-attr]
    assert chart.attrib["role"] == "img"
    words = [element.text for element in chart.iter(f"{SVG}text")]
    assert {"A <title> & more", "a note", "steps", "return", "one", "dice", "0", "100"} <= set(words)
    assert "prefers-color-scheme:dark" in chart.find(f"{SVG}style").text  # type: ignore[union-attr,operator]


def test_a_point_stands_where_its_numbers_say() -> None:
    line = _chart(["one"]).find(f"{SVG}polyline")
    assert line is not None
    (x0, y0), (x1, y1), (x2, y2) = (map(float, pair.split(",")) for pair in line.attrib["points"].split())
    assert x1 - x0 == pytest.approx(x2 - x1), "factors of ten are equally far apart"
    assert y0 - y1 == pytest.approx(y1 - y2)
    assert x0 < x2
    assert y2 < y0, "up is more"


def test_nothing_leaves_the_plot() -> None:
    chart = _chart(["one"])
    text = ElementTree.tostring(chart, encoding="unicode")
    values = [float(v) for v in re.findall(r'\b[xy][12]?="([\d.-]+)"', text)]
    assert min(values) >= 0
    assert max(values) <= float(chart.attrib["width"])


def test_no_two_series_look_alike_and_the_line_to_beat_is_grey_and_dashed() -> None:
    chart = _chart([f"method {index}" for index in range(20)] + ["dice"])
    lines = [(e.attrib["class"], e.attrib["style"]) for e in chart.findall(f"{SVG}polyline")]
    assert len(set(lines)) == len(lines) == 21
    assert lines[-1][0] == "beat"
    assert "dasharray:none" not in lines[-1][1]
    assert float(chart.attrib["height"]) > 20 * 21, "the legend has room for all"


@pytest.mark.parametrize(
    ("axis", "ticks"),
    [
        (Axis("", -1500, -100), [-1500, -1000, -500]),
        (Axis("", 0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (Axis("", 5, 5), [5]),
        (Axis("", 900, 2e6, logarithmic=True), [1e3, 1e4, 1e5, 1e6]),
        (Axis("", 18_000, 60_000, logarithmic=True), [20_000, 50_000]),
    ],
)
def test_ticks_are_round_and_within_the_axis(axis: Axis, ticks: list[float]) -> None:
    assert axis.ticks() == pytest.approx(ticks)


def test_tick_labels_are_short() -> None:
    values = (0, 0.25, -1500, 20_000, 1.5e6, -200_000)
    assert [tick_label(v) for v in values] == ["0", "0.25", "-1,500", "20k", "1.5M", "-200k"]
