"""What a page is told of one run while it looks at it: only what is new since it was told last."""

from __future__ import annotations

import shlex
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from poise.errors import PoiseError
from poise.runs.config import TrainConfig
from poise.runs.files import read_json
from poise.runs.plan import EPISODES
from poise.studio.library import Library, RunGoneError
from poise.studio.run_index import RunRow
from poise.studio.tail import Tail
from poise.studio.tinker import number_names
from poise.types import Json

SCORES = 48
"""Scores of one generation that are sent; where there are more, evenly spaced ones in their order."""

STRIPS = 240
"""Generations whose scores are sent at a time."""

SPEED_SECONDS = 10.0
"""The speed is measured over the last so many seconds of the search."""

MOST_PARAMETERS = 64
"""Parameters of a policy that are sent to be looked at."""

FLAGS = {
    **{
        name: "--" + name.replace("_", "-") for name in ("seed", "policy", "optimizer", "normalize", "engine", "target")
    },
    **{name: "--" + name.replace("_", "-") for name in ("max_steps", "max_episodes", "max_seconds")},
}
"""Settings of a run that the command line is told by a flag and a value."""


class Feed:
    """Looks at a run again and again.

    Args:
        library: finds the run.
        run: its name.
        incumbent: asked what its policy is worth so far, see `poise.studio.incumbent`.

    Raises:
        PoiseError: there is no such run.
    """

    def __init__(self, library: Library, run: str, incumbent: Callable[[], Json] = lambda: None) -> None:
        self._library, self._run, self._incumbent = library, run, incumbent
        directory = library.directory(run)
        self._directory = directory
        self._metrics, self._timings = Tail(directory / "metrics.jsonl"), Tail(directory / "timings.jsonl")
        self._pace: deque[tuple[float, int]] = deque(maxlen=200)
        self._seconds: dict[int, float] = {}
        self._said: dict[str, Json] = {}
        self._version = 0

    def look(self) -> dict[str, Json]:
        """What is new; empty if nothing is.

        Keys: ``run`` (row, command line, training), ``reset`` (forget all generations before), ``generations`` (rows of
        generation, steps, best, mean, best so far, tenth and ninetieth percentile), ``scores`` (rows of steps and
        scores), ``policy`` (its version and parameters), ``incumbent`` (what the policy so far is worth on
        fresh episodes).

        Raises:
            RunGoneError: the run was deleted.
        """
        message: dict[str, Json] = {}
        self._follow(message)
        self._say(message, "run", self._state())
        version = self._library.policy_version(self._run)
        if version != self._version:
            self._version = version
            self._say(message, "policy", self._policy(version))
        self._say(message, "incumbent", self._incumbent())
        return message

    def _say(self, message: dict[str, Json], key: str, value: Json) -> None:
        if value is not None and self._said.get(key) != value:
            self._said[key] = message[key] = value

    def _follow(self, message: dict[str, Json]) -> None:
        for timing in self._timings.read()[1]:
            self._seconds[int(timing.get("generation", 0))] = float(timing.get("seconds", 0.0))
        reset, lines = self._metrics.read()
        lines = [line for line in lines if {"generation", "steps", "mean"} <= line.keys()]
        if reset:
            message["reset"] = True
            self._pace.clear()
        if lines:
            message["generations"] = [_row(line) for line in lines]
            chosen = lines[:: -(-len(lines) // STRIPS)]
            message["scores"] = [[line["steps"], _thin(line["scores"])] for line in chosen if line.get("scores")]
        for line in lines:
            seconds = self._seconds.get(line["generation"])
            if seconds is not None:
                self._pace.append((seconds, line["steps"]))
        for generation in sorted(self._seconds)[:-1000]:
            del self._seconds[generation]

    def _speed(self) -> float | None:
        """Environment steps a second, lately."""
        if not self._pace:
            return None
        seconds, steps = self._pace[-1]
        before = next((moment for moment in self._pace if moment[0] >= seconds - SPEED_SECONDS), (0.0, 0))
        since, done = (0.0, 0) if before == self._pace[-1] else before
        return (steps - done) / (seconds - since) if seconds > since else None

    def _state(self) -> Json:
        training = None if self._library.trainings is None else self._library.trainings.status(self._run)
        row = None if self._library.index is None else self._library.index.row(self._run)
        if row is None:
            if training is None or not self._directory.is_dir():
                raise RunGoneError(f"There is no run {self._run} (any more): it was moved, renamed or deleted.")
            row = RunRow(self._run, "running" if training["alive"] else "empty")  # it has written nothing yet
        written = row.state not in ("broken", "kept") and (self._directory / "config.json").exists()
        config: dict[str, Any] = read_json(self._directory / "config.json")["train"] if written else {}
        account = self._directory / "evaluation.json"
        return {
            **row.to_json(),
            "config": config,
            "command": training["command"] if training else command_of(config),
            "training": training,
            "account": read_json(account) if row.state == "finished" else None,
            "speed": self._speed(),
            "seconds": self._pace[-1][0] if self._pace else None,
        }

    def _policy(self, version: int) -> Json:
        try:
            policy = self._library.policy(self._run)
        except PoiseError:
            return None  # none yet, or its environment is not installed here: the replay says so
        return {
            "version": version,
            "architecture": policy.architecture.name,
            "names": number_names(policy)[:MOST_PARAMETERS],
            "parameters": policy.parameters[:MOST_PARAMETERS].tolist(),
            "count": int(policy.parameters.size),
        }


def command_of(config: Mapping[str, Any]) -> str | None:
    """The command line that a run's settings come from, as far as they differ from the defaults."""
    if "env" not in config:
        return None
    defaults = {field.name: field.default for field in fields(TrainConfig)}
    words = ["poise", "train", str(config["env"])]
    for name, flag in FLAGS.items():
        value = config.get(name)
        if value is not None and value != defaults.get(name):
            words += [flag, str(value)]
    for name, flag in {"optimizer_args": "--optimizer-arg", "env_args": "--env-arg"}.items():
        for key, value in dict(config.get(name) or {}).items():
            words += [flag, f"{key}={value}"]
    episodes = tuple(config.get("episodes_per_candidate") or EPISODES)
    if episodes != EPISODES:
        words += ["--episodes-per-candidate", ",".join(map(str, episodes))]
    if config.get("frugal"):
        words.append("--frugal")
    return shlex.join(words)


def _row(line: Mapping[str, Any]) -> list[Json]:
    scores = line.get("scores") or [line["mean"]]
    low, high = np.quantile(scores, (0.1, 0.9)).tolist()
    return [line["generation"], line["steps"], line.get("best"), line["mean"], line.get("best_so_far"), low, high]


def _thin(scores: Sequence[float]) -> list[float]:
    ordered = sorted(scores)
    if len(ordered) <= SCORES:
        return ordered
    return [ordered[round(number * (len(ordered) - 1) / (SCORES - 1))] for number in range(SCORES)]
