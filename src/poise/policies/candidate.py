"""A candidate: a policy with its parameters and what it scored when it was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from poise.policies.architecture import Architecture
from poise.types import FloatArray


@dataclass(frozen=True)
class Candidate:
    """One vector of parameters, with the architecture (and its normaliser) under which it was scored.

    Attributes:
        architecture: the policy apart from its parameters.
        parameters: shape (architecture.parameter_count,).
        claim: its mean return on the few episodes of its generation: a claim, not a result.
    """

    architecture: Architecture
    parameters: FloatArray
    claim: float

    def unscaled(self) -> Candidate:
        """The same candidate without a normaliser, where a policy of its kind can do without."""
        architecture, parameters = self.architecture.unscaled(self.parameters)
        return Candidate(architecture, parameters, self.claim)


def candidates_of(architecture: Architecture, parameters: FloatArray, claims: FloatArray) -> Sequence[Candidate]:
    """The candidates of a generation: one a row of `parameters`."""
    rows = zip(parameters, claims.tolist(), strict=True)
    return [Candidate(architecture, vector.copy(), claim) for vector, claim in rows]


def merged(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Each vector of parameters once, with the mean of its claims, in the order of its first.

    Args:
        candidates: of one architecture.
    """
    claims: dict[bytes, list[float]] = {}
    firsts: dict[bytes, Candidate] = {}
    for candidate in candidates:
        key = candidate.parameters.tobytes()
        claims.setdefault(key, []).append(candidate.claim)
        firsts.setdefault(key, candidate)
    return [replace(first, claim=sum(claims[key]) / len(claims[key])) for key, first in firsts.items()]


def best_of(candidates: Sequence[Candidate], count: int) -> list[Candidate]:
    """The candidates with the highest claims; of equals those that come first."""
    return sorted(candidates, key=lambda candidate: -candidate.claim)[:count]
