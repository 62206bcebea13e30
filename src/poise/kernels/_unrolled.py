"""Writes the small functions that repeat a line once for each number of a state, an observation or an action.

The compiler puts episodes side by side in vector instructions only where the body of the loop over them is a straight
line. These functions are therefore written out for the sizes at hand, as text, and then compiled like any other.
In all of them `work[row, lane]` is the drivers' table: a row for each quantity, a column for each episode.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from poise.kernels.base import Box, Discrete, Numbers


def _define(source: str, **names: Any) -> Callable[..., Any]:
    scope: dict[str, Any] = {"float32": np.float32, "float64": np.float64, **names}
    exec(source, scope)  # nosec B102  the text comes from the functions of this file alone
    function: Callable[..., Any] = scope["function"]
    return function


def _tuple(parts: list[str]) -> str:
    return "(" + "".join(f"{part}, " for part in parts) + ")"


def take(row: int, count: int) -> Callable[..., Any]:
    """``(work, lane) -> tuple``: `count` numbers of a column from `row` on."""
    return _define(f"def function(work, lane): return {_tuple([f'work[{row + k}, lane]' for k in range(count)])}")


def take_flat(count: int) -> Callable[..., Any]:
    """``(array, first) -> tuple`` of `count` numbers of an array from `first` on."""
    return _define(f"def function(array, first): return {_tuple([f'array[first + {k}]' for k in range(count)])}")


def put(row: int, count: int) -> Callable[..., Any]:
    """``(work, lane, values)``: writes `count` numbers to a column from `row` on."""
    names = [f"value{k}" for k in range(count)]
    lines = "".join(f"    work[{row + k}, lane] = {name}\n" for k, name in enumerate(names))
    # Taken apart like this, values of another number do not compile.
    return _define(f"def function(work, lane, values):\n    {', '.join(names)}, = values\n{lines}")


def rounded(count: int) -> Callable[..., Any]:
    """``(values) -> tuple``: each rounded to single precision, as Gymnasium's observations are."""
    names = [f"value{k}" for k in range(count)]
    parts = [f"float64(float32({name}))" for name in names]
    return _define(f"def function(values):\n    {', '.join(names)}, = values\n    return {_tuple(parts)}")


def normalized(count: int) -> Callable[..., Any]:
    """``(values, normal) -> tuple``: means taken off, divided by scales; `normal` holds the means, then the scales."""
    parts = [f"(values[{k}] - normal[{k}]) / normal[{count + k}]" for k in range(count)]
    return _define(f"def function(values, normal): return {_tuple(parts)}")


def add_up(row: int, count: int) -> Callable[..., Any]:
    """``(work, lane, values)``: adds numbers to sums from `row` on, and their squares to those that follow."""
    lines = [f"    work[{row + k}, lane] += values[{k}]\n" for k in range(count)]
    lines += [f"    work[{row + count + k}, lane] += values[{k}] * values[{k}]\n" for k in range(count)]
    return _define(f"def function(work, lane, values):\n{''.join(lines)}")


def linear(inputs: int, outputs: int, weight_row: int, bias: bool) -> Callable[..., Any]:
    """``(work, lane, seen, output) -> float``: weights times inputs in the order of the index, the bias last."""
    return _output([f"seen[{k}]" for k in range(inputs)], weight_row, weight_row + outputs * inputs if bias else None)


def linear_of_rows(inputs: int, outputs: int, input_row: int, weight_row: int) -> Callable[..., Any]:
    """The same with a bias, and with the inputs in rows of the table."""
    return _output([f"work[{input_row + k}, lane]" for k in range(inputs)], weight_row, weight_row + outputs * inputs)


def quadratic(inputs: int, weight_row: int) -> Callable[..., Any]:
    """``(work, lane, seen, output) -> float``: inputs, their products of two, and a constant, in this order."""
    terms = [f"seen[{k}]" for k in range(inputs)]
    terms += [f"(seen[{i}] * seen[{j}])" for i in range(inputs) for j in range(i, inputs)]
    return _output([*terms, "1.0"], weight_row, None)


def _output(terms: list[str], weight_row: int, bias_row: int | None) -> Callable[..., Any]:
    total = " + ".join(f"work[{weight_row + k} + at, lane] * {term}" for k, term in enumerate(terms))
    if bias_row is not None:
        total += f" + work[{bias_row} + output, lane]"
    return _define(f"def function(work, lane, seen, output):\n    at = output * {len(terms)}\n    return {total}")


def action_of(
    action: Discrete | Box, action_map: tuple[Numbers, ...], output: Any, component: Any
) -> Callable[..., Any]:
    """``(work, lane, seen) -> action`` from the policy's outputs, as `ActionDecoding` does it.

    Args:
        action: what the actions are.
        action_map: `Variant.action_map`.
        output: compiled ``(work, lane, seen, number) -> float``.
        component: compiled `component`.
    """
    if isinstance(action, Discrete):
        if action.count == 2:
            return _define(
                "def function(work, lane, seen): return 1.0 if output(work, lane, seen, 0) > 0.0 else 0.0",
                output=output,
            )
        return _define(_LARGEST.format(count=action.count), output=output)
    parts = [f"component(output(work, lane, seen, {k}), {numbers})" for k, numbers in enumerate(action_map)]
    source = f"def function(work, lane, seen): return {_tuple(parts)}"
    return _define(source, output=output, component=component)


_LARGEST = """
def function(work, lane, seen):
    best, choice = output(work, lane, seen, 0), 0.0
    for k in range(1, {count}):
        value = output(work, lane, seen, k)
        # As NumPy's argmax: the first of equals, and the first that is not a number before all others.
        better = ((value > best) | (value != value)) & (best == best)
        best, choice = (value if better else best), (float64(k) if better else choice)
    return choice
"""


def component(output: float, numbers: tuple[float, float, float, float]) -> float:
    """One number of a box action: centre + half-width * clipped output, in single precision. NaN becomes the lowest."""
    centre, half, lowest, highest = numbers
    clipped = output if output > lowest else lowest
    clipped = highest if clipped > highest else clipped
    return np.float64(np.float32(centre + half * clipped))


def views(first: int, count: int, array_at: Any) -> Callable[..., Any]:
    """``(addresses) -> tuple``: the arrays whose addresses and sizes stand in turn from `first` on.

    Args:
        first: where the first address stands.
        count: how many arrays.
        array_at: compiled ``(address, size) -> array``.
    """
    places = [first + 2 * k for k in range(count)]
    parts = [f"array_at(addresses[{place}], addresses[{place + 1}])" for place in places]
    return _define(f"def function(addresses): return {_tuple(parts)}", array_at=array_at)
