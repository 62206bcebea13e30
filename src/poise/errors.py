"""What poise raises when a user's request cannot be carried out.

    PoiseError
    ├── InvalidValueError           an argument of the wrong type, shape or range
    ├── UnknownNameError            no such optimizer, policy, environment, option
    ├── UnsupportedSpaceError       a space that poise has no policy for
    ├── MissingDependencyError      an optional package is not installed
    ├── EnvironmentFailureError     the environment raised, or returned what it must not
    ├── InvalidFileError            a file that is damaged or foreign
    │   └── NewerVersionError       a file that a newer poise has written
    ├── OutputError                 a place that cannot be written
    │   └── RunStoppedError         a run that could not write on; it can be resumed
    ├── RunInUseError               another process is at work on this run
    └── PortInUseError              another program listens there

Each message says what was expected, what came, and what to do. The command line prints it and exits with code 2; with
3 for a run that can be resumed.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PoiseError(Exception):
    """Base of every error that poise raises on purpose."""


class InvalidValueError(PoiseError, ValueError):
    """An argument has the wrong type, shape or range."""


class UnknownNameError(PoiseError, LookupError):
    """A name is not among those that exist; the message suggests the nearest ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str], advice: str = "") -> None:
        self.kind, self.name, self.advice = kind, name, advice
        self.known = choices = tuple(sorted(known))
        near = difflib.get_close_matches(name, choices, n=3, cutoff=0.6)
        if near:
            hint = f"Did you mean {' or '.join(repr(n) for n in near)}?"
        elif 0 < len(choices) <= 20:
            hint = f"Known: {', '.join(choices)}."
        else:
            hint = ""
        super().__init__(" ".join(part for part in (f"There is no {kind} named {name!r}.", hint, advice) if part))

    def __reduce__(self) -> tuple[type[UnknownNameError], tuple[object, ...]]:
        # An error may cross from one process to another; by default it would be made from its message alone.
        return type(self), (self.kind, self.name, self.known, self.advice)


class UnsupportedSpaceError(PoiseError):
    """An observation or action space for which there is no policy."""


class MissingDependencyError(PoiseError):
    """An optional package is needed and not installed; the message names the extra."""


class EnvironmentFailureError(PoiseError):
    """An environment raised an exception or returned something outside Gymnasium's contract."""


class InvalidFileError(PoiseError):
    """A file of poise that is truncated, damaged, or of another kind."""


class NewerVersionError(InvalidFileError):
    """A file whose format is newer than this poise knows."""

    @classmethod
    def of(cls, file: object, found: object, known: int) -> NewerVersionError:
        """The error for a file of version `found` where `known` is the newest that can be read."""
        return cls(
            f"{file} was made by a newer poise: its format has version {found!r}, this poise reads up to {known}; "
            "upgrade with: pip install --upgrade poise"
        )


class OutputError(PoiseError):
    """A directory or file that exists already or cannot be written."""


class RunStoppedError(OutputError):
    """A run that could not write any more, on a full disk for instance. What it wrote is whole, and it can go on."""


class RunInUseError(PoiseError):
    """Another process is at work on this run."""


class PortInUseError(PoiseError):
    """The port asked for is taken by another program."""
