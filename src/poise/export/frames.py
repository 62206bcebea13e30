"""The pictures of an episode, one after the other: drawn here, by the environment itself, or as gauges."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from poise.errors import PoiseError
from poise.export.drawing import DRAWINGS, Canvas, Picture, gauges
from poise.rollouts.pictures import close_pictures, make_with_pictures, picture_of
from poise.rollouts.recording import Recording

WIDTH, HEIGHT = 480, 320
"""Pixels of what is drawn here; an environment that draws itself has its own size."""

USUAL_FPS = 30.0


def pace_of(recording: Recording) -> float:
    """Steps a second: the environment's ``render_fps``."""
    from poise.rollouts.environments import close, make

    environment = make(recording.environment)
    try:
        return float(environment.metadata.get("render_fps") or USUAL_FPS)
    finally:
        close(environment)


def pictures(recording: Recording, every: int = 1) -> Iterator[Picture]:
    """A picture of every so many steps, and of the last one.

    Classic control is drawn from its observations, see `poise.export.drawing`; any other environment draws itself while
    the episode is played again; where it cannot, its observations are shown as gauges.

    Args:
        recording: the episode.
        every: 1 for all steps, 2 for every other, and so on.

    Yields:
        shape (height, width, 3), the same for all.
    """
    steps = sorted({*range(0, len(recording.observations), every), len(recording.observations) - 1})
    name = recording.environment.id.rpartition("/")[2].rpartition(":")[2].rpartition("-v")[0]
    rows = [np.asarray(seen, dtype=np.float64).reshape(-1) for seen in recording.observations if _is_row(seen)]
    known = DRAWINGS.get(name)
    if known is not None and rows and rows[0].size == known[0]:
        for step in steps:
            canvas = Canvas(WIDTH, HEIGHT)
            known[1](canvas, rows[step].tolist())
            yield canvas.picture()
        return
    try:
        environment = make_with_pictures(recording.environment)
        environment.reset(seed=recording.seed)
        first = picture_of(environment)
    except PoiseError:
        if len(rows) != len(recording.observations):
            raise
        yield from _gauges(rows, steps)
        return
    try:
        yield first
        wanted = set(steps)
        for step, action in enumerate(recording.actions, start=1):
            environment.step(action)
            if step in wanted:
                yield picture_of(environment)
    finally:
        close_pictures(environment)


def _gauges(rows: list[np.ndarray[tuple[int], np.dtype[np.float64]]], steps: list[int]) -> Iterator[Picture]:
    low, high = np.min(rows, axis=0).tolist(), np.max(rows, axis=0).tolist()
    for step in steps:
        canvas = Canvas(WIDTH, HEIGHT)
        gauges(canvas, rows[step].tolist(), low, high)
        yield canvas.picture()


def _is_row(seen: object) -> bool:
    return not isinstance(seen, dict | tuple)
