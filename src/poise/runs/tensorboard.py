"""A run's numbers as TensorBoard shows them: event files in the run's directory, written while it goes on.

They hold times, as TensorBoard wants it, and are no part of what equal runs have in common.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from poise.errors import MissingDependencyError, OutputError
from poise.types import Event, Observer

if TYPE_CHECKING:
    from typing import Any

FOLDER = "tensorboard"
"""Where in a run's directory the event files stand."""

FLUSH_SECONDS = 10
"""How old a number may be on the screen of whoever watches."""


class _Writer(Protocol):
    """What is used of `tensorboardX.SummaryWriter`."""

    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> Any: ...

    def close(self) -> None: ...


class TensorBoard:
    """Writes the numbers of every event, each phase over its own environment steps. A context manager.

    Args:
        run: the run's directory. Nothing is written before the first event: a run wants its directory to itself.

    Raises:
        MissingDependencyError: the package that writes event files is not installed.
    """

    def __init__(self, run: Path) -> None:
        try:
            import tensorboardX  # noqa: F401  before the run begins: it is no use to hear it after
        except ImportError as error:
            raise MissingDependencyError(
                "TensorBoard's event files need a package that is not installed here; install it with: "
                "pip install 'poise[tensorboard]'"
            ) from error
        self._folder = run.absolute() / FOLDER
        self._writer: _Writer | None = None
        self._before: dict[str, int] = {}
        self._last: dict[str, int] = {}

    def __enter__(self) -> TensorBoard:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()

    def observe(self, event: Event) -> None:
        """Writes the numbers of an event.

        Raises:
            OutputError: the files cannot be written.
        """
        if self._writer is None:
            self._writer = self._open(event)
        step = self._step(event)
        for name, value in {**event.metrics, "episodes": event.usage.episodes}.items():
            if isinstance(value, int | float) and not isinstance(value, bool) and name != "steps":
                self._writer.add_scalar(f"{event.phase}/{name}", value, step)

    def _open(self, event: Event) -> _Writer:
        from tensorboardX import SummaryWriter

        # A resumed run plays again what came after its last checkpoint: TensorBoard is told to forget those numbers.
        resumed = event.usage.steps if event.phase == "search" and self._folder.exists() else None
        # Files are named by the second and the machine: without a number two of one second would be one.
        number = sum(1 for _ in self._folder.glob("events.*")) if self._folder.exists() else 0
        try:
            writer: _Writer = SummaryWriter(
                str(self._folder), purge_step=resumed, flush_secs=FLUSH_SECONDS, filename_suffix=f".{number}"
            )
        except OSError as error:
            raise OutputError(f"cannot write {self._folder}: {error.strerror or error}") from error
        return writer

    def _step(self, event: Event) -> int:
        """Steps of the event's phase. Each race of the selection counts its own anew: they are strung together."""
        steps, phase = event.usage.steps, event.phase
        if steps < self._last.get(phase, 0):
            self._before[phase] = self._before.get(phase, 0) + self._last[phase]
        self._last[phase] = steps
        return self._before.get(phase, 0) + steps


@contextmanager
def observed(wanted: bool, run: Path, observe: Observer) -> Iterator[Observer]:
    """An observer that also writes for TensorBoard, for as long as the block lasts, if that is wanted.

    Raises:
        MissingDependencyError: it is wanted, and the package that writes event files is not installed.
    """
    if not wanted:
        yield observe
        return

    with TensorBoard(run) as board:

        def both(event: Event) -> None:
            board.observe(event)
            observe(event)

        yield both
