"""Episodes in a learnt world, compiled: a search plays ten million imagined steps. Importing this imports numba."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

from poise.models.world import CLIPPED, LARGEST, SIGN

ROUNDING = np.float32(1.5 * 2**23)
"""Added and taken off again, it rounds a small number to an integer, eight at a time."""

S1, S3, S5, S7, S9, S11 = (
    np.float32((-1) ** k * math.tau ** (2 * k + 1) / math.factorial(2 * k + 1)) for k in range(6)
)
"""Taylor coefficients of sin(2 pi x), good to 1e-7 for quarters of a turn."""


def compiled(function: Any, **options: Any) -> Any:
    """The function in machine code, kept on disk where that can be."""
    try:
        return njit(cache=True, error_model="numpy", **options)(function)
    except RuntimeError:  # no directory can be written to
        return njit(error_model="numpy", **options)(function)


def _waves(m: int, inputs: Any, frequencies: Any, phases: Any, waves: Any) -> None:
    """Cosines of turns, by the model m; no reassociation here, for it would undo the rounding."""
    for j in range(waves.size):
        waves[j] = phases[m, j]
    for i in range(inputs.size):
        for j in range(waves.size):
            waves[j] += inputs[i] * frequencies[m, i, j]
    for j in range(waves.size):
        turn = waves[j]
        turn -= (turn + ROUNDING) - ROUNDING
        x = np.float32(0.25) - abs(turn)
        y = x * x
        waves[j] = x * (S1 + y * (S3 + y * (S5 + y * (S7 + y * (S9 + y * S11)))))


def _dot(one: Any, table: Any, a: int, b: int) -> Any:
    total = np.float32(0.0)
    for j in range(one.size):
        total += one[j] * table[a, b, j]
    return total


def _terms(values: Any, terms: Any, quadratic: bool) -> None:
    """The values, where asked for their products, and 1; in the order of `quadratic_terms`."""
    place = values.size
    for i in range(values.size):
        terms[i] = values[i]
        if quadratic:
            for j in range(i, values.size):
                terms[place] = values[i] * values[j]
                place += 1
    terms[place] = 1.0


def _control(outputs: Any, kind: int, low: Any, high: Any, controls: Any) -> None:
    best = 0
    for k in range(outputs.size):
        if kind == CLIPPED:
            controls[k] = min(max(outputs[k], low[k]), high[k])
        elif kind == SIGN:
            controls[k] = np.float32(1.0) if outputs[k] > 0 else np.float32(-1.0)
        else:
            controls[k] = 0.0
            if outputs[k] > outputs[best]:
                best = k
    if kind == LARGEST:
        controls[best] = 1.0


_waves = compiled(_waves, fastmath={"contract", "nnan", "nsz"})
_dot = compiled(_dot, fastmath=True)
_terms, _control = compiled(_terms), compiled(_control)


def _play(model: Any, facts: Any, policy: Any, starts: Any, steps: int, found: Any) -> None:
    frequencies, phases, linear, waved, constant = model
    low, high, ending, last_reward, paid, least_reward, most_reward = facts
    weights, quadratic, kind, lowest, highest = policy
    returns, alive, least, most, ends = found
    features, outputs_size, count = starts.shape[1], weights.shape[1], constant.shape[1]
    inputs = np.empty(features + outputs_size, dtype=np.float32)
    state, controls = inputs[:features], inputs[features:]
    outputs, change = np.empty(outputs_size, dtype=np.float32), np.empty(count, dtype=np.float32)
    waves, seen = np.empty(phases.shape[1], dtype=np.float32), np.empty(weights.shape[2], dtype=np.float32)
    end_terms, paid_terms = np.empty(max(ending.size, 1), np.float32), np.empty(paid.size, np.float32)
    for m in range(returns.shape[0]):
        for row in range(returns.shape[1]):
            candidate, start = row // starts.shape[0], row % starts.shape[0]
            state[:] = starts[start]
            least[m, row], most[m, row] = state, state
            for _ in range(steps):
                _terms(state, seen, quadratic)
                for k in range(outputs_size):
                    outputs[k] = _dot(seen, weights, candidate, k)
                _control(outputs, kind, lowest, highest, controls)
                _waves(m, inputs, frequencies, phases, waves)
                for k in range(count):
                    change[k] = constant[m, k] + _dot(inputs, linear, m, k) + _dot(waves, waved, m, k)
                earned = min(max(change[features], least_reward), most_reward)
                _terms(controls, paid_terms, True)
                earned += _dot(paid_terms, paid, 0, 0)
                for i in range(features):
                    state[i] = min(max(state[i] + change[i], low[i]), high[i])
                if ending.size:
                    _terms(state, end_terms, True)
                    if _dot(end_terms, ending, 0, 0) > 0:
                        returns[m, row] += last_reward
                        alive[m, row] = False
                        break
                returns[m, row] += earned
                for i in range(features):
                    least[m, row, i] = min(least[m, row, i], state[i])
                    most[m, row, i] = max(most[m, row, i], state[i])
            ends[m, row] = state


play = compiled(_play)
"""Plays every candidate from every start in every model, the candidate's number varying slowest.

Args:
    model: frequencies (models, inputs, waves) and phases (models, waves) in turns; weights of the inputs (models,
        targets, inputs) and of the waves (models, targets, waves); constants (models, targets). The last target is
        the reward.
    facts: least and most of each feature; weights of what ends an episode, or none; the reward of a last step; weights
        of what controls cost; least and most reward beside it.
    policy: weights (candidates, outputs, terms), whether there are products among the terms, how outputs become
        controls, their bounds.
    starts: scaled observations, shape (starts, features).
    steps: when to leave an episode that has not ended.
    found: what is written, (models, rows) each: returns, zero before; whether alive, true before; and with features
        least, most and last state.
"""


def is_compiled() -> bool:
    """Whether the machine code is there, in this process or on the disk; if not, the first call takes some seconds."""
    kept, version = play.stats.cache_path, "".join(map(str, sys.version_info[:2]))
    return bool(play.signatures) or bool(kept and any(Path(kept).glob(f"playing._play-*.py{version}.nbi")))
