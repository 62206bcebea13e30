"""How commands speak: results on stdout, for a person or as JSON; remarks on stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout, suppress
from typing import TYPE_CHECKING

from poise.words import counted, number

if TYPE_CHECKING:
    from poise.types import Json


@contextmanager
def stdout_kept_clean() -> Iterator[None]:
    """Sends to stderr what is printed to stdout while the block runs, by Python and by compiled code."""
    sys.stdout.flush()
    try:
        kept = os.dup(1)
    except OSError:  # there is no stdout
        yield
        return
    try:
        os.dup2(2, 1)
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _flush_compiled_code()
        os.dup2(kept, 1)
        os.close(kept)


def _flush_compiled_code() -> None:
    """Has the C library write out what it still holds of its own stdout."""
    import ctypes

    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).fflush(None)


def print_json(value: Json) -> None:
    """One JSON object on stdout."""
    sys.stdout.write(json.dumps(value, allow_nan=False) + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """A line for a person on stdout."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """A remark on stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def evaluation_lines(evaluation: Mapping[str, Json], indent: str = "") -> list[str]:
    """An evaluation in words."""
    e = evaluation
    lines = [
        f"mean return {number(e['mean'])}  [{number(e['low'])}, {number(e['high'])}] at {e['confidence']:.0%} "
        f"({e['method']}), on {counted(e['episodes'], 'fresh episode')}",
        f"from {number(e['min'])} to {number(e['max'])}, median {number(e['quantiles']['0.5'])}, "
        f"lowest 5% below {number(e['quantiles']['0.05'])}; {e['length_mean']:.1f} steps an episode",
    ]
    if e.get("failed_episodes"):
        lines.append(
            f"the environment failed in {e['failed_episodes']:,} of them: none of these is a success, and no other "
            f"figure has them. The first: {e['first_failure']}"
        )
    if e["success_rate"] is not None:
        lines.append(
            f"return of at least {number(e['threshold'])} in {percent(e['success_rate'])} of episodes  "
            f"[{percent(e['success_low'])}, {percent(e['success_high'])}] ({e['success_method']})"
        )
    return [indent + line for line in lines]


def percent(share: float) -> str:
    """A share; near 1 with enough digits not to round up to a certainty that it is not."""
    if share in (0.0, 1.0):
        return f"{share:.0%}"
    for digits in range(1, 8):
        text = f"{share:.{digits}%}"
        if text not in (f"{1:.{digits}%}", f"{0:.{digits}%}"):
            return text
    return f"{share:.7%}"
