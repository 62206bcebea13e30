"""A chart with lines, bands and marks as one SVG file: legible on light and dark pages, and whoever looks at it.

Each series has a colour, a pattern of dashes and a mark of its own. The colours keep a contrast of 3 against both
grounds and stay apart for those who see no red, no green or no blue (`tests/suites/test_svg.py` reckons it).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

LIGHT = ("#1F4FD8", "#C44E00", "#762A83", "#3B97D3", "#661100", "#111827")
DARK = ("#56B4E9", "#D55E00", "#7C6CFF", "#B5E48C", "#CC6677", "#F0E442")
"""Colours of the series, on a light and on a dark ground."""

LINE_TO_BEAT = ("#6B7280", "#9AA4B2")
"""Colour of the series that all others are held against, on both grounds."""

GROUNDS = ("#FFFFFF", "#14171C")
_INKS = ("#111827", "#E6EAF0")
_GRIDS = ("#E5E7EB", "#2B313A")

DASHES = ("", "7 3", "2 3", "9 3 2 3")
"""Series whose colours repeat differ in their dashes."""

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 820, 74, 232, 78, 54
PLOT_HEIGHT, ROW = 300, 20
NAME_LENGTH = 30
"""Characters of a name that fit into the legend; the rest is in its tooltip."""


@dataclass(frozen=True)
class Axis:
    """An axis from `low` to `high`, linear or logarithmic.

    Attributes:
        label: what it shows, with its unit.
        low, high: its ends; both greater than 0 where it is logarithmic.
        logarithmic: whether equal distances are equal factors.
    """

    label: str
    low: float
    high: float
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """Where a value lies, 0 at the low end and 1 at the high one; values beyond an end lie on it."""
        low, high, at = (self._scaled(v) for v in (self.low, self.high, min(max(value, self.low), self.high)))
        return (at - low) / (high - low) if high > low else 0.5

    def _scaled(self, value: float) -> float:
        return math.log10(value) if self.logarithmic else value

    def ticks(self) -> list[float]:
        """Round values between the ends, three to nine of them where there is room."""
        if self.logarithmic:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            steps = (1, 2, 5) if last - first <= 3 else (1,)
            values = [factor * 10.0**power for power in range(first, last + 1) for factor in steps]
            return [value for value in values if self.low <= value <= self.high]
        span = self.high - self.low
        if span <= 0:
            return [self.low]
        rough = span / 5
        size = 10.0 ** math.floor(math.log10(rough))
        step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(index * step, 12) for index in range(first, last + 1)]


@dataclass(frozen=True)
class Series:
    """What one method shows.

    Attributes:
        name: for the legend.
        points: of its line, (x, y).
        band: about the line, (x, low, high).
        end: a mark with its whisker, (x, y, low, high), if there is one.
        is_line_to_beat: it is drawn in grey and dashed.
    """

    name: str
    points: Sequence[tuple[float, float]]
    band: Sequence[tuple[float, float, float]] = ()
    end: tuple[float, float, float, float] | None = None
    is_line_to_beat: bool = False


@dataclass
class Chart:
    """A chart.

    Attributes:
        title: the first line.
        notes: small lines beneath it that say what is drawn.
        x, y: the axes.
        series: what is drawn, in this order; the legend has the same.
    """

    title: str
    notes: Sequence[str]
    x: Axis
    y: Axis
    series: Sequence[Series] = field(default_factory=list)

    def render(self) -> str:
        """The SVG file's text."""
        height = TOP + max(PLOT_HEIGHT, ROW * len(self.series)) + BOTTOM
        styles = list(_styles(self.series))
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
            f'role="img" font-family="system-ui, sans-serif" font-size="12">',
            f"<title>{escape(self.title)}</title>",
            f"<desc>{escape(' '.join(self.notes))}</desc>",
            f"<style>{_css()}</style>",
            f'<rect class="ground" width="{WIDTH}" height="{height}"/>',
            f'<text class="ink" x="{LEFT}" y="24" font-size="16" font-weight="600">{escape(self.title)}</text>',
        ]
        for row, words in enumerate(self.notes):
            parts.append(f'<text class="ink" x="{LEFT}" y="{42 + 15 * row}" font-size="11">{escape(words)}</text>')
        parts += self._axes()
        for series, style in zip(self.series, styles, strict=True):
            parts += self._band(series, style)
        for series, style in zip(self.series, styles, strict=True):
            parts += self._line(series, style)
        for series, style in zip(self.series, styles, strict=True):
            parts += self._end(series, style)
        parts += [
            line
            for row, (series, style) in enumerate(zip(self.series, styles, strict=True))
            for line in _legend(series, style, TOP + 8 + ROW * row)
        ]
        return "\n".join([*parts, "</svg>"]) + "\n"

    def _x(self, value: float) -> float:
        return LEFT + self.x.place(value) * (WIDTH - LEFT - RIGHT)

    def _y(self, value: float) -> float:
        return TOP + PLOT_HEIGHT * (1 - self.y.place(value))

    def _axes(self) -> list[str]:
        right, bottom = WIDTH - RIGHT, TOP + PLOT_HEIGHT
        parts = []
        for value in self.y.ticks():
            y = self._y(value)
            parts.append(f'<line class="grid" x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
            parts.append(
                f'<text class="ink" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tick_label(value)}</text>'
            )
        for value in self.x.ticks():
            x = self._x(value)
            parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}"/>')
            parts.append(
                f'<text class="ink" x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{tick_label(value)}</text>'
            )
        middle, centre = (LEFT + right) / 2, TOP + PLOT_HEIGHT / 2
        parts.append(
            f'<text class="ink" x="{middle:.1f}" y="{bottom + 40}" text-anchor="middle">{escape(self.x.label)}</text>'
        )
        parts.append(
            f'<text class="ink" transform="translate(18 {centre:.1f}) rotate(-90)" text-anchor="middle">'
            f"{escape(self.y.label)}</text>"
        )
        return parts

    def _band(self, series: Series, style: _Style) -> list[str]:
        if not series.band:
            return []
        there = [f"{self._x(x):.1f},{self._y(high):.1f}" for x, _, high in series.band]
        back = [f"{self._x(x):.1f},{self._y(low):.1f}" for x, low, _ in reversed(series.band)]
        return [f'<polygon class="{style.colour}" opacity="0.16" points="{" ".join([*there, *back])}"/>']

    def _line(self, series: Series, style: _Style) -> list[str]:
        points = " ".join(f"{self._x(x):.1f},{self._y(y):.1f}" for x, y in series.points)
        return [f'<polyline class="{style.colour}" {style.stroke} points="{points}"/>'] if points else []

    def _end(self, series: Series, style: _Style) -> list[str]:
        if series.end is None:
            return []
        at, value, low, high = series.end
        x = self._x(at)
        return [
            f'<line class="{style.colour}" {style.whisker} x1="{x:.1f}" x2="{x:.1f}" '
            f'y1="{self._y(low):.1f}" y2="{self._y(high):.1f}"/>',
            style.mark_at(x, self._y(value)),
        ]


