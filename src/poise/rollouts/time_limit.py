"""A time limit for environments that hang in ``reset`` or ``step``."""

from __future__ import annotations

import faulthandler
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from poise.errors import EnvironmentFailureError, InvalidValueError

DEFAULT_SECONDS = 300.0
"""How long one call of ``reset`` or ``step`` may take."""

LOOKS = 4
"""How often within that time it is looked whether anything happens."""

_may_end_process = False


def let_it_end_this_process() -> None:
    """From now on an environment that never returns to Python ends this process, after twice its time.

    For a process that is poise's own, whose run another can take up; a person's own Python is not ended.
    """
    global _may_end_process
    _may_end_process = True


class TimeLimitError(BaseException):
    """An environment does not return. No `Exception`, so that an environment which catches those does not catch it."""


def check_seconds(seconds: float) -> float:
    """The limit itself.

    Raises:
        InvalidValueError: it is not greater than 0.
    """
    if not seconds > 0:
        raise InvalidValueError(f"expected a time limit of more than 0 seconds, got {seconds}")
    return seconds


def explanation(seconds: float) -> str:
    """What is said of an environment that hangs."""
    return (
        f"reset or step did not return within the time limit of {seconds:g} seconds; if the environment is only slow, "
        "set another limit with --step-seconds (step_seconds= in Python)"
    )


@contextmanager
def time_limit(seconds: float, progress: Callable[[], int]) -> Iterator[None]:
    """Raises `TimeLimitError` in the block once nothing has happened for so long.

    An alarm looks now and then, so that a step costs nothing. It needs a system with alarms, the main thread, and that
    nobody else uses the alarm; elsewhere there is no limit. Compiled code that does not return to Python is not reached
    either: of that only another process can be freed, or this one ended; see `let_it_end_this_process`.

    Args:
        seconds: the limit; it is noticed at most a quarter late.
        progress: a number that changes while something happens.

    Raises:
        EnvironmentFailureError: it struck where no episode was being played, in the making of an environment.
    """
    if not _alarms_are_ours():
        yield
        return
    seen, silent = progress(), 0

    def look(number: int, frame: FrameType | None) -> None:
        nonlocal seen, silent
        _end_process_after(2 * seconds)
        now = progress()
        seen, silent = now, silent + 1 if now == seen else 0
        if silent >= LOOKS:
            silent = 0  # what comes next has the whole time again
            raise TimeLimitError(explanation(seconds))

    previous = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, seconds / LOOKS, seconds / LOOKS)
    _end_process_after(2 * seconds)
    try:
        yield
    except TimeLimitError as error:  # it struck where no episode was being played
        raise EnvironmentFailureError(str(error)) from error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, previous)
        _end_process_after(None)


def _end_process_after(seconds: float | None) -> None:
    """Begins to count anew; the counting needs no interpreter, and says on standard error where it hangs."""
    if _may_end_process and sys.stderr is not None:
        faulthandler.cancel_dump_traceback_later()
        if seconds is not None:
            faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__ or sys.stderr)


def _alarms_are_ours() -> bool:
    return (
        hasattr(signal, "SIGALRM")
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
        and signal.getitimer(signal.ITIMER_REAL)[0] == 0
    )
