"""Pictures by an environment's own renderer, and a reason where there are none."""

from __future__ import annotations

import os
from typing import Any

import gymnasium
import numpy as np
import pytest

from poise.errors import InvalidValueError, MissingDependencyError, PoiseError
from poise.rollouts.pictures import check_pictures, close_pictures, make_with_pictures, picture_of
from poise.types import EnvironmentSpec


class _Drawing(gymnasium.Env[Any, Any]):
    """An environment whose renderer does what it is told."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 30}  # noqa: RUF012  as Gymnasium has it
    observation_space = gymnasium.spaces.Box(-1, 1, (2,))
    action_space = gymnasium.spaces.Discrete(2)
    drawn: Any = None

    def __init__(self, **arguments: Any) -> None:
        self.render_mode = arguments.get("render_mode")

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        return np.zeros(2, np.float32), {}

    def render(self) -> Any:
        if isinstance(self.drawn, Exception):
            raise self.drawn
        return self.drawn


@pytest.fixture
def spec(monkeypatch: pytest.MonkeyPatch) -> Any:
    gymnasium.register("Drawing-v0", entry_point=_Drawing, max_episode_steps=5)
    yield EnvironmentSpec("Drawing-v0")
    del gymnasium.registry["Drawing-v0"]


@pytest.mark.parametrize(
    ("drawn", "words"),
    [
        (ValueError("pygame is not installed"), "pip install pygame-ce"),
        (RuntimeError("an OpenGL platform library has not been loaded"), "MUJOCO_GL=egl"),
        (ZeroDivisionError("half a pixel"), "cannot draw itself here: ZeroDivisionError: half a pixel"),
        (None, "something else than a picture"),
        (np.zeros((4, 4)), "something else than a picture"),
    ],
)
def test_what_is_missing_is_said(
    spec: EnvironmentSpec, drawn: Any, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Drawing, "drawn", drawn)
    with pytest.raises(MissingDependencyError, match=words):
        check_pictures(spec)


def test_an_environment_without_a_renderer_is_told(spec: EnvironmentSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Drawing, "metadata", {"render_modes": []})
    with pytest.raises(InvalidValueError, match="does not render into an array"):
        make_with_pictures(spec)


@pytest.mark.parametrize(
    ("constructor", "words"),
    [
        (lambda self: None, "has no pictures: its constructor takes no render_mode"),
        (lambda self, wind: None, "could not be made: .*wind"),
    ],
)
def test_one_that_takes_no_render_mode_has_no_pictures(
    spec: EnvironmentSpec, monkeypatch: pytest.MonkeyPatch, constructor: Any, words: str
) -> None:
    monkeypatch.setattr(_Drawing, "__init__", constructor)
    with pytest.raises(PoiseError, match=words):
        make_with_pictures(spec)


def test_one_that_ends_leaves_the_others_able_to_draw() -> None:
    pytest.importorskip("pygame")
    one, other = (make_with_pictures(EnvironmentSpec("Blackjack-v1")) for _ in range(2))
    for environment in (one, other):
        environment.reset(seed=1)
        assert picture_of(environment).ndim == 3
    close_pictures(one)
    assert picture_of(other).any()
    close_pictures(other)


def test_the_users_own_choice_of_a_driver_is_kept(spec: EnvironmentSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUJOCO_GL", "osmesa")
    monkeypatch.setattr(_Drawing, "drawn", np.zeros((4, 4, 3), np.uint8))
    check_pictures(spec)
    assert os.environ["MUJOCO_GL"] == "osmesa"
