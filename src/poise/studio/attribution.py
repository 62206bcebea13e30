"""Why a policy did what it did, for every output and every step of an episode: a network by gradient × input.

Others are sums, whose terms say it: see `poise.studio.terms`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from poise.policies.lookup import Lookup
from poise.policies.mlp import Mlp
from poise.runs.policy import Policy
from poise.studio import terms
from poise.types import FloatArray, Json

MOST_NUMBERS = 200_000
"""Numbers that go to a page for one episode; of a longer or wider one none are sent."""


def gradient_times_input(policy: Policy, observations: Sequence[Any]) -> tuple[FloatArray, FloatArray] | None:
    """What each feature has to do with each output: the output's slope in the feature × the feature.

    Both as the network sees them, after its normaliser: a feature at its mean counts for nothing. It says what a small
    change would do, and is no sum that makes up the output, as the terms of a linear policy are.

    Args:
        policy: any; ``None`` is returned unless it is a network.
        observations: of one episode.

    Returns:
        The products, shape (observations, outputs, features), and the outputs, shape (observations, outputs).
    """
    architecture = policy.architecture
    function = architecture.function
    if not isinstance(function, Mlp) or len(observations) * function.inputs * function.outputs > MOST_NUMBERS:
        return None
    features = np.stack([architecture.observation.encode(observation) for observation in observations])
    seen = features if architecture.normalizer is None else architecture.normalizer(features)
    slopes = function.gradients(policy.parameters, seen)
    return slopes * seen[:, np.newaxis, :], function(policy.parameters, seen)


def to_json(policy: Policy | None, observations: Sequence[Any], width: int) -> Json:
    """The same as plain data, for a page that shows `width` numbers of an observation; ``None`` where there is none."""
    if policy is None or not (
        policy.architecture.observation.size == width or isinstance(policy.architecture.function, Lookup)
    ):
        return None
    network = gradient_times_input(policy, observations)
    if network is not None:
        products, outputs = network
        shown = terms.telling(products)
        names = [policy.feature_names[index] for index in shown]
        return {
            "kind": "gradient",
            "names": None if len(names) == width else names,
            "products": _rounded(products[:, :, shown]),
            "outputs": _rounded(outputs),
        }
    found = terms.to_json(policy, observations)
    if found is None or found["products"].size > MOST_NUMBERS:
        return None
    return {**found, "products": _rounded(found["products"]), "outputs": _rounded(found["outputs"])}


def _rounded(array: FloatArray) -> Json:
    if array.ndim > 1:
        return [_rounded(part) for part in array]
    return [float(f"{number:.4g}") if np.isfinite(number) else None for number in array.tolist()]
