"""A suite file: environments × methods × seeds, read from TOML and checked before anything runs.

    title = "Two ways"
    seeds = 5                                   # 0 to 4, or a list
    environments = ["CartPole-v1", {env = "Pendulum-v1", max_steps = 200_000}]
    optimizers = ["cma_es", {label = "wide", optimizer = "snes", optimizer_args = {sigma0 = 2.0}}]
    policies = ["linear", "mlp:8"]
    budgets = [20_000, 200_000]                 # environment steps, or tables
    variants = [{normalize = "none"}, {normalize = "probe"}]

    [train]                                     # of every cell
    evaluation_episodes = 1_000

Every list is an axis, and each entry of it a table of settings of `poise.train`; text or a number is short for the one
setting that the axis is named after. A method is one entry of each axis but the environments'. Random search is the
line to beat: where a suite leaves it out it is added, with the same policy, budget and variant.
"""

from __future__ import annotations

import itertools
import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from poise.errors import InvalidFileError, InvalidValueError, PoiseError, UnknownNameError
from poise.rollouts.environments import check_named
from poise.seeding import check_seed
from poise.suites.settings import check_settings
from poise.types import EnvironmentSpec, Json

AXES = {"optimizers": "optimizer", "policies": "policy", "budgets": "max_steps", "variants": None}
"""The axes that make a method, and the setting that a value which is no table stands for."""

RANDOM_SEARCH = "random_search"

MAX_CELLS = 100_000
"""A suite of more is a slip of the pen."""

MAX_BYTES = 2**20
"""So is a larger file."""


@dataclass(frozen=True)
class Task:
    """An environment of a suite.

    Attributes:
        name: what it is called in tables.
        settings: of `poise.train`, its ``env`` among them.
        low: the return that counts as 0 where environments are put together; ``None`` for a random policy's.
        high: the return that counts as 1; ``None`` for the environment's threshold, or the best mean of any run.
    """

    name: str
    settings: Mapping[str, Json]
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Method:
    """One way to search.

    Attributes:
        name: what it is called in tables.
        settings: of `poise.train`, those of the axes.
        line: the name of the random search that it has to beat; its own if it is one.
        added: the suite had no such random search; it has the optimizer of no other axis.
    """

    name: str
    settings: Mapping[str, Json]
    line: str
    added: bool = False


@dataclass(frozen=True)
class Cell:
    """One run of a suite.

    Attributes:
        task: name of the environment.
        method: name of the method.
        seed: of the run.
        settings: all of `poise.train` but ``seed``.
        folder: of the run's directory, beneath that of the benchmark.
    """

    task: str
    method: str
    seed: int
    settings: Mapping[str, Json]
    folder: str

    @property
    def name(self) -> str:
        """For a person."""
        return f"{self.task}, {self.method}, seed {self.seed}"


