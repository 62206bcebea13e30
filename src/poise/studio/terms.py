"""Why a policy did what it did, where it is a sum: the terms of each output, and what each had to do with it.

A linear policy with one output is summed up by the page itself, from its weights. This is for those with several
outputs or many features, and for quadratic ones, whose terms are too many to be shown: those that count most stand
alone, the others together. A table's sum has one term, the row that is looked up.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from poise.policies.architecture import Normalizer
from poise.policies.base import ParametricFunction
from poise.policies.linear import Linear
from poise.policies.lookup import Lookup
from poise.policies.quadratic import Quadratic
from poise.policies.spaces import ObservationEncoding
from poise.runs.policy import Policy
from poise.types import FloatArray, IntArray

SUMMED_BY_PAGE = 16
"""Features of a linear policy with one output that the page sums up by itself; a quadratic one of more is not shown."""

MOST_PRODUCTS = 8_000_000
"""Products of one episode that are looked at to find the terms that count most."""

MOST_TERMS = 12
"""Terms that stand alone; one more is not worth a row of its own."""


def term_names(features: Sequence[str]) -> list[str]:
    """A name for each term of a quadratic policy, in the order of its weights."""
    products = [
        f"({one})²" if one == other else f"{one} · {other}"
        for place, one in enumerate(features)
        for other in features[place:]
    ]
    return [*features, *products, "constant"]


def row_names(observation: ObservationEncoding, features: Sequence[str]) -> list[str]:
    """A name for each row of a table: the choices that it stands for.

    Args:
        observation: of choices alone.
        features: a name for each feature.
    """
    parts: list[Sequence[str]] = []
    rest = iter(features)
    for leaf in observation.leaves:
        for size in leaf.sizes:
            names = [next(rest) for _ in range(size)]
            parts += [("", name) for name in names] if leaf.kind == "multi_binary" else [names]
    return [", ".join(filter(None, choices)) or "none" for choices in itertools.product(*parts)]


def terms_of(policy: Policy, observations: Sequence[Any]) -> tuple[list[str], FloatArray, FloatArray] | None:
    """Names, values and weights of the terms that a policy adds up, with its normaliser folded into the weights.

    Args:
        policy: any; ``None`` is returned unless it is quadratic, a table, or linear with several outputs or many
            features.
        observations: of one episode.

    Returns:
        The names, the values of shape (observations, terms), and the weights of shape (outputs, terms).
    """
    architecture = policy.architecture
    function = architecture.function
    if not _is_long_sum(function) or len(observations) * function.parameter_count > MOST_PRODUCTS:
        return None
    features = np.stack([architecture.observation.encode(observation) for observation in observations])
    ones = np.ones((len(features), 1))
    if isinstance(function, Quadratic):
        first, second = np.triu_indices(function.inputs)
        values = np.concatenate([features, features[:, first] * features[:, second], ones], axis=1)
        weights = policy.parameters.reshape(function.outputs, function.terms)
        return term_names(policy.feature_names), values, _quadratic_unscaled(weights, architecture.normalizer)
    if isinstance(function, Lookup):
        rows, place = np.unique(function.row(features), return_inverse=True)
        names = row_names(architecture.observation, policy.feature_names)
        table = policy.parameters.reshape(function.outputs, function.rows)
        return [names[row] for row in rows], np.eye(len(rows))[place], table[:, rows]
    if isinstance(function, Linear):
        split = function.outputs * function.inputs
        biases = policy.parameters[split:] if function.bias else np.zeros(function.outputs)
        weights = policy.parameters[:split].reshape(function.outputs, function.inputs)
        if architecture.normalizer is not None:
            weights = weights / architecture.normalizer.scale
            biases = biases - weights @ architecture.normalizer.mean
        names = [*policy.feature_names, "bias"]
        return names, np.concatenate([features, ones], axis=1), np.column_stack([weights, biases])
    return None


def _is_long_sum(function: ParametricFunction) -> bool:
    if isinstance(function, Lookup):
        return True
    if isinstance(function, Quadratic):
        return function.inputs <= SUMMED_BY_PAGE
    return isinstance(function, Linear) and (function.outputs > 1 or function.inputs > SUMMED_BY_PAGE)


def _quadratic_unscaled(weights: FloatArray, normalizer: Normalizer | None) -> FloatArray:
    """The weights on the terms of x that give what `weights` give on those of (x - mean) / scale."""
    if normalizer is None:
        return weights
    count, mean = len(normalizer.mean), normalizer.mean
    first, second = np.triu_indices(count)
    single = weights[:, :count] / normalizer.scale
    double = weights[:, count:-1] / (normalizer.scale[first] * normalizer.scale[second])
    constant = weights[:, -1] - single @ mean + double @ (mean[first] * mean[second])
    # (x - m)(y - n) = xy - nx - my + mn: what two features share is taken from each of them.
    for place, (i, j) in enumerate(zip(first, second, strict=True)):
        single[:, i] -= double[:, place] * mean[j]
        single[:, j] -= double[:, place] * mean[i]
    return np.column_stack([single, double, constant])


def telling(products: FloatArray) -> IntArray:
    """Those of the last axis that count most in an episode, in their order; all, if they are few enough to be shown.

    Args:
        products: shape (observations, outputs, terms).
    """
    count = products.shape[2]
    if count <= MOST_TERMS + 1:
        return np.arange(count)
    return np.sort(np.argsort(-np.abs(products).mean(axis=(0, 1)), kind="stable")[:MOST_TERMS])


def most_telling(
    names: Sequence[str], values: FloatArray, weights: FloatArray
) -> tuple[list[str], FloatArray, list[list[float | None]]]:
    """The terms that count most in an episode, in their order, and all others as one.

    Returns:
        Names, the products of shape (observations, outputs, terms), and the weights, ``None`` for the others.
    """
    products = values[:, np.newaxis, :] * weights
    chosen = telling(products)
    if len(chosen) == len(names):
        return list(names), products, weights.tolist()
    rest = products.sum(axis=2) - products[:, :, chosen].sum(axis=2)
    shown = [*(names[index] for index in chosen), f"{len(names) - MOST_TERMS} others"]
    kept: list[list[float | None]] = [[*row, None] for row in weights[:, chosen].tolist()]
    return shown, np.concatenate([products[:, :, chosen], rest[:, :, np.newaxis]], axis=2), kept


def to_json(policy: Policy, observations: Sequence[Any]) -> dict[str, Any] | None:
    """The same as arrays and plain data by name; ``None`` where there is none."""
    found = terms_of(policy, observations)
    if found is None:
        return None
    names, products, weights = most_telling(*found)
    outputs = found[1] @ found[2].T
    kind = "table" if isinstance(policy.architecture.function, Lookup) else "terms"
    return {"kind": kind, "names": names, "weights": weights, "products": products, "outputs": outputs}
