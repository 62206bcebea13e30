"""A benchmark from its suite to its tables: runs that are missing are made, on all cores, then all are put together.

suite.json        what every run was asked for
cells/…/          a run each
results.jsonl     a finished run a line, in the suite's order; no times in it, so that equal suites give equal bytes
times.jsonl       how long each took, as they ended
workers.log       what the worker processes wrote
table.md          the tables, with the pictures
curves/, profiles.svg
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from poise.errors import InvalidFileError, OutputError, PoiseError
from poise.rollouts.cores import check_workers
from poise.runs.config import TrainConfig
from poise.runs.files import read_json, write_atomic
from poise.runs.interrupts import graceful_interrupts
from poise.suites.cells import Outcome, Task, is_finished, result_line, run_cell
from poise.suites.curves import learning_curves
from poise.suites.directory import locked, prepare
from poise.suites.history import History
from poise.suites.profiles import performance_profiles
from poise.suites.results import Results
from poise.suites.suite import Cell, Suite
from poise.suites.tables import markdown
from poise.suites.workers import Crash, Crew


@dataclass
class Standing:
    """How far a benchmark is; one object that changes as it goes.

    Attributes:
        total: runs of the suite.
        kept: runs that had ended before.
        finished: runs with a result, those included.
        failed: why a run has none, by its name.
        running: share done of each run under way, by its name.
        latest: what ended last, in words.
    """

    total: int
    kept: int
    finished: int
    failed: dict[str, str] = field(default_factory=dict)
    running: dict[str, float] = field(default_factory=dict)
    latest: str = ""

    @property
    def done(self) -> float:
        """Share of all runs, those under way in part."""
        return (self.finished + len(self.failed) + sum(self.running.values())) / self.total


Observer = Callable[[Standing], None]


@dataclass(frozen=True)
class Benchmark:
    """What a session of a benchmark has come to.

    Attributes:
        path: its directory.
        results: of the runs that have finished.
        interrupted: it was stopped before all had.
        faults: how many runs failed by a fault of poise.
    """

    path: Path
    results: Results
    interrupted: bool
    faults: int


def check(suite: Suite) -> None:
    """Refuses what a run of the suite would refuse, before anything runs.

    Raises:
        InvalidFileError: something in it cannot be done; the message names the first run that shows it.
    """
    from poise.runs.train import check as check_run

    checked = set()
    for cell in suite.cells:
        if (cell.task, cell.method) not in checked:
            checked.add((cell.task, cell.method))
            try:
                check_run(TrainConfig(**{**cell.settings, "seed": cell.seed}))
            except PoiseError as error:
                raise InvalidFileError(f"{cell.task}, {cell.method}: {error}") from error


def run(suite: Suite, out: str | Path, *, workers: int | None = None, observe: Observer | None = None) -> Benchmark:
    """Makes the runs of a suite that are missing, and puts all together.

    Args:
        suite: as `read` gave it.
        out: the benchmark's directory; one that holds runs of this suite is gone on with.
        workers: processes at a time; ``None`` for one a core. Results do not depend on it.
        observe: told whenever something has changed.

    Raises:
        InvalidFileError: the suite asks for something that cannot be done.
        InvalidValueError: there are no workers.
        OutputError: `out` holds something else, or runs with other settings.
        RunInUseError: another process is at work there.
    """
    workers = check_workers(workers)
    check(suite)
    path = prepare(Path(out), suite)
    with locked(path):
        cells = suite.cells
        todo = [cell for cell in cells if not is_finished(path / cell.folder)]
        standing = Standing(len(cells), len(cells) - len(todo), len(cells) - len(todo))
        observe = observe or (lambda _: None)
        observe(standing)
        faults, interrupted = _run(todo, path, workers, standing, observe)
        return Benchmark(path, _put_together(suite, path, standing.failed, whole=not interrupted), interrupted, faults)


def _run(todo: list[Cell], path: Path, workers: int, standing: Standing, observe: Observer) -> tuple[int, bool]:
    """Makes runs; how many failed by a fault of poise, and whether it was stopped."""
    faults, unfinished = 0, False

    def on_progress(index: int, share: Any) -> None:
        standing.running[todo[index].name] = float(share)
        observe(standing)

    def on_result(index: int, result: Any) -> None:
        nonlocal faults, unfinished
        cell = todo[index]
        standing.running.pop(cell.name, None)
        outcome = _outcome(result)
        if outcome.failure is not None:
            standing.failed[cell.name] = outcome.failure
            standing.latest = f"{cell.name}: failed"
            faults += outcome.is_fault
        elif outcome.interrupted:
            unfinished = True
        else:
            standing.finished += 1
            mean = read_json(path / cell.folder / "evaluation.json")["evaluation"]["mean"]
            standing.latest = f"{cell.name}: {mean:,.4g}"
            _append(path / "times.jsonl", {"run": cell.folder, **(outcome.seconds or {})})
        observe(standing)

    tasks = [Task(path / cell.folder, {**cell.settings, "seed": cell.seed}) for cell in todo]
    with graceful_interrupts() as interrupts:
        crew = Crew(run_cell, tasks, workers, path / "workers.log", on_progress, on_result, lambda: interrupts.asked)
        try:
            with interrupts.patience():
                crew.run()
        except KeyboardInterrupt:
            unfinished = True
    return faults, unfinished or standing.finished + len(standing.failed) < standing.total


def _outcome(result: Any) -> Outcome:
    if isinstance(result, Crash):
        return Outcome(failure=f"its process ended with exit code {result.exit_code}, twice; see workers.log")
    if not isinstance(result, Outcome):
        raise TypeError(f"expected an Outcome, got {result!r}")
    return result


def _put_together(suite: Suite, path: Path, failures: Mapping[str, str], *, whole: bool) -> Results:
    """Writes what the finished runs show."""
    finished = [cell for cell in suite.cells if is_finished(path / cell.folder)]
    lines = {cell.name: result_line(cell, path / cell.folder) for cell in finished}
    written = "".join(json.dumps(line, allow_nan=False) + "\n" for line in lines.values())
    write_atomic(path / "results.jsonl", written)
    histories = {cell.name: History.read(path / cell.folder) for cell in finished} if whole else {}
    in_order = {cell.name: failures[cell.name] for cell in suite.cells if cell.name in failures}
    results = Results(suite, lines, histories, in_order)
    if whole:
        write_atomic(path / "table.md", markdown(results, _draw(results, path)))
    return results


def _draw(results: Results, path: Path) -> dict[str, str]:
    """Writes the pictures; the caption of each, by its path."""
    pictures: dict[str, str] = {}
    profiles = performance_profiles(results)
    if profiles is not None:
        write_atomic(path / "profiles.svg", profiles)
        pictures["profiles.svg"] = "performance profiles"
    (path / "curves").mkdir(exist_ok=True)
    for task in results.suite.tasks:
        curves = learning_curves(results, task.name)
        if curves is not None:
            name = f"curves/{results.suite.folders[task.name]}.svg"
            write_atomic(path / name, curves)
            pictures[name] = f"learning curves of {task.name}"
    return pictures


def _append(file: Path, line: Mapping[str, Any]) -> None:
    try:
        with file.open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(line) + "\n")
    except OSError as error:
        raise OutputError(f"cannot write {file}: {error.strerror or error}") from error