@dataclass(frozen=True)
class Suite:
    """What is to be compared.

    Attributes:
        title: of tables and pictures.
        tasks: the environments.
        methods: the ways to search; random search after the others.
        seeds: of the runs of each.
        common: settings of every cell, where neither its environment nor its method says otherwise.
    """

    title: str
    tasks: tuple[Task, ...]
    methods: tuple[Method, ...]
    seeds: tuple[int, ...]
    common: Mapping[str, Json]

    @cached_property
    def folders(self) -> dict[str, str]:
        """A folder's name for each environment."""
        return _folders([task.name for task in self.tasks])

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Every run, in the order of the tables.

        Raises:
            InvalidValueError: an environment and another axis set the same thing.
        """
        methods = _folders([method.name for method in self.methods])
        return tuple(
            Cell(
                task.name,
                method.name,
                seed,
                _settings(task, method, self.common),
                f"cells/{self.folders[task.name]}/{methods[method.name]}/{seed}",
            )
            for task, method, seed in itertools.product(self.tasks, self.methods, self.seeds)
        )


def read(path: str | Path) -> Suite:
    """Reads a suite file.

    Raises:
        InvalidFileError: it is missing, no TOML, or no suite; the message names the place.
    """
    file = Path(path)
    try:
        if file.stat().st_size > MAX_BYTES:
            raise InvalidFileError(f"{file} is larger than {MAX_BYTES >> 20} MiB: no suite needs as much")
        data = tomllib.loads(file.read_text(encoding="utf-8"), parse_float=_finite)
    except FileNotFoundError as error:
        raise InvalidFileError(f"there is no file {file}") from error
    except OSError as error:
        raise InvalidFileError(f"cannot read {file}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise InvalidFileError(f"{file} cannot be read as TOML: {error}") from error
    try:
        return _suite(data, default_title=file.stem)
    except PoiseError as error:
        raise InvalidFileError(f"{file}: {error}") from error


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"expected a finite number, got {text}")
    return value


def _suite(data: Mapping[str, Any], default_title: str) -> Suite:
    known = ("title", "seeds", "train", "environments", *AXES)
    for key in data:
        if key not in known:
            raise UnknownNameError("key in a suite", key, known)
    title, common = data.get("title", default_title), data.get("train", {})
    if not isinstance(title, str) or not title.strip():
        raise InvalidValueError(f"expected title to be text, got {title!r}")
    if not isinstance(common, dict):
        raise InvalidValueError(f"expected train to be a table of settings, got {common!r}")
    _check_table(common, "[train]")
    tasks = tuple(_tasks(data))
    methods = _methods(data, common)
    seeds = _seeds(data.get("seeds", 5))
    if (count := len(tasks) * len(methods) * len(seeds)) > MAX_CELLS:
        raise InvalidValueError(f"expected at most {MAX_CELLS:,} runs, got {count:,}")
    suite = Suite(title, tasks, methods, seeds, common)
    suite.cells  # noqa: B018  which compares what its axes set
    return suite


def _seeds(value: Any) -> tuple[int, ...]:
    if isinstance(value, int) and not isinstance(value, bool):
        if not 1 <= value <= MAX_CELLS:
            raise InvalidValueError(f"expected seeds to be a number of runs, 1 or more, or a list, got {value}")
        return tuple(range(value))
    if not isinstance(value, list) or not value:
        raise InvalidValueError(f"expected seeds to be a number of runs, or a list of integers, got {value!r}")
    seeds = tuple(check_seed(seed) for seed in value)
    if len(set(seeds)) != len(seeds):
        raise InvalidValueError(f"expected seeds that differ, got {value}")
    return seeds


def _tasks(data: Mapping[str, Any]) -> Iterator[Task]:
    own = ("low", "high")
    for name, table in _entries(data, "environments", "env", own):
        if "env" not in table:
            raise InvalidValueError(f"environments: expected env in every entry, {name!r} has none")
        check_named(EnvironmentSpec(str(table["env"]), from_file=True))
        low, high = (table.pop(key, None) for key in own)
        for key, value in (("low", low), ("high", high)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
                raise InvalidValueError(f"environments, {name!r}: expected {key} to be a return, got {value!r}")
        if low is not None and high is not None and not low < high:
            raise InvalidValueError(f"environments, {name!r}: expected low to be less than high, got {low} and {high}")
        yield Task(name, table, low, high)


def _methods(data: Mapping[str, Any], common: Mapping[str, Json]) -> tuple[Method, ...]:
    axes = [list(_entries(data, axis, AXES[axis])) for axis in AXES if axis in data and axis != "optimizers"]
    rests = [_joined(combination, axes) for combination in itertools.product(*axes)]
    if "optimizers" in data:
        optimizers = list(_entries(data, "optimizers", AXES["optimizers"]))
    else:
        chosen_elsewhere = any("optimizer" in table for _, table in rests)
        optimizers = [("" if chosen_elsewhere else str(common.get("optimizer", "auto")), {})]
    found = [
        (rest[0], _name(optimizer[0], rest[0]), _merged(optimizer, rest))
        for optimizer, rest in itertools.product(optimizers, rests)
    ]
    lines: dict[str, str] = {}
    for rest, name, settings in found:
        if {**common, **settings}.get("optimizer") == RANDOM_SEARCH:
            lines.setdefault(rest, name)
    methods = [(rest, name, settings, False) for rest, name, settings in found]
    bare = [(rest, _without_optimizer(table)) for rest, table in rests if rest not in lines]
    alone = all(table == bare[0][1] for _, table in bare)
    for rest, table in bare:
        # Entries that differ in what searches alone have the same line to beat.
        first = next(name for name, same in bare if same == table)
        lines[rest] = RANDOM_SEARCH if alone else _name(RANDOM_SEARCH, first)
        if rest == first:
            methods.append((rest, lines[rest], table, True))
    _check_distinct("methods", [name for _, name, *_ in methods])
    return tuple(Method(name, settings, lines[rest], added) for rest, name, settings, added in methods)


Entry = tuple[str, dict[str, Json]]
"""What an entry of an axis is called, and what it sets."""


def _entries(data: Mapping[str, Any], axis: str, main: str | None, besides: tuple[str, ...] = ()) -> Iterator[Entry]:
    """The entries of an axis, each under its label."""
    values = data.get(axis)
    if not isinstance(values, list) or not values:
        raise InvalidValueError(f"expected {axis} to be a list of at least one entry, got {values!r}")
    names = []
    for number, value in enumerate(values, start=1):
        where = f"{axis}, entry {number}"
        if not isinstance(value, dict) and main is None:
            raise InvalidValueError(f"{where}: expected a table of settings, got {value!r}")
        table = dict(value) if isinstance(value, dict) else {str(main): value}
        label = table.pop("label", None)
        if label is not None and (not isinstance(label, str) or not label.strip()):
            raise InvalidValueError(f"{where}: expected label to be text, got {label!r}")
        _check_table(table, where, besides)
        names.append(label or _label(table, main))
        yield names[-1], table
    _check_distinct(axis, names)


def _check_table(table: Mapping[str, Json], where: str, besides: tuple[str, ...] = ()) -> None:
    if "seed" in table:
        raise InvalidValueError(f"{where}: expected the seeds of a suite under seeds, got seed = {table['seed']!r}")
    check_settings(table, where, besides)


def _check_distinct(axis: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise InvalidValueError(f"{axis}: expected names that differ, got {name!r} twice; give one a label")


def _label(table: Mapping[str, Json], main: str | None) -> str:
    """What an entry without a label is called: the value of its main setting, or all that it sets."""
    if main is not None and main in table:
        return f"{table[main]:,} steps" if main == "max_steps" else str(table[main])
    return " ".join(f"{key}={value}" for key, value in table.items()) or "default"


def _joined(combination: tuple[Entry, ...], axes: list[list[Entry]]) -> Entry:
    """Entries of several axes as one; an axis with a single entry needs no name."""
    names = [name for (name, _), axis in zip(combination, axes, strict=True) if len(axis) > 1]
    return ", ".join(names), _merged(*combination)


def _name(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _merged(*entries: Entry) -> dict[str, Json]:
    """What several entries set together.

    Raises:
        InvalidValueError: two of them set the same.
    """
    merged: dict[str, Json] = {}
    setters: dict[str, str] = {}
    for name, table in entries:
        for key, value in table.items():
            if key in merged:
                raise InvalidValueError(f"expected one axis to set {key}, got two: {setters[key]!r} and {name!r}")
            merged[key], setters[key] = value, name
    return merged


def _settings(task: Task, method: Method, common: Mapping[str, Json]) -> dict[str, Json]:
    """All that a cell's run is told but its seed."""
    if method.added:
        own = _without_optimizer(task.settings)
        return {**_without_optimizer(common), **_merged((task.name, own), (method.name, dict(method.settings)))} | {
            "optimizer": RANDOM_SEARCH
        }
    return {**common, **_merged((task.name, dict(task.settings)), (method.name, dict(method.settings)))}


def _without_optimizer(settings: Mapping[str, Json]) -> dict[str, Json]:
    """Settings without those that say what searches."""
    return {key: value for key, value in settings.items() if key not in ("optimizer", "optimizer_args", "frugal")}


def _folders(names: list[str]) -> dict[str, str]:
    """A folder's name for each name: readable, safe on every system, and unlike all others."""
    folders: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9+.=-]+", "_", name).strip("._") or "_"
        folder, number = plain[:80], 1
        while folder.lower() in (taken.lower() for taken in folders.values()):
            number += 1
            folder = f"{plain[:80]}-{number}"
        folders[name] = folder
    return folders
