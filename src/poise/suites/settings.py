"""Settings of `poise.train` that come from a file: their names and types are checked before anything runs."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from poise.errors import InvalidValueError, UnknownNameError
from poise.runs.config import TrainConfig
from poise.types import Json

_WORDS = {int: "an integer", float: "a number", bool: "true or false", str: "text", tuple: "a list of integers"}

ADVICE = "Options of an optimizer stand in optimizer_args, arguments of an environment in env_args."


def check_settings(settings: Mapping[str, Json], where: str, besides: tuple[str, ...] = ()) -> None:
    """Refuses what `TrainConfig` would not take.

    Args:
        settings: names and values.
        where: the place in the file, for the message.
        besides: names that are allowed there and are no settings.

    Raises:
        UnknownNameError: there is no such setting.
        InvalidValueError: a value is of the wrong type. Ranges are checked where a `TrainConfig` is made.
    """
    known = [field.name for field in fields(TrainConfig) if field.name != "seed"]
    hints = typing.get_type_hints(TrainConfig)
    for name, value in settings.items():
        if name in besides:
            continue
        if name not in known:
            raise UnknownNameError(f"setting in {where}", name, [*known, *besides], ADVICE)
        if not _fits(value, hints[name]):
            raise InvalidValueError(f"{where}: expected {name} to be {_described(hints[name])}, got {value!r}")


def _kinds(hint: Any) -> tuple[Any, ...]:
    """The types that an annotation allows."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return tuple(kind for part in typing.get_args(hint) for kind in _kinds(part))
    return (typing.get_origin(hint) or hint,)


def _fits(value: Json, hint: Any) -> bool:
    for kind in _kinds(hint):
        if kind is tuple and isinstance(value, list):
            return all(isinstance(item, int) and not isinstance(item, bool) for item in value)
        if kind is Mapping and isinstance(value, dict):
            return _is_json(value)
        if isinstance(value, bool):
            if kind is bool:
                return True
        elif (kind in (int, str) and isinstance(value, kind)) or (kind is float and isinstance(value, int | float)):
            return True
    return False


def _is_json(value: Json) -> bool:
    """Whether a value can be kept in ``config.json``: TOML has times and dates too."""
    if isinstance(value, dict):
        return all(_is_json(item) for item in value.values())
    if isinstance(value, list):
        return all(_is_json(item) for item in value)
    return isinstance(value, bool | int | float | str)


def _described(hint: Any) -> str:
    words = [_WORDS.get(kind, "a table of numbers and text") for kind in _kinds(hint) if kind is not type(None)]
    return " or ".join(words)
