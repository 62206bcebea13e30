"""CSV: the numbers behind a chart, a row each, in a form that every spreadsheet reads."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from poise.types import Json


def encode(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table: a head, and its rows; what is ``None`` stays empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([_safe(name) for name in columns])
    writer.writerows(["" if value is None else value for value in row] for row in rows)
    return text.getvalue()


def episode(data: Json) -> str:
    """The traces of an episode, as `poise.studio.episodes.Episode.to_json` describes it: a row a step.

    The last row is the state that it ended in: no action and no reward follow it.
    """
    parts = len(data["actions"][0]) if data["actions"] else 0
    actions = ["action"] if parts == 1 else [f"action {name}" for name in data["actionNames"][:parts]]
    actions += [f"action {place}" for place in range(len(actions), parts)]
    columns = ["step", *data["featureNames"], *actions, "reward", "return"]
    rows, total = [], 0.0
    for step, seen in enumerate(data["observations"]):
        last = step == len(data["actions"])
        done = [None] * (parts + 1) if last else [*data["actions"][step], data["rewards"][step]]
        rows.append([step, *seen, *done, total])
        total += 0.0 if last else data["rewards"][step] or 0.0
    return encode(columns, rows)


def _safe(name: str) -> str:
    """A column's name that no spreadsheet takes for a formula."""
    return f"'{name}" if name[:1] in "=+-@" else name
