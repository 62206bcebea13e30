"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from poise.errors import InvalidValueError

if TYPE_CHECKING:
    from poise.types import Json

RunOrPolicy = Annotated[str, typer.Argument(metavar="RUN_OR_POLICY", help="A run's directory, or a policy's file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout, and all else on stderr.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
Seed = Annotated[int, typer.Option("--seed", help="Every random number comes from it; 0 to 2³²-1.")]
Engine = Annotated[
    str, typer.Option("--engine", help="auto: the fastest that is equal to Gymnasium; gymnasium: Gymnasium itself.")
]
Named = Annotated[
    list[str] | None,
    typer.Option(
        "--env",
        metavar="MODULE:ID",
        help="An environment of a module, which a file alone may not have imported. Repeatable.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", help="Processes or threads that play; no result depends on it. [default: one a core]"),
]
TensorBoard = Annotated[
    bool, typer.Option("--tensorboard", help="Also write event files for TensorBoard, into the run's directory.")
]
StepSeconds = Annotated[
    float, typer.Option("--step-seconds", help="Seconds that a reset or step of an environment may take.")
]


def import_named(env: list[str] | None) -> None:
    """Imports the modules of the environments that the user named.

    Raises:
        MissingDependencyError: one cannot be imported.
        InvalidValueError: one names no module.
    """
    for identifier in env or []:
        if ":" not in identifier:
            raise InvalidValueError(f"expected --env MODULE:ID, got {identifier!r}; others need not be named")
        from poise.rollouts import environments

        environments.import_named(identifier)


def parse_integers(text: str | None, option: str) -> tuple[int, ...] | None:
    """``"1,3,10"`` as integers; ``None`` stays.

    Raises:
        InvalidValueError: for anything else.
    """
    if text is None:
        return None
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise InvalidValueError(f"expected {option} N or N,N,…, got {text!r}") from error


def parse_pairs(pairs: list[str], option: str) -> dict[str, Json]:
    """``["gravity=10", "name=x"]`` as a dictionary; a value is read as JSON if it is JSON, else as text.

    Raises:
        InvalidValueError: for an entry without ``=``.
    """
    values: dict[str, Json] = {}
    for pair in pairs:
        name, separator, text = pair.partition("=")
        if not separator or not name:
            raise InvalidValueError(f"expected {option} NAME=VALUE, got {pair!r}")
        if text in ("True", "False"):
            text = text.lower()
        try:
            values[name] = json.loads(text)
        except ValueError:
            values[name] = text
    return values
