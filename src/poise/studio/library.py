"""What the studio can show: the policy it was opened on, and the runs in its folder, each found by a checked name."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path

from poise.errors import InvalidValueError, PoiseError
from poise.policies.architecture import Architecture
from poise.rollouts.environments import EnvironmentInfo, inspect
from poise.runs import checkpoint, frugal_run, table_run
from poise.runs.config import TrainConfig
from poise.runs.directory import RunDirectory
from poise.runs.lived import lived_episodes
from poise.runs.plan import Plan
from poise.runs.policy import Policy, load
from poise.studio.episodes import EpisodePlayer
from poise.studio.run_index import RunIndex
from poise.studio.source import Watched
from poise.studio.trainings import Trainings
from poise.types import EnvironmentSpec

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
        self.trainings = None if runs is None else Trainings(runs)
        self.index = None if self.trainings is None or runs is None else RunIndex(runs, self.trainings.known)
        self._episodes, self._policies = remembered_episodes, remembered_policies
        self._own = None if watched is None else EpisodePlayer(watched, remembered_episodes)
        self._lock = threading.Lock()  # over the players, which several threads ask for
        self._inspect = lru_cache(32)(_inspected)  # making an environment to look at it takes a while
        self._opened: OrderedDict[tuple[str, int], Policy] = OrderedDict()
        self._players: OrderedDict[tuple[str, int], EpisodePlayer] = OrderedDict()

    def close(self) -> None:
        """Stops the trainings that were begun from the page; they keep everything."""
        if self.trainings is not None:
            self.trainings.close()

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
        """The policy that a run has found: the one it keeps, or while it is under way the best one so far.

        Raises:
            PoiseError: there is no such run, or it has none yet, or it cannot be read.
        """
        directory = self.directory(run)
        file = _newest(directory)
        key = (run, 0 if file is None else _version(file))
        with self._lock:
            if key in self._opened:
                self._opened.move_to_end(key)
                return self._opened[key]
        policy = self._read(run, directory, file)
        with self._lock:
            self._opened[key] = policy
            while len(self._opened) > 4 * self._policies:
                self._opened.popitem(last=False)
        return policy

    def opened(self, run: str | None) -> Policy:
        """The policy of a run; ``None`` is the one that the studio was opened on.

        Raises:
            PoiseError: as `policy`, or there is none that can be taken apart.
        """
        if run is not None:
            return self.policy(run)
        if self.watched is None or self.watched.kept is None:
            raise RunGoneError("The studio was opened on no policy: name one of its runs.")
        return self.watched.kept

    def policy_version(self, run: str) -> int:
        """A number that changes with the policy of a run; 0 while it has none.

        Raises:
            PoiseError: there is no such run.
        """
        directory = self.directory(run)
        file = _newest(directory)
        return 0 if file is None else _version(file)

    def _read(self, run: str, directory: Path, file: Path | None) -> Policy:
        if file is None:
            raise RunGoneError(f"The run {run} has no policy yet; the first one comes with its first generation.")
        if file.name == "policy.json":
            return load(directory)
        written = RunDirectory(directory).read_config()
        config = TrainConfig.from_json(written)
        info = self._inspect(config.env, json.dumps(dict(config.env_args), sort_keys=True))
        if config.frugal:
            return frugal_run.policy_so_far(file, info)
        if Plan.from_json(written.get("plan")).learns_a_table:
            return table_run.policy_so_far(file, info)
        base = Architecture("linear", info.observation, info.action)  # kind and normaliser come from the checkpoint
        progress = checkpoint.load(file, base)
        archive = progress.search.archive
        best = progress.winner or (archive[0] if archive else None)
        if best is None:
            raise RunGoneError(f"The run {run} has no policy yet; the first one comes with its first generation.")
        return Policy(info.spec, best.architecture, best.parameters)

    def player(self, run: str | None) -> EpisodePlayer:
        """Plays a run's policy; ``None`` is the policy that the studio was opened on.

        Raises:
            PoiseError: there is no such run, or it has no policy that can be read.
        """
        if run is None:
            if self._own is None:
                raise RunGoneError("The studio was opened on no policy: name one of its runs.")
            return self._own
        directory = self.directory(run)
        file = _newest(directory)
        key = (run, 0 if file is None else _version(file))
        with self._lock:
            if key in self._players:
                self._players.move_to_end(key)
                return self._players[key]
        policy = self.policy(run)
        with self._lock:
            if key not in self._players:
                self._players[key] = EpisodePlayer(
                    Watched.of(policy, lived=lived_episodes(directory, policy)), self._episodes
                )
                while len(self._players) > self._policies:
                    self._players.popitem(last=False)[1].close()
            self._players.move_to_end(key)
            return self._players[key]


def _inspected(env: str, arguments: str) -> EnvironmentInfo:
    return inspect(EnvironmentSpec(env, json.loads(arguments), from_file=True))


def _newest(directory: Path) -> Path | None:
    """The file that holds a run's newest policy: the one it keeps, unless it has gone on since; ``None`` before any."""
    kept, on_the_way = directory / "policy.json", directory / "checkpoint"
    if (directory / "evaluation.json").exists() and kept.exists():
        return kept
    found = [file for file in (kept, on_the_way) if file.exists()]
    return max(found, key=_changed, default=None)


def _version(file: Path) -> int:
    """Tells two contents apart; a run writes its last checkpoint and its policy within one tick of the disk's clock."""
    return 2 * _changed(file) + (file.name == "policy.json")


def _changed(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


def short(text: str) -> str:
    """What somebody sent, quoted, for a message."""
    return repr(text if len(text) <= 40 else text[:39] + "…")
