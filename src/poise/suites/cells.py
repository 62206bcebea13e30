"""One cell of a benchmark: an ordinary run that is begun, gone on with or left as it is, and the line it leaves."""

from __future__ import annotations

import shutil
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from poise.errors import PoiseError
from poise.rollouts.environments import import_named
from poise.runs.directory import LOCK, RunDirectory
from poise.runs.files import read_json
from poise.suites.suite import Cell
from poise.suites.workers import Report
from poise.types import Event, Json

SEARCH_SHARE = 0.9
"""How much of a run its search is taken to be, for progress."""


@dataclass(frozen=True)
class Task:
    """What a worker is given.

    Attributes:
        path: the run's directory.
        settings: of `poise.train`, its seed among them.
    """

    path: Path
    settings: Mapping[str, Json]


@dataclass(frozen=True)
class Outcome:
    """What became of a cell.

    Attributes:
        seconds: wall time of the run over all sessions, and of its phases in this one; ``None`` if it failed.
        interrupted: it was stopped, and goes on from there next time.
        failure: why there is no result, in words; ``None`` if there is one.
        is_fault: the failure is poise's own: no request that cannot be carried out.
    """

    seconds: Mapping[str, Json] | None = None
    interrupted: bool = False
    failure: str | None = None
    is_fault: bool = False


def run_cell(task: Task, report: Report) -> Outcome:
    """Runs a cell to its end, from wherever it stands. Never raises: what goes wrong belongs to this cell alone."""
    from poise.rollouts.time_limit import let_it_end_this_process
    from poise.runs.train import resume, train

    let_it_end_this_process()

    def observe(event: Event) -> None:
        if event.phase != "selection":  # races are short, and the search goes on after most of them
            report(SEARCH_SHARE * (event.done or 0.0) if event.phase == "search" else _evaluated(event))

    try:
        import_named(str(task.settings["env"]))  # whoever started the suite has named it
        if is_begun(task.path):
            run = resume(task.path, observe=observe, workers=1)
        else:
            _clear(task.path)
            run = train(out=task.path, observe=observe, workers=1, **task.settings)
    except PoiseError as error:
        return Outcome(failure=str(error))
    except Exception as error:
        traceback.print_exc()  # into the workers' log
        return Outcome(failure=f"{type(error).__name__}: {error}", is_fault=True)
    seconds = {key: run.result[key] for key in ("seconds", "phase_seconds") if key in run.result}
    return Outcome(seconds, run.interrupted)


def _evaluated(event: Event) -> float:
    return SEARCH_SHARE + (1.0 - SEARCH_SHARE) * (event.done or 0.0)


def is_begun(path: Path) -> bool:
    """Whether there is a run to go on with."""
    return RunDirectory(path).config.is_file()


def is_finished(path: Path) -> bool:
    """Whether there is a run that has come to its end."""
    return is_begun(path) and RunDirectory(path).evaluation.is_file()


def _clear(path: Path) -> None:
    """Removes what a run leaves that was killed before it had written its configuration: half a file."""
    if path.is_dir() and all(file.name.startswith(".") or file.name == LOCK for file in path.iterdir()):
        shutil.rmtree(path)


def result_line(cell: Cell, path: Path) -> dict[str, Any]:
    """A finished cell as a line of ``results.jsonl``: what it was, what came out and what was paid.

    Raises:
        InvalidFileError: a file of the run is missing or damaged.
    """
    directory = RunDirectory(path)
    account, config = read_json(directory.evaluation), directory.read_config()
    return {
        "environment": cell.task,
        "method": cell.method,
        "seed": cell.seed,
        "run": cell.folder,
        "settings": dict(cell.settings),
        **account,
        "versions": config["versions"],
    }
