"""What the studio can show: the policy it was opened on, and the runs in its folder, each found by a checked name."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

from poise.errors import InvalidValueError, PoiseError
from poise.runs.policy import Policy, load
from poise.studio.episodes import EpisodePlayer
from poise.studio.run_index import RunIndex
from poise.studio.source import Watched

LONGEST_NAME = 300
"""Characters in the name of a run."""


class RunGoneError(PoiseError):
    """There is no such run, or not any more."""


class Library:
    """Finds policies by the name of their run, and keeps the last ones ready to be played.

    Args:
        watched: the policy that the studio was opened on, which has no name; ``None`` if it was opened on runs alone.
        runs: the folder of the runs; ``None`` if there is none to look at.
        remembered_episodes: how many of the last episodes of each policy are kept in memory.
        remembered_policies: how many policies are kept ready.
    """

    def __init__(
        self,
        watched: Watched | None,
        runs: Path | None,
        remembered_episodes: int = 16,
        remembered_policies: int = 8,
    ) -> None:
        self.watched, self.runs = watched, runs
        self.index = None if runs is None else RunIndex(runs)
        self._episodes, self._policies = remembered_episodes, remembered_policies
        self._own = None if watched is None else EpisodePlayer(watched, remembered_episodes)
        self._lock = threading.Lock()  # over the players, which several threads ask for
        self._players: OrderedDict[tuple[str, int], EpisodePlayer] = OrderedDict()

    def directory(self, run: str) -> Path:
        """The folder of a run.

        Raises:
            RunGoneError: there is none.
            InvalidValueError: the name is no name of a run; nothing outside the folder of the runs can be named.
        """
        parts = run.split("/")
        odd = any(not part or part.startswith(".") or "\\" in part or not part.isprintable() for part in parts)
        if odd or len(run) > LONGEST_NAME:
            raise InvalidValueError(f"Expected the name of a run, as in the list of runs; got {short(run)}.")
        if self.runs is None:
            raise RunGoneError("The studio was opened without a folder of runs: poise studio RUNS")
        root = self.runs.resolve()
        path = root.joinpath(*parts).resolve()
        if not path.is_relative_to(root) or not path.is_dir():
            raise RunGoneError(f"There is no run {run} (any more): it was moved, renamed or deleted.")
        return path

    def policy(self, run: str) -> Policy:
        """The policy that a run has found so far.

        Raises:
            PoiseError: there is no such run, or it has none.
        """
        directory = self.directory(run)
        if not (directory / "policy.json").exists():
            raise RunGoneError(f"The run {run} has no policy yet; it keeps one when it ends or is stopped.")
        return load(directory)

    def player(self, run: str | None) -> EpisodePlayer:
        """Plays a run's policy; ``None`` is the policy that the studio was opened on.

        Raises:
            PoiseError: there is no such run, or it has no policy that can be read.
        """
        if run is None:
            if self._own is None:
                raise RunGoneError("The studio was opened on no policy: name one of its runs.")
            return self._own
        policy = self.policy(run)
        key = (run, (self.directory(run) / "policy.json").stat().st_mtime_ns)
        with self._lock:
            if key not in self._players:
                self._players[key] = EpisodePlayer(Watched.of(policy), self._episodes)
                while len(self._players) > self._policies:
                    self._players.popitem(last=False)[1].close()
            self._players.move_to_end(key)
            return self._players[key]


def short(text: str) -> str:
    """What somebody sent, quoted, for a message."""
    return repr(text if len(text) <= 40 else text[:39] + "…")
