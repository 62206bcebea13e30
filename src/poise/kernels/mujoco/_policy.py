"""A policy as the driver computes it: the formulas of `poise.policies`, in the same order of operations.

Sizes are arguments, so that one program plays every policy: a policy costs next to nothing beside a step of MuJoCo.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from poise.kernels._unrolled import component
from poise.kernels.elementary import tanh

FEATURES, QUADRATIC, BIAS, NORMALIZED, LAYERS, WIDTHS = range(6)
"""Places in the array that describes a policy; from `WIDTHS` on the inputs of the first layer, then its outputs, and
so on."""


def are_finite(seen: Any) -> Any:
    """Whether all numbers are."""
    finite = True
    for k in range(seen.size):
        finite = finite and math.isfinite(seen[k])
    return finite


def inputs_of(shape: Any, normal: Any, seen: Any, values: Any) -> None:
    """Writes what the first layer is given: the features, normalised, and for quadratic policies their products."""
    features = shape[FEATURES]
    for k in range(features):
        values[k] = (seen[k] - normal[k]) / normal[features + k] if shape[NORMALIZED] != 0 else seen[k]
    if shape[QUADRATIC] != 0:
        place = features
        for i in range(features):
            for j in range(i, features):
                values[place] = values[i] * values[j]
                place += 1
        values[place] = 1.0


def outputs_of(shape: Any, parameters: Any, values: Any) -> Any:
    """Writes what follows from the inputs, layer behind layer, and returns where the outputs begin."""
    source = weights = 0
    for layer in range(shape[LAYERS]):
        inputs, outputs = shape[WIDTHS + layer], shape[WIDTHS + layer + 1]
        for unit in range(outputs):
            first = weights + unit * inputs
            total = parameters[first] * values[source]
            for k in range(1, inputs):
                total += parameters[first + k] * values[source + k]
            if shape[BIAS] != 0:
                total += parameters[weights + inputs * outputs + unit]
            values[source + inputs + unit] = tanh(total) if layer + 1 < shape[LAYERS] else total
        weights += outputs * (inputs + shape[BIAS])
        source += inputs
    return source


def act(shape: Any, parameters: Any, normal: Any, box: Any, seen: Any, values: Any, action: Any) -> None:
    """Writes the action for what was seen."""
    inputs_of(shape, normal, seen, values)
    first, count = outputs_of(shape, parameters, values), action.size
    for k in range(count):
        numbers = (box[k], box[count + k], box[2 * count + k], box[3 * count + k])
        action[k] = np.float32(component(values[first + k], numbers))
