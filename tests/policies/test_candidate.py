"""Candidates: the best of them, and one vector that was scored several times."""

from __future__ import annotations

import numpy as np
from gymnasium import spaces

from poise.policies.architecture import Architecture
from poise.policies.candidate import best_of, candidates_of, merged
from poise.policies.spaces import decode_space, encode_space

ARCHITECTURE = Architecture("linear", encode_space(spaces.Box(-1, 1, (2,))), decode_space(spaces.Discrete(2)))


def test_one_vector_that_was_scored_several_times_claims_their_mean() -> None:
    parameters = np.array([[1.0, 2.0], [3.0, 4.0], [1.0, 2.0], [1.0, 2.0], [3.0, -4.0]])
    found = merged(candidates_of(ARCHITECTURE, parameters, np.array([1.0, 5.0, 2.0, 6.0, 4.0])))
    assert [(candidate.parameters.tolist(), candidate.claim) for candidate in found] == [
        ([1.0, 2.0], 3.0),
        ([3.0, 4.0], 5.0),
        ([3.0, -4.0], 4.0),
    ]


def test_of_equals_the_first_are_the_best() -> None:
    rows = candidates_of(ARCHITECTURE, np.arange(8.0).reshape(4, 2), np.array([1.0, 3.0, 3.0, 2.0]))
    assert [candidate.parameters[0] for candidate in best_of(rows, 3)] == [2.0, 4.0, 6.0]
