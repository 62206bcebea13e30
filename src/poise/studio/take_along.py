"""An episode or a run's curves as a file to take along; what a file of each kind is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from poise.export import film, frames, gif, html, table
from poise.studio.assets import load, needed
from poise.studio.episodes import Episode
from poise.studio.source import Watched

MOST_PICTURES = 1_500
"""Pictures in a film; of a longer episode only every other step, every third and so on is shown."""

GIF_FPS = 25.0
"""Pictures a second in a GIF at most: browsers show no more than fifty, and half of it halves the file."""

MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "gif": "image/gif",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "csv": "text/csv; charset=utf-8",
}
"""The kinds of file that an episode can be taken along as."""


def file_of(kind: str, episode: Episode, watched: Watched) -> bytes:
    """An episode as a file of a kind of `MEDIA_TYPES`.

    Raises:
        PoiseError: it cannot be drawn, or a package is missing.
    """
    makers: dict[str, Callable[[], bytes]] = {
        "html": lambda: _html(episode, watched),
        "csv": lambda: table.episode(episode.to_json(watched)).encode(),
        "gif": lambda: _gif(episode),
    }
    return makers.get(kind, lambda: _film(episode, kind))()


def file_name(kind: str, episode: Episode) -> str:
    """A name for it: ``CartPole-v1-seed-7.gif``."""
    plain = "".join(
        letter if letter.isalnum() or letter in "-._" else "_" for letter in episode.recording.environment.id
    )
    return f"{plain}-seed-{episode.recording.seed}.{kind}"


def _html(episode: Episode, watched: Watched) -> bytes:
    data = episode.to_json(watched)
    files = {name: asset.content for name, asset in load().items()}
    return html.encode(data, files, needed("replay")).encode()


def _gif(episode: Episode) -> bytes:
    pace = frames.pace_of(episode.recording)
    every = max(round(pace / GIF_FPS), _stride(episode), 1)
    return gif.encode(frames.pictures(episode.recording, every), every / pace)


def _film(episode: Episode, kind: str) -> bytes:
    pace, every = frames.pace_of(episode.recording), _stride(episode)
    return film.encode(frames.pictures(episode.recording, every), pace / every, kind)


def _stride(episode: Episode) -> int:
    return -(-len(episode.recording.actions) // MOST_PICTURES) or 1


def curve(lines: list[dict[str, Any]]) -> str:
    """The curve of a run, a generation a row, as the page draws it."""
    rows = []
    for line in lines:
        low, high = np.quantile(line.get("scores") or [line["mean"]], (0.1, 0.9)).tolist()
        best = [line.get("best"), line["mean"], line.get("best_so_far")]
        rows.append([line["generation"], line["steps"], *best, low, high])
    columns = ("generation", "steps", "best", "mean", "best so far", "tenth percentile", "ninetieth percentile")
    return table.encode(columns, rows)


def scores(lines: list[dict[str, Any]]) -> str:
    """Every candidate's score, a row each."""
    rows = [(line["generation"], line["steps"], score) for line in lines for score in line.get("scores") or ()]
    return table.encode(("generation", "steps", "score"), rows)
