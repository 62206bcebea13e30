"""What the studio is given to show: a policy and a way to play it, however and wherever it is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from poise.errors import InvalidValueError
from poise.policies.linear import Linear
from poise.policies.spaces import feature_names
from poise.rollouts.recording import Recording, record
from poise.runs.policy import Policy
from poise.seeding import check_seed
from poise.types import EnvironmentSpec, FloatArray, Json
from poise.words import number

if TYPE_CHECKING:
    from poise.policies.architecture import Architecture
    from poise.policies.spaces import ActionDecoding

ACTION_NAMES: Mapping[str, tuple[str, ...]] = {
    "CartPole": ("push left", "push right"),
    "MountainCar": ("push left", "no push", "push right"),
    "MountainCarContinuous": ("force",),
    "Acrobot": ("torque −1", "no torque", "torque +1"),
    "Pendulum": ("torque",),
    "LunarLander": ("no engine", "left engine", "main engine", "right engine"),
    "LunarLanderContinuous": ("main engine", "side engines"),
    "CarRacing": ("steering", "gas", "brake"),
    "FrozenLake": ("left", "down", "right", "up"),
    "FrozenLake8x8": ("left", "down", "right", "up"),
    "CliffWalking": ("up", "right", "down", "left"),
    "CliffWalkingSlippery": ("up", "right", "down", "left"),
    "Taxi": ("down", "up", "right", "left", "pick up", "drop off"),
    "Blackjack": ("stick", "hit"),
}
"""What each action does, by the environment's name without its version."""


@dataclass(frozen=True)
class Watched:
    """A policy to be watched.

    Attributes:
        title: what is on stage, for instance ``"CartPole-v1"``.
        policy: its kind in a word, for instance ``"linear"``.
        feature_names: a name for each number of an observation.
        action_names: for discrete actions a name for each; for continuous ones a name for each component.
        weights: of a linear policy, one row of weights an output; ``None`` for any other policy.
        certificate: what was proven of it, in words: ``"500.0 of 500, 1,000 fresh episodes"``.
        first_seed: the episode shown first.
        record: plays the episode of a seed. It may raise `poise.errors.PoiseError`, whose message is shown.
        biases: of a linear policy that has them, one an output.
        first_action: the number of the first discrete action.
        lived: episodes in which the policy was still being learnt, by their seeds: shown as they were.
        kept: the policy itself, where it is one of poise's; with it the page can turn its numbers.
    """

    title: str
    policy: str
    feature_names: tuple[str, ...]
    action_names: tuple[str, ...]
    weights: tuple[tuple[float, ...], ...] | None
    certificate: str | None
    first_seed: int
    record: Callable[[int], Recording]
    biases: tuple[float, ...] = ()
    first_action: int = 0
    lived: Mapping[int, Recording] = field(default_factory=dict)
    kept: Policy | None = None

    def __post_init__(self) -> None:
        check_seed(self.first_seed)
        if self.weights is not None and self.biases and len(self.biases) != len(self.weights):
            raise InvalidValueError(f"expected {len(self.weights)} biases, one an output, got {len(self.biases)}")

    @classmethod
    def of(cls, policy: Policy, first_seed: int | None = None, lived: Mapping[int, Recording] | None = None) -> Watched:
        """A policy that was kept.

        Args:
            policy: as `poise.runs.policy.load` reads it.
            first_seed: the episode shown first; ``None`` for the first one that was lived, or else evaluated.
            lived: episodes in which the policy was still being learnt, by their seeds, the first one first.

        Raises:
            InvalidValueError: the seed is out of range.
        """
        evaluated = int((policy.certificate or {}).get("first_seed", 0))
        lived = lived or {}
        watched = cls.from_policy(
            policy.environment,
            policy.architecture,
            policy.parameters,
            certificate=certificate_words(policy.certificate),
            first_seed=next(iter(lived), evaluated) if first_seed is None else first_seed,
        )
        replay = watched.record
        return replace(watched, lived=lived, record=lambda seed: lived[seed] if seed in lived else replay(seed))

    @classmethod
    def from_policy(
        cls,
        spec: EnvironmentSpec,
        architecture: Architecture,
        parameters: Sequence[float] | FloatArray,
        *,
        certificate: str | None = None,
        first_seed: int = 0,
    ) -> Watched:
        """A policy by its parts.

        Args:
            spec: where it plays.
            architecture: the policy apart from its parameters.
            parameters: shape (architecture.parameter_count,).
            certificate: what was proven of it, in words.
            first_seed: the episode shown first.

        Raises:
            InvalidValueError: the parameters are of another shape or not finite, or the seed is out of range.
        """
        checked = architecture.check_parameters(parameters)
        act = architecture.bind(checked)
        weights, biases = linear_weights(architecture, checked)
        return cls(
            title=spec.id,
            policy=architecture.name,
            feature_names=feature_names(spec.id, architecture.observation),
            action_names=action_names(spec.id, architecture.action),
            weights=weights,
            certificate=certificate,
            first_seed=first_seed,
            record=lambda seed: record(spec, act, seed),
            biases=biases,
            first_action=architecture.action.starts[0] if architecture.action.kind == "discrete" else 0,
            kept=Policy(spec, architecture, checked),
        )


def certificate_words(certificate: Mapping[str, Json] | None) -> str | None:
    """What an evaluation found, in words; ``None`` if there was none."""
    if certificate is None:
        return None
    mean, low, high = (number(certificate[name]) for name in ("mean", "low", "high"))
    return f"mean return {mean} [{low}, {high}], {certificate['episodes']:,} fresh episodes"


def linear_weights(
    architecture: Architecture, parameters: FloatArray
) -> tuple[tuple[tuple[float, ...], ...] | None, tuple[float, ...]]:
    """Weights and biases on the features as the environment gives them.

    A normaliser is folded in, ``w · (x - m) / s = (w / s) · x - w · m / s``, so that the page can multiply them with
    the observations that it shows.

    Returns:
        one row of weights an output, and the biases (empty if there are none); ``None`` and no biases for a policy
        that is not linear.
    """
    function = architecture.function
    if not isinstance(function, Linear):
        return None, ()
    split = function.outputs * function.inputs
    weights, biases = parameters[:split].reshape(function.outputs, function.inputs), parameters[split:]
    if architecture.normalizer is not None:
        weights = weights / architecture.normalizer.scale
        shift = -(weights @ architecture.normalizer.mean)
        biases = biases + shift if biases.size else shift
    return tuple(tuple(row) for row in weights.tolist()), tuple(np.asarray(biases).tolist())


def action_names(environment_id: str, action: ActionDecoding) -> tuple[str, ...]:
    """A name for each discrete action, or for each component of any other: the environment's own where known."""
    name = environment_id.rpartition("/")[2].rpartition(":")[2].rpartition("-v")[0]
    count = action.sizes[0] if action.kind == "discrete" else int(np.prod(action.shape))
    known = ACTION_NAMES.get(name, ())
    if len(known) == count:
        return known
    if action.kind == "discrete":
        return tuple(f"action {number}" for number in range(action.starts[0], action.starts[0] + count))
    return tuple(f"a[{component}]" for component in range(count))