@dataclass(frozen=True)
class _Style:
    colour: str
    dash: str
    mark: int

    @property
    def stroke(self) -> str:
        dashes = self.dash or "none"
        return f'stroke-width="2" stroke-linejoin="round" style="fill:none;stroke-dasharray:{dashes}"'

    @property
    def whisker(self) -> str:
        return 'stroke-width="1.5"'

    def mark_at(self, x: float, y: float) -> str:
        """A circle, a square, a triangle or a diamond."""
        if self.mark % 4 == 0:
            return f'<circle class="{self.colour}" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>'
        corners = {
            1: ((-4, -4), (4, -4), (4, 4), (-4, 4)),
            2: ((0, -5.5), (5, 4), (-5, 4)),
            3: ((0, -6), (5, 0), (0, 6), (-5, 0)),
        }[self.mark % 4]
        points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners)
        return f'<polygon class="{self.colour}" points="{points}"/>'


def _styles(series: Sequence[Series]) -> list[_Style]:
    """A style for each: grey for lines to beat, for the others colours in turn, then the same with other dashes."""
    styles = []
    counts = {True: 0, False: 0}
    for one in series:
        number = counts[one.is_line_to_beat]
        counts[one.is_line_to_beat] += 1
        if one.is_line_to_beat:
            styles.append(_Style("beat", DASHES[1:][number % 3], 3 - number))
        else:
            styles.append(_Style(f"s{number % len(LIGHT)}", DASHES[number // len(LIGHT) % len(DASHES)], number))
    return styles


def _legend(series: Series, style: _Style, y: float) -> list[str]:
    x = WIDTH - RIGHT + 22
    name = series.name if len(series.name) <= NAME_LENGTH else series.name[: NAME_LENGTH - 1] + "…"
    tooltip = f"<title>{escape(series.name)}</title>"
    return [
        f'<g>{tooltip}<polyline class="{style.colour}" {style.stroke} points="{x},{y} {x + 28},{y}"/>'
        + ("" if series.end is None else style.mark_at(x + 14, y))
        + f'<text class="ink" x="{x + 36}" y="{y + 4}" font-size="11">{escape(name)}</text></g>'
    ]


def _css() -> str:
    """Classes for both grounds: the reader's own choice of light or dark decides."""

    def rules(which: int, colours: Sequence[str]) -> str:
        named = {f"s{index}": colour for index, colour in enumerate(colours)} | {"beat": LINE_TO_BEAT[which]}
        return "".join(
            [
                f".ground{{fill:{GROUNDS[which]}}}.ink{{fill:{_INKS[which]}}}.grid{{stroke:{_GRIDS[which]}}}",
                *(f".{name}{{stroke:{colour};fill:{colour}}}" for name, colour in named.items()),
            ]
        )

    return f"{rules(0, LIGHT)}@media (prefers-color-scheme:dark){{{rules(1, DARK)}}}"


def tick_label(value: float) -> str:
    """A round number in few characters: 20k, 1.5M, -0.25."""
    size = abs(value)
    if size >= 1e6:
        return f"{value / 1e6:g}M"
    if size >= 1e4:
        return f"{value / 1e3:g}k"
    return f"{value:,.0f}" if size >= 100 else f"{value:.4g}"
