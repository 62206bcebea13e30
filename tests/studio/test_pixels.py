"""The page's pictures beside Gymnasium's own: the same state in both, compared by the place of what is coloured.

How it is measured. Gymnasium draws a state into an array (`rgb_array`); the page's renderer draws the same
observation on a canvas of the same size. In both, the pixels of one part are found by its colour; blends at edges are
left out, as they lie on all sides. Parts are not of quite the same shape in the two pictures (the page's pole is a
little shorter, its rods have round ends), so what is compared is where a part is and how it is turned: the middle of
the cart, the centroid of the car's wheels and of the acrobot's joints, and for a rod how far the centroid of one
picture lies beside the axis of the other, which is the first principal component of its pixels. Each distance must be
at most two pixels at 600 × 400 (500 × 500 for those that Gymnasium draws so).
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
import numpy.typing as npt
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

STATES = 50
NEAR = 2.0
"""Pixels."""

COLOURS = {"agent": "#ff0000", "body": "#0000ff", "stage": "#ff00ff"}
"""Of the page's parts in this test; all others are white."""

Points = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def page(cartpole_url: str, chromium: Browser) -> Iterator[Page]:
    """A page without the application: only its modules are called."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{cartpole_url}static/icon.svg")
    yield page
    context.close()


def ours(page: Page, module: str, observations: list[list[float]], size: tuple[int, int]) -> list[dict[str, Points]]:
    """The pixels of each colour, rows of x and y, in the page's picture of each observation."""
    found = page.evaluate(
        """async ([module, observations, [width, height], named]) => {
          const { draw } = await import(`/static/renderers/${module}.js`);
          const canvas = new OffscreenCanvas(width, height);
          canvas.dataset = {};
          const context = canvas.getContext("2d", { willReadFrequently: true });
          const colors = new Proxy(named, { get: (all, name) => all[name] ?? "#ffffff" });
          const scene = { colors, push: 0, failed: false, names: [], ranges: [], trail: [] };
          return observations.map((observation) => {
            context.setTransform(1, 0, 0, 1, 0, 0);
            context.fillStyle = "#ffffff";
            context.fillRect(0, 0, width, height);
            draw(context, observation, { width, height }, scene);
            const { data } = context.getImageData(0, 0, width, height);
            const parts = { agent: [], body: [], stage: [] };
            for (let i = 0; i < data.length; i += 4) {
              if (data[i + 1] !== 0) continue;
              const color = `${data[i]},${data[i + 1]},${data[i + 2]}`;
              const part = { "255,0,0": parts.agent, "0,0,255": parts.body, "255,0,255": parts.stage }[color];
              part?.push(i / 4);
            }
            return JSON.stringify(parts);
          });
        }""",
        [module, observations, size, COLOURS],
    )
    return [
        {name: np.stack([np.array(at) % size[0] + 0.5, np.array(at) // size[0] + 0.5], 1) for name, at in parts.items()}
        for parts in map(json.loads, found)
    ]


def theirs(environment: gymnasium.Env[Any, Any], state: npt.NDArray[np.float64]) -> Any:
    """Gymnasium's own picture of a state."""
    environment.unwrapped.state = state  # type: ignore[attr-defined]
    return environment.render()


def pixels(picture: Any, colour: tuple[int, int, int]) -> Points:
    rows, columns = np.nonzero((picture == np.array(colour)).all(-1))
    return np.stack([columns + 0.5, rows + 0.5], 1)


def axis(points: Points) -> tuple[Points, Points]:
    """A rod's middle and its direction, by the spread of its pixels: the first principal component."""
    middle = points.mean(0)
    _, _, directions = np.linalg.svd(points - middle, full_matrices=False)
    return middle, directions[0]


def off_axis(points: Points, at: Points) -> float:
    """How far a point lies beside the axis of a rod."""
    middle, direction = axis(points)
    away = at - middle
    return float(abs(away[0] * direction[1] - away[1] * direction[0]))


@pytest.fixture
def made() -> Iterator[Any]:
    pytest.importorskip("pygame")
    opened: list[gymnasium.Env[Any, Any]] = []

    def make(name: str) -> gymnasium.Env[Any, Any]:
        environment = gymnasium.make(name, render_mode="rgb_array")
        environment.reset(seed=0)
        opened.append(environment)
        return environment

    yield make
    for environment in opened:
        environment.close()


def test_cart_and_pole_stand_where_gymnasium_draws_them(page: Page, made: Any) -> None:
    environment, generator = made("CartPole-v1"), np.random.default_rng(0)
    states = generator.uniform((-2.0, -1, -0.2, -1), (2.0, 1, 0.2, 1), (STATES, 4))
    for state, parts in zip(states, ours(page, "cartpole", states.tolist(), (600, 400)), strict=True):
        picture = theirs(environment, state)
        cart, pole = pixels(picture, (0, 0, 0)), pixels(picture, (202, 152, 101))
        cart = cart[(np.abs(cart[:, 1] - 300) > 2) & (cart[:, 1] < 315)]  # the track has the same colour
        across = (cart[:, 0].min() + cart[:, 0].max()) / 2
        assert abs((parts["body"][:, 0].min() + parts["body"][:, 0].max()) / 2 - across) <= NEAR, state
        assert off_axis(parts["agent"], pole.mean(0)) <= NEAR, state
        assert off_axis(pole, parts["agent"].mean(0)) <= NEAR, state
        assert abs(parts["body"][:, 1].mean() - 300) <= NEAR, state


def test_the_car_stands_where_gymnasium_draws_it(page: Page, made: Any) -> None:
    environment, generator = made("MountainCar-v0"), np.random.default_rng(0)
    states = generator.uniform((-1.1, -0.07), (0.45, 0.07), (STATES, 2))
    for state, parts in zip(states, ours(page, "mountain_car", states.tolist(), (600, 400)), strict=True):
        wheels = pixels(theirs(environment, state), (128, 128, 128))
        wheels = wheels[np.abs(wheels - wheels.mean(0)).max(1) < 40]
        away = np.abs(parts["body"].mean(0) - wheels.mean(0))
        assert away.max() <= NEAR, (state, away)


def test_the_links_hang_where_gymnasium_draws_them(page: Page, made: Any) -> None:
    environment, generator = made("Acrobot-v1"), np.random.default_rng(0)
    # Links that are folded back cover each other, and have one colour: their places cannot be told apart.
    states = generator.uniform((-math.pi, -2, 0, 0), (math.pi, 2, 0, 0), (STATES, 4))
    seen = [[math.cos(a), math.sin(a), math.cos(b), math.sin(b), 0.0, 0.0] for a, b, _, _ in states]
    for state, parts in zip(states, ours(page, "acrobot", seen, (500, 500)), strict=True):
        picture = theirs(environment, state)
        links, joints = pixels(picture, (0, 204, 204)), pixels(picture, (204, 204, 0))
        assert np.abs(parts["stage"].mean(0) - joints.mean(0)).max() <= NEAR, state
        top = np.array([250.0, 250.0])
        first = 2 * (joints.mean(0) - top)  # the joints' middle lies halfway on the first link
        along = np.clip((links - top) @ first / (first @ first), 0, 1)
        apart = links[np.linalg.norm(links - top - along[:, None] * first, axis=1) > 16]
        assert off_axis(parts["agent"], apart.mean(0)) <= NEAR, state


def test_the_pendulum_hangs_where_gymnasium_draws_it(page: Page, made: Any) -> None:
    environment, generator = made("Pendulum-v1"), np.random.default_rng(0)
    states = generator.uniform((-math.pi, -1), (math.pi, 1), (STATES, 2))
    seen = [[math.cos(angle), math.sin(angle), 0.0] for angle, _ in states]
    for state, parts in zip(states, ours(page, "pendulum", seen, (500, 500)), strict=True):
        environment.unwrapped.last_u = None
        rod = pixels(theirs(environment, state), (204, 77, 77))
        assert off_axis(parts["body"], rod.mean(0)) <= NEAR, state
        # The page shows the rod larger, as nothing else is on its stage: 2.8 metres across, and not 4.4.
        centre = np.array([250.0, 250.0])
        assert np.abs((parts["body"].mean(0) - centre) * 2.8 / 4.4 - (rod.mean(0) - centre)).max() <= NEAR, state
