"""States to JSON text and back without the loss of a bit, for the checks of exact resumption."""

from __future__ import annotations

import json
from typing import Any

import numpy as np


def to_json(state: Any) -> str:
    """JSON text of values, arrays, and dictionaries and lists of them.

    Raises:
        TypeError: for anything else, NumPy's scalars among them.
        ValueError: for a float outside an array that is not finite, which JSON cannot hold.
    """
    return json.dumps(state, default=_array_to_json, allow_nan=False)


def from_json(text: str) -> Any:
    """What `to_json` was given."""
    return json.loads(text, object_hook=_array_from_json)


def _array_to_json(value: Any) -> dict[str, Any]:
    if not isinstance(value, np.ndarray):
        raise TypeError(f"a state holds JSON values and arrays, not {type(value).__name__}")
    return {"__array__": value.tobytes().hex(), "dtype": value.dtype.str, "shape": list(value.shape)}


def _array_from_json(value: dict[str, Any]) -> Any:
    if "__array__" not in value:
        return value
    flat = np.frombuffer(bytes.fromhex(value["__array__"]), dtype=value["dtype"])
    return flat.reshape(value["shape"]).copy()
