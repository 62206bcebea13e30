"""What an algorithm's parameters may be: each option's meaning and range stand beside its default and are checked here.

The command line's help and the documentation read the same words.
"""

from __future__ import annotations

import dataclasses
import math
import numbers
import typing
from typing import Any

from poise.errors import InvalidValueError

Limit = float | int | None
SMALLEST, LARGEST = 1e-100, 1e30  # positive numbers between them can be squared and summed in float64


def about(
    meaning: str, *, low: Limit = None, high: Limit = None, above: Limit = None, below: Limit = None
) -> dict[str, Any]:
    """Metadata of an option, for ``dataclasses.field(default=..., metadata=about(...))``.

    Args:
        meaning: one line for a person.
        low: least value allowed.
        high: greatest value allowed.
        above: bound that itself is not allowed.
        below: bound that itself is not allowed.
    """
    limits = {"low": low, "high": high, "above": above, "below": below}
    return {"meaning": meaning, **{name: limit for name, limit in limits.items() if limit is not None}}


def range_text(metadata: typing.Mapping[str, Any]) -> str:
    """The range that `about` noted, in words; empty if there is none.

    That a positive number must be one that can be reckoned with goes without saying.
    """
    words = {"low": "at least", "above": "greater than", "high": "at most", "below": "less than"}
    parts = [f"{word} {metadata[key]:g}" for key, word in words.items() if metadata.get(key, LARGEST) != LARGEST]
    return " and ".join(parts).replace(f"at least {SMALLEST:g}", "greater than 0")


@dataclasses.dataclass(frozen=True)
class BaseOptions:
    """Parameters of an algorithm; each field is checked against its type and the range that `about` gives.

    Raises:
        InvalidValueError: for a value of the wrong type or outside its range.
    """

    def __post_init__(self) -> None:
        hints = typing.get_type_hints(type(self))
        for field in dataclasses.fields(self):
            value = _converted(field.name, getattr(self, field.name), hints[field.name])
            _check_range(field.name, value, field.metadata)
            object.__setattr__(self, field.name, value)


def _converted(name: str, value: Any, hint: Any) -> Any:
    """`value` as a plain Python value of the annotated type, so that it is the same after a checkpoint."""
    kinds = typing.get_args(hint) or (hint,)
    if value is None and type(None) in kinds:
        return None
    if bool in kinds and isinstance(value, bool):
        return value
    if not isinstance(value, bool):
        if int in kinds and isinstance(value, numbers.Integral):
            return int(value)
        if float in kinds and isinstance(value, numbers.Real) and math.isfinite(value):
            return float(value)
    if str in kinds and isinstance(value, str):
        return value
    names = {int: "an integer", float: "a finite number", bool: "true or false", str: "text", type(None): "none"}
    if not any(kind in names for kind in kinds):
        return value  # an algorithm's own type, which its own __post_init__ checks
    expected = " or ".join(names[kind] for kind in kinds if kind in names)
    raise InvalidValueError(f"option {name}: expected {expected}, got {value!r}")


def _check_range(name: str, value: Any, metadata: typing.Mapping[str, Any]) -> None:
    if value is None:
        return
    fits = (
        ("low" not in metadata or value >= metadata["low"])
        and ("high" not in metadata or value <= metadata["high"])
        and ("above" not in metadata or value > metadata["above"])
        and ("below" not in metadata or value < metadata["below"])
    )
    if not fits:
        raise InvalidValueError(f"option {name}: expected a value {range_text(metadata)}, got {value!r}")
