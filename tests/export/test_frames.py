"""Pictures of an episode: drawn where they can be drawn, by whatever can."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from poise.export import film, png, table
from poise.export.drawing import AGENT, GOOD
from poise.export.frames import HEIGHT, WIDTH, pace_of, pictures
from poise.rollouts.recording import Recording, record
from poise.types import EnvironmentSpec


def play(env: str, action: Any, steps: int = 12) -> Recording:
    return record(EnvironmentSpec(env, {}, steps), lambda _: action, 3)


def middle(picture: Any, colour: tuple[int, int, int]) -> tuple[float, float]:
    """The mean place of the pixels of a colour."""
    rows, columns = np.nonzero((picture == np.array(colour)).all(-1))
    assert rows.size > 20
    return float(columns.mean()) + 0.5, float(rows.mean()) + 0.5


@pytest.mark.parametrize(
    ("env", "action"),
    [
        ("CartPole-v1", 1),
        ("MountainCar-v0", 2),
        ("MountainCarContinuous-v0", np.array([1.0], np.float32)),
        ("Acrobot-v1", 2),
        ("Pendulum-v1", np.array([1.0], np.float32)),
    ],
)
def test_classic_control_is_drawn_without_any_renderer(env: str, action: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygame", None)
    recording = play(env, action)
    drawn = list(pictures(recording))
    assert len(drawn) == len(recording.observations)
    assert {picture.shape for picture in drawn} == {(HEIGHT, WIDTH, 3)}
    assert middle(drawn[0], AGENT) != middle(drawn[-1], AGENT)


def test_a_pole_stands_where_it_was_observed() -> None:
    recording = play("CartPole-v1", 1)
    position, _, angle, _ = recording.observations[-1].tolist()
    x, y = middle(list(pictures(recording))[-1], AGENT)
    scale = WIDTH / 4.8
    assert x == pytest.approx(WIDTH / 2 + (position + 0.48 * np.sin(angle)) * scale, abs=2)
    # The disc on the axle hides some of the pole's lower end.
    assert y == pytest.approx(HEIGHT * 0.75 - (0.06 + 0.48 * np.cos(angle)) * scale, abs=4)


def test_every_other_step_ends_with_the_last() -> None:
    recording = play("MountainCar-v0", 2, steps=10)
    assert len(list(pictures(recording, every=4))) == 4
    assert middle(next(pictures(recording, every=4)), GOOD)


def test_what_nothing_can_draw_is_shown_as_gauges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygame", None)
    recording = play("FrozenLake-v1", 3, steps=5)
    drawn = list(pictures(recording))
    assert len(drawn) == len(recording.observations)
    assert middle(drawn[0], AGENT)


def test_an_environment_draws_itself() -> None:
    pygame = pytest.importorskip("pygame")
    recording = play("FrozenLake-v1", 3, steps=5)
    drawn = list(pictures(recording))
    assert len(drawn) == len(recording.observations)
    assert drawn[0].shape == (256, 256, 3)
    assert pygame.font.get_init(), "others may still write"


def test_the_pace_is_the_environments() -> None:
    assert (pace_of(play("CartPole-v1", 1)), pace_of(play("Acrobot-v1", 1))) == (50.0, 15.0)


@pytest.mark.parametrize("kind", ["mp4", "webm"])
def test_a_film_has_every_picture_at_its_pace(kind: str) -> None:
    av = pytest.importorskip("av")
    import io

    content = film.encode(pictures(play("CartPole-v1", 1)), 50.0, kind)
    with av.open(io.BytesIO(content)) as container:
        (stream,) = container.streams.video
        found = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        assert float(stream.average_rate) == 50.0
    assert len(found) == len(play("CartPole-v1", 1).observations)
    assert np.abs(found[0].astype(int) - next(pictures(play("CartPole-v1", 1)))).mean() < 8


def test_a_png_is_what_was_drawn() -> None:
    image = pytest.importorskip("PIL.Image")
    import io

    noise = np.random.default_rng(0).integers(0, 256, (7, 5, 3), dtype=np.uint8)
    np.testing.assert_array_equal(np.asarray(image.open(io.BytesIO(png.encode(noise)))), noise)


def test_a_table_holds_every_step_and_no_formula() -> None:
    data = {
        "featureNames": ["x", "=1+1"],
        "actionNames": ["left", "right"],
        "observations": [[0.1, None], [0.2, 1.0]],
        "actions": [[1]],
        "rewards": [-0.5],
    }
    assert table.episode(data) == "step,x,'=1+1,action,reward,return\n0,0.1,,1,-0.5,0.0\n1,0.2,1.0,,,-0.5\n"
