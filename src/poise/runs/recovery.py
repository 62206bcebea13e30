"""Where a stopped run can go on: its last checkpoint, or the one before where that one is damaged."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from poise.errors import InvalidFileError, NewerVersionError, OutputError
from poise.runs.directory import RunDirectory
from poise.types import Json

Progress = TypeVar("Progress")
"""What a checkpoint holds."""

_log = logging.getLogger(__name__)


def recover(
    directory: RunDirectory,
    beginning: Progress,
    load: Callable[[Path], Progress],
    generation: Callable[[Progress], int],
) -> Progress:
    """Where a run stands, with its files cut to just that.

    Args:
        directory: the run, taken hold of.
        beginning: where it stood before its first generation; a run without a checkpoint begins again.
        load: reads a checkpoint.
        generation: how many lines of ``metrics.jsonl`` a checkpoint knows of.

    Raises:
        InvalidFileError: there are checkpoints, and none of them can be used.
        OutputError: the files cannot be written.
    """
    progress = _last_usable(directory, beginning, load, generation)
    for file in (directory.metrics, directory.timings):
        directory.keep_lines(file, generation(progress))
    return progress


def reopen(directory: RunDirectory, save: Callable[[], None], config: Json) -> None:
    """Lets a run go on under another configuration. Wherever this is cut short, it has its old end again, or none.

    Args:
        directory: the run, taken hold of.
        save: writes a checkpoint from which the search goes on.
        config: the new content of ``config.json``.

    Raises:
        OutputError: the files cannot be written.
    """
    directory.remove_evaluation()
    save()
    directory.write_config(config)


def _last_usable(
    directory: RunDirectory,
    beginning: Progress,
    load: Callable[[Path], Progress],
    generation: Callable[[Progress], int],
) -> Progress:
    faults: dict[Path, str] = {}
    for file in (directory.checkpoint, directory.previous):
        if not file.exists():
            continue
        try:
            progress = load(file)
            _check_lines(directory, generation(progress))
        except NewerVersionError:
            raise
        except InvalidFileError as error:
            faults[file] = str(error)
            continue
        for damaged, fault in faults.items():
            _log.warning("%s; going on from generation %d, which is kept too", fault, generation(progress))
            _put_aside(damaged)
        return progress
    if faults:
        raise InvalidFileError(
            f"{'; '.join(faults.values())}. To begin this run again from its first generation, to the same result, "
            f"remove these files: {', '.join(map(str, faults))}"
        )
    return beginning


def _check_lines(directory: RunDirectory, generation: int) -> None:
    """Raises `InvalidFileError` if lines are lost that a checkpoint knows of. Times alone are not worth a run."""
    lines = directory.whole_lines(directory.metrics)[0]
    if lines < generation:
        raise InvalidFileError(
            f"{directory.metrics} has only {lines} whole lines of the {generation} that its checkpoint knows of"
        )


def _put_aside(damaged: Path) -> None:
    """Keeps a damaged checkpoint for whoever wants to know, where it does not take the place of a good one."""
    try:
        os.replace(damaged, damaged.with_name("checkpoint.damaged"))
    except OSError as error:
        raise OutputError(f"cannot write {damaged}: {error.strerror or error}") from error
