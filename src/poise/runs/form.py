"""What the parts of a checkpoint must be: a file that was made up is refused where it is read, not later in the search.

A form is a type, an array that stands for all of its type and number of axes, a dictionary of forms, a list with the
form of its items, or a tuple of forms of which one must hold.
"""

from __future__ import annotations

from typing import Any

import numpy as np

LARGEST_COUNT = 2**63 - 1

VECTOR, MATRIX, COUNTS = np.zeros(0), np.zeros((0, 0)), np.zeros(0, dtype=np.int64)
USAGE = {"steps": int, "episodes": int}
FAILURES = {"episodes": int, "first": (None, str)}
NORMALIZER = {"mean": VECTOR, "scale": VECTOR}
ARCHITECTURE = {"name": str, "mean": (None, VECTOR), "scale": (None, VECTOR)}
CANDIDATE = {"architecture": ARCHITECTURE, "parameters": VECTOR, "claim": (None, float)}
HORIZON = {"steps": int, "whole": int}
TOLL = {"price": float, "whole": int, "usual": float}
SUMS = {"count": int, "total": VECTOR, "squares": VECTOR}
OPTIMIZER = {"optimizer": str, "state": {"dimension": int, "generation": int, "own": {}}}
RIVAL = {
    **OPTIMIZER,
    "architecture": ARCHITECTURE,
    "follows": bool,
    "sums": (None, SUMS),
    "survival_bonus": float,
    "horizon": (None, HORIZON),
}
EVERY = {"run_seed": int, "search_position": int, "seconds": float, "stopped_because": (None, str)}

SEARCH = {
    **EVERY,
    **OPTIMIZER,
    "architecture": ARCHITECTURE,
    "selection_position": int,
    "archive": [CANDIDATE],
    "finalists": [CANDIDATE],
    "scale": (None, NORMALIZER),
    "sums": (None, SUMS),
    "usage": USAGE,
    "selection_usage": USAGE,
    "range": VECTOR,
    "generation": int,
    "stage": int,
    "rung": int,
    "trend": VECTOR,
    "levels": VECTOR,
    "winner": (None, CANDIDATE),
}
SINCE = {
    "first_horizon": (None, HORIZON),
    "horizon": (None, HORIZON),
    "rare": bool,
    "survival_bonus": float,
    "known_toll": (None, TOLL),
    "toll": (None, TOLL),
    "lasted": float,
    "again": bool,
    "follows": bool,
    "trial": (None, {"began": USAGE, "waiting": [RIVAL], "tried": [RIVAL]}),
    "failures": FAILURES,
    "selection_failures": FAILURES,
    "before_race": (None, {"position": int, "usage": USAGE}),
    "milestones": [CANDIDATE],
    "spacing": int,
    "start": int,
    "starts": COUNTS,
    "best_left": (None, RIVAL),
    "first_level": (None, float),
    "luck_matters": (None, bool),
    "course": (None, {"mean": VECTOR, "count": int}),
}
"""Parts of a search that files of the first poise do not have."""

TABLE = {
    **EVERY,
    "table": {"size": COUNTS, "range": VECTOR},
    "known_after": int,
    "usage": USAGE,
    "generation": int,
    "best": (None, float),
}

FRUGAL = {
    **EVERY,
    "selection_position": int,
    "selection_usage": USAGE,
    "starts": MATRIX,
    "transitions": {"before": MATRIX, "controls": MATRIX, "after": MATRIX, "rewards": VECTOR},
    "episodes": [{"seed": int, "length": int, "score": float, "predicted": (None, float)}],
    "candidates": [CANDIDATE],
    "planned_at": int,
    "expected": (None, float),
    "winner": (None, CANDIDATE),
}
CHOICE = {"before_choice": (None, {"position": int, "usage": USAGE})}


def check(value: Any, form: Any, name: str = "the state") -> None:
    """Raises `ValueError` unless `value` has this form; what it has beyond the names of a form is not looked at."""
    if isinstance(form, tuple):
        if not any(_holds(value, each, name) for each in form):
            raise ValueError(f"{name}: unexpected {type(value).__name__}")
    elif isinstance(form, dict):
        if not isinstance(value, dict) or form.keys() - value.keys():
            raise ValueError(f"{name}: expected {', '.join(form)}")
        for key, each in form.items():
            check(value[key], each, key)
    elif isinstance(form, list):
        if not isinstance(value, list):
            raise ValueError(f"{name}: expected a list")
        for item in value:
            check(item, form[0], name)
    elif isinstance(form, np.ndarray):
        if not isinstance(value, np.ndarray) or value.dtype != form.dtype or value.ndim != form.ndim:
            raise ValueError(f"{name}: expected an array of {form.dtype} with {form.ndim} axes")
    elif form is None:
        if value is not None:
            raise ValueError(f"{name}: expected nothing")
    elif form is float:
        if type(value) not in (int, float, bool):
            raise ValueError(f"{name}: expected a number")
    elif type(value) is not form or (form is int and abs(value) > LARGEST_COUNT):
        raise ValueError(f"{name}: expected {form.__name__}")


def check_where_there(value: dict[str, Any], forms: dict[str, Any]) -> None:
    """`check` of those parts that are there."""
    check(value, {name: form for name, form in forms.items() if name in value})


def like(value: Any) -> Any:
    """The form of a value, with numbers of any kind for a number; nothing is asked of what is ``None`` or a list."""
    if isinstance(value, dict):
        return {key: like(each) for key, each in value.items() if each is not None and not isinstance(each, list)}
    if isinstance(value, np.ndarray):
        return value
    return float if isinstance(value, bool | int | float | np.generic) else type(value)


def _holds(value: Any, form: Any, name: str) -> bool:
    try:
        check(value, form, name)
    except ValueError:
        return False
    return True
