"""What persons have played: a table of the best episodes of each environment, and the episodes themselves.

A folder of files that a person can read: ``scores.json``, and in ``episodes/`` a file an episode, its seed and actions.
"""

from __future__ import annotations

import os
import re
import secrets
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from poise.errors import InvalidFileError, InvalidValueError, OutputError
from poise.policies.spaces import decode_space, encode_space, feature_names
from poise.rollouts.environments import close, make
from poise.rollouts.recording import Recording, plain, replay
from poise.runs.files import read_json, write_json
from poise.studio.episodes import Episode
from poise.studio.library import RunGoneError, short
from poise.studio.play import Played, digest_of
from poise.studio.source import Watched, action_names
from poise.types import EnvironmentSpec, Json

BEST = 10
"""Lines of the table of an environment."""

RECENT = 20
"""Episodes that are kept beside those of the tables, the newest of all environments."""

LONGEST_NAME = 40
"""Characters of a person's name."""

_ID = re.compile(r"[0-9a-f]{16}")


def directory() -> Path:
    """Where it is kept: ``POISE_DATA_DIR``, else ``poise`` in the user's data directory; in it ``play``."""
    chosen = os.environ.get("POISE_DATA_DIR")
    if chosen:
        return Path(chosen) / "play"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "poise" / "play"
    base = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "poise" / "play"


class PlayedStore:
    """Keeps episodes and their table.

    Args:
        root: the folder; it is made when something is kept.
    """

    def __init__(self, root: Path) -> None:
        self._root, self._lock = root, threading.Lock()

    def keep(self, played: Played) -> Json:
        """Keeps an episode; says its ``id``, its ``rank`` in the table (``None`` below it) and the table.

        Raises:
            OutputError: the folder cannot be written.
        """
        identifier = secrets.token_hex(8)
        row = {
            "id": identifier,
            "env": played.environment.id,
            "name": "",
            "return": played.score,
            "length": len(played.actions),
            "seed": played.seed,
            "fps": played.fps,
            "when": time.time(),
        }
        with self._lock:
            try:
                (self._root / "episodes").mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError(f"cannot make {self._root}: {error.strerror or error}") from error
            write_json(self._file(identifier), {**row, **_content(played)})
            tables, recent = self._read()
            table = tables.setdefault(played.environment.id, [])
            table.append(row)
            # Of equal returns the earlier one stays ahead.
            table.sort(key=lambda one: -one["return"])
            del table[BEST:]
            recent = [identifier, *recent][:RECENT]
            self._write(tables, recent)
            self._forget({one["id"] for rows in tables.values() for one in rows} | set(recent))
            rank = next((place for place, one in enumerate(table, 1) if one["id"] == identifier), None)
            return {"id": identifier, "rank": rank, "table": table}

    def table(self, env: str) -> list[Json]:
        """The best episodes of an environment, the best one first."""
        with self._lock:
            return self._read()[0].get(env, [])

    def name(self, identifier: str, name: str) -> list[Json]:
        """Writes a person's name beside an episode; returns the table of its environment.

        Raises:
            InvalidValueError: the name is too long, or holds what cannot be printed.
            RunGoneError: the episode is in no table.
        """
        name = name.strip()
        if len(name) > LONGEST_NAME or not name.isprintable():
            raise InvalidValueError(f"Expected a name of at most {LONGEST_NAME} characters, got {short(name)}.")
        with self._lock:
            tables, recent = self._read()
            for table in tables.values():
                for row in table:
                    if row["id"] == identifier:
                        row["name"] = name
                        self._write(tables, recent)
                        return table
        raise RunGoneError(f"No table has the episode {short(identifier)} (any more).")

    def load(self, identifier: str) -> tuple[Watched, Episode]:
        """An episode that was kept, played again from its seed and actions and compared with what was seen.

        Raises:
            PoiseError: there is none, or it cannot be played here.
        """
        if not _ID.fullmatch(identifier):
            raise InvalidValueError(f"Expected the name of an episode that was played, got {short(identifier)}.")
        file = self._file(identifier)
        if not file.exists():
            raise RunGoneError(
                f"There is no episode {identifier} (any more): those of the tables and the last {RECENT} are kept."
            )
        with self._lock:
            rows = [row for table in self._read()[0].values() for row in table if row["id"] == identifier]
        return _again({**read_json(file), "name": rows[0]["name"] if rows else ""}, file)

    def _file(self, identifier: str) -> Path:
        return self._root / "episodes" / f"{identifier}.json"

    def _read(self) -> tuple[dict[str, list[Json]], list[str]]:
        file = self._root / "scores.json"
        if not file.exists():
            return {}, []
        try:
            data = read_json(file)
            tables = {
                str(env): [
                    dict(row) for row in rows if isinstance(row["return"], int | float) and _ID.fullmatch(row["id"])
                ]
                for env, rows in data["tables"].items()
            }
            return tables, [one for one in data["recent"] if _ID.fullmatch(one)]
        except (InvalidFileError, KeyError, TypeError, AttributeError):
            return {}, []  # a game goes on where its table is damaged; the next episode begins a new one

    def _write(self, tables: dict[str, list[Json]], recent: list[str]) -> None:
        write_json(self._root / "scores.json", {"tables": tables, "recent": recent})

    def _forget(self, kept: set[str]) -> None:
        for file in (self._root / "episodes").glob("*.json"):
            if _ID.fullmatch(file.stem) and file.stem not in kept:
                file.unlink(missing_ok=True)


def _content(played: Played) -> dict[str, Json]:
    return {
        "kwargs": dict(played.environment.kwargs),
        "max_episode_steps": played.environment.max_episode_steps,
        "actions": [plain(action) for action in played.actions],
        "rewards": list(played.rewards),
        "observations_sha256": played.digest,
        "terminated": played.terminated,
        "truncated": played.truncated,
    }


def _again(data: dict[str, Any], file: Path) -> tuple[Watched, Episode]:
    try:
        spec = EnvironmentSpec(str(data["env"]), dict(data["kwargs"]), data["max_episode_steps"], from_file=True)
        environment = make(spec)
        try:
            decoding = decode_space(environment.action_space)
            observation = encode_space(environment.observation_space)
        finally:
            close(environment)
        kind = None if decoding.kind == "discrete" else decoding.dtype
        actions = [action if kind is None else np.array(action, dtype=kind) for action in data["actions"]]
        seed, rewards, digest = int(data["seed"]), list(data["rewards"]), data["observations_sha256"]
        name = str(data.get("name") or "")
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidFileError(f"{file} is damaged: {error!r}") from error
    recording = replay(spec, seed, actions)
    same = list(recording.rewards) == rewards and _digest(recording) == digest
    words = (
        "Played again from its seed and actions: equal to the bit."
        if same
        else (
            f"Played again from its seed and actions, it differs from what was seen: {spec.id} is not determined by "
            "its seed, or another version of it is installed."
        )
    )
    watched = Watched(
        title=spec.id,
        policy=f"played by {name}" if name else "played by a person",
        feature_names=feature_names(spec.id, observation),
        action_names=action_names(spec.id, decoding),
        weights=None,
        certificate=None,
        first_seed=seed,
        record=lambda _: recording,
        first_action=decoding.starts[0] if decoding.kind == "discrete" else 0,
    )
    return watched, Episode(recording, same, words)


def _digest(recording: Recording) -> str:
    import hashlib

    total = hashlib.sha256()
    for observation in recording.observations:
        total.update(digest_of(observation))
    return total.hexdigest()
