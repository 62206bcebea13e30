"""Policies as the drivers compute them: the formulas of `poise.policies`, in the same order of operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from poise.kernels import _unrolled
from poise.kernels._variant import Variant
from poise.kernels.elementary import tanh

Compile: TypeAlias = Callable[[Callable[..., Any]], Any]
"""Makes a plain function one that compiled functions can call, with the arithmetic of the variant."""


def observers(variant: Variant, compiled: Compile) -> tuple[Any, Any]:
    """``observed(state)`` is Gymnasium's observation, ``seen(observation, normal)`` what the policy makes of it."""
    observe, rounded = compiled(variant.kernel.observe), compiled(_unrolled.rounded(variant.inputs))

    def observed(state: Any) -> Any:
        return rounded(observe(state))

    return compiled(observed), compiled(
        _unrolled.normalized(variant.inputs) if variant.policy.normalized else _unchanged
    )


def _unchanged(values: Any, normal: Any) -> Any:
    return values


def policy_of(variant: Variant, compiled: Compile, look: Any) -> tuple[Any, Any]:
    """``hidden_layers(work, width, normal)``, which is for all lanes, and ``act(work, lane, seen) -> action``.

    Args:
        variant: what to make.
        compiled: compiles a function.
        look: compiled ``(work, lane, normal) -> seen``.
    """
    table, hidden = variant.table, variant.policy.hidden
    layers: Callable[..., Any] = _no_layers
    if variant.policy.family == "quadratic":
        output = _unrolled.quadratic(variant.inputs, table.weights)
    elif variant.policy.family == "mlp":
        layers, last = _chain(variant, compiled, look)
        row = table.hidden + sum(hidden[:-1])
        output = _unrolled.linear_of_rows(hidden[-1], variant.outputs, row, last)
    else:
        output = _unrolled.linear(
            variant.inputs, variant.outputs, table.weights, variant.policy.family == "linear+bias"
        )
    component = compiled(_unrolled.component)
    return compiled(layers), compiled(
        _unrolled.action_of(variant.kernel.action, variant.action_map, compiled(output), component)
    )


def _no_layers(work: Any, width: Any, normal: Any) -> None:
    return


def _chain(variant: Variant, compiled: Compile, look: Any) -> tuple[Callable[..., Any], int]:
    """All hidden layers one after another, and the row where the weights of the output begin."""
    source, target, weight_row, inputs = (
        variant.table.inputs,
        variant.table.hidden,
        variant.table.weights,
        variant.inputs,
    )
    chain = _input_layer(compiled(_unrolled.put(source, inputs)), look)
    for units in variant.policy.hidden:
        chain = _then(compiled(chain), compiled(_layer(source, inputs, target, units, weight_row)))
        weight_row += units * (inputs + 1)
        source, target, inputs = target, target + units, units
    return chain, weight_row


def _input_layer(put: Any, look: Any) -> Callable[..., Any]:
    def chain(work: Any, width: Any, normal: Any) -> None:
        for j in range(width):
            put(work, j, look(work, j, normal))

    return chain


def _then(before: Any, layer: Any) -> Callable[..., Any]:
    def chain(work: Any, width: Any, normal: Any) -> None:
        before(work, width, normal)
        layer(work, width)

    return chain


def _layer(source: int, inputs: int, target: int, units: int, weight_row: int) -> Callable[..., Any]:
    """One layer: for every unit tanh(weights · inputs + bias), the lanes in the innermost loop."""
    bias_row = weight_row + units * inputs

    def layer(work: Any, width: Any) -> None:
        for unit in range(units):
            first = weight_row + unit * inputs
            for j in range(width):
                work[target + unit, j] = work[first, j] * work[source, j]
            for k in range(1, inputs):
                for j in range(width):
                    work[target + unit, j] += work[first + k, j] * work[source + k, j]
            for j in range(width):
                work[target + unit, j] = tanh(work[target + unit, j] + work[bias_row + unit, j])

    return layer
