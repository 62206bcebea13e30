"""Draws classic control with NumPy alone, as the page does on its canvas, and any other observation as gauges.

So that a picture of an episode can be had where Gymnasium's renderers are not installed. Each shape is a signed
distance to its edge; half a pixel on both sides of it is blended.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]
Point = tuple[float, float]
Distance = Callable[[npt.NDArray[np.float32], npt.NDArray[np.float32]], npt.NDArray[np.float32]]

STAGE, FAINT, LINE, STRONG = (245, 247, 250), (233, 237, 243), (223, 227, 234), (141, 151, 168)
BODY, AGENT, GOOD = (74, 83, 100), (47, 111, 219), (13, 122, 112)


class Canvas:
    """A picture that is drawn on.

    Args:
        width, height: in pixels.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._pixels = np.empty((height, width, 3), dtype=np.float32)
        self._pixels[:] = STAGE

    def picture(self) -> Picture:
        """What has been drawn, shape (height, width, 3)."""
        return np.rint(self._pixels).astype(np.uint8)

    def rod(self, start: Point, end: Point, width: float, colour: Colour) -> None:
        """A line with round ends."""
        (x0, y0), (x1, y1) = start, end
        dx, dy, radius = x1 - x0, y1 - y0, width / 2

        def distance(x: npt.NDArray[np.float32], y: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
            along = np.clip(((x - x0) * dx + (y - y0) * dy) / max(dx * dx + dy * dy, 1e-9), 0, 1)
            return np.asarray(np.hypot(x - x0 - along * dx, y - y0 - along * dy) - radius)

        box = (min(x0, x1) - radius, min(y0, y1) - radius, max(x0, x1) + radius, max(y0, y1) + radius)
        self._blend(distance, box, colour)

    def disc(self, centre: Point, radius: float, colour: Colour) -> None:
        """A filled circle."""
        self.rod(centre, centre, 2 * radius, colour)

    def box(self, centre: Point, width: float, height: float, colour: Colour, turned: float = 0.0) -> None:
        """A rectangle around its centre, turned clockwise by an angle in radians."""
        (cx, cy), (cos, sin) = centre, (np.cos(turned), np.sin(turned))

        def distance(x: npt.NDArray[np.float32], y: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
            u, v = (x - cx) * cos + (y - cy) * sin, (y - cy) * cos - (x - cx) * sin
            return np.asarray(np.maximum(np.abs(u) - width / 2, np.abs(v) - height / 2))

        reach = float(np.hypot(width, height)) / 2
        self._blend(distance, (cx - reach, cy - reach, cx + reach, cy + reach), colour)

    def below(self, heights: npt.NDArray[np.float64], colour: Colour) -> None:
        """Everything below a curve: one height a column, in pixels from above."""
        rows = np.arange(self.height, dtype=np.float32)[:, None] + 0.5
        self._mix(slice(None), slice(None), np.clip(0.5 + rows - heights[None, :], 0, 1), colour)

    def _blend(self, distance: Distance, box: tuple[float, float, float, float], colour: Colour) -> None:
        left, top = max(0, int(box[0]) - 1), max(0, int(box[1]) - 1)
        right, bottom = min(self.width, int(box[2]) + 2), min(self.height, int(box[3]) + 2)
        if left >= right or top >= bottom:
            return
        y, x = np.mgrid[top:bottom, left:right].astype(np.float32) + 0.5
        self._mix(slice(top, bottom), slice(left, right), np.clip(0.5 - distance(x, y), 0, 1), colour)

    def _mix(self, rows: slice, columns: slice, share: npt.NDArray[Any], colour: Colour) -> None:
        part = self._pixels[rows, columns]
        part += share[..., None] * (np.array(colour, dtype=np.float32) - part)


def cartpole(canvas: Canvas, seen: Sequence[float]) -> None:
    """A cart on its track and a pole on the cart; 4.8 metres across."""
    scale = min(canvas.width / 4.8, canvas.height * 0.65)
    ground, middle = canvas.height * 0.75, canvas.width / 2 + seen[0] * scale
    track = ground + 0.12 * scale
    canvas.rod((canvas.width / 2 - 2.4 * scale, track), (canvas.width / 2 + 2.4 * scale, track), 1, STRONG)
    canvas.box((middle, ground), 0.4 * scale, 0.24 * scale, BODY)
    axle = (middle, ground - 0.06 * scale)
    tip = (axle[0] + np.sin(seen[2]) * 0.96 * scale, axle[1] - np.cos(seen[2]) * 0.96 * scale)
    canvas.rod(axle, tip, 0.08 * scale, AGENT)
    canvas.disc(axle, 0.03 * scale, STAGE)


def mountain_car(canvas: Canvas, seen: Sequence[float]) -> None:
    """A car between two hills, a flag on the right one."""
    scale = min(canvas.width / 1.8, canvas.height / 1.2)
    left, bottom = (canvas.width - 1.8 * scale) / 2, (canvas.height + 1.2 * scale) / 2

    def at(x: float) -> Point:
        return left + (x + 1.2) * scale, bottom - (np.sin(3 * x) * 0.45 + 0.55) * scale

    columns = (np.arange(canvas.width) + 0.5 - left) / scale - 1.2
    canvas.below(bottom - (np.sin(3 * columns) * 0.45 + 0.55) * scale, FAINT)
    foot = at(0.5)
    canvas.rod(foot, (foot[0], foot[1] - 0.15 * scale), 2, STRONG)
    canvas.box((foot[0] + 0.04 * scale, foot[1] - 0.135 * scale), 0.07 * scale, 0.03 * scale, GOOD)
    x, y = at(seen[0])
    slope = -np.cos(3 * seen[0])  # as Gymnasium turns its car

    def on_car(along: float, above: float) -> Point:
        return x + (along * np.cos(slope) + above * np.sin(slope)) * scale, y + (
            along * np.sin(slope) - above * np.cos(slope)
        ) * scale

    canvas.box(on_car(0, 0.06), 0.12 * scale, 0.06 * scale, AGENT, slope)
    for side in (-0.03, 0.03):
        canvas.disc(on_car(side, 0.03), 0.024 * scale, BODY)


def acrobot(canvas: Canvas, seen: Sequence[float]) -> None:
    """Two links that hang from a point, and the line that the tip must reach."""
    scale = min(canvas.width, canvas.height) / 4.4
    first = np.arctan2(seen[1], seen[0])
    second = first + np.arctan2(seen[3], seen[2])
    top = (canvas.width / 2, canvas.height / 2)
    joint = (top[0] + np.sin(first) * scale, top[1] + np.cos(first) * scale)
    tip = (joint[0] + np.sin(second) * scale, joint[1] + np.cos(second) * scale)
    canvas.rod((top[0] - 2.2 * scale, top[1] - scale), (top[0] + 2.2 * scale, top[1] - scale), 1, GOOD)
    canvas.rod(top, joint, 0.16 * scale, BODY)
    canvas.rod(joint, tip, 0.16 * scale, AGENT)
    canvas.disc(top, 0.05 * scale, STAGE)
    canvas.disc(joint, 0.05 * scale, STAGE)


def pendulum(canvas: Canvas, seen: Sequence[float]) -> None:
    """A rod that turns around its end; upright is up."""
    scale = min(canvas.width, canvas.height) / 2.8
    axle = (canvas.width / 2, canvas.height / 2)
    tip = (axle[0] - seen[1] * scale, axle[1] - seen[0] * scale)
    canvas.rod(axle, tip, 0.16 * scale, AGENT)
    canvas.disc(axle, 0.05 * scale, STAGE)


def gauges(canvas: Canvas, seen: Sequence[float], low: Sequence[float], high: Sequence[float]) -> None:
    """A line for each number, its dot between the least and the greatest value of the episode; at most 24 of them."""
    count = min(len(seen), 24)
    for place in range(count):
        y = canvas.height * (place + 0.5) / count
        span = high[place] - low[place]
        share = (seen[place] - low[place]) / span if span > 0 else 0.5
        canvas.rod((24, y), (canvas.width - 24, y), 1, STRONG)
        canvas.disc((24 + share * (canvas.width - 48), y), 5, AGENT)


DRAWINGS: dict[str, tuple[int, Callable[[Canvas, Sequence[float]], None]]] = {
    "CartPole": (4, cartpole),
    "MountainCar": (2, mountain_car),
    "MountainCarContinuous": (2, mountain_car),
    "Acrobot": (6, acrobot),
    "Pendulum": (3, pendulum),
}
"""Numbers of an observation and what draws it, by the environment's name without its version."""
