"""A world learnt from transitions: what follows, what it earns and where it ends; episodes can be played in it.

Several models, each on random features of its own and its own weighing of the data, so that what the data leave open
differs between them: the ensemble of Chua et al., "Deep Reinforcement Learning in a Handful of Trials using
Probabilistic Dynamics Models" (arXiv:1805.12114), with random Fourier features (Rahimi & Recht, 2007) and ridge
regression in place of networks. An imagined episode stays with one model. That a policy is searched for inside a model
is PILCO's idea (Deisenroth & Rasmussen, 2011).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from poise.models.ending import Ending, quadratic_terms
from poise.models.transitions import Transitions
from poise.types import FloatArray

CLIPPED, SIGN, LARGEST = 0, 1, 2
"""How outputs become controls: clipped numbers, one of two choices, one of several."""

MODELS = 6
"""What is found in few models leans on their errors; what is found in six keeps its promise oftener than in three."""

WAVES = 96
"""Random features of each model."""

WAVE_LENGTHS = (1.5, 3.0, 6.0)
"""Scales of the features, in standard deviations of the observations."""

WAVE_SIZE = 3.0
"""How much less a wave is penalised than a linear term."""

RIDGE = 1e-4
BLIND_SHARE = 1e-4
"""Rewards are explained by what was done alone, if no more than this share of their variance is left."""

PAID_SHARE = 0.5
"""What is done has a price of its own, if that leaves no more than this share of the variance of rewards."""

MARGIN = 0.5
"""How far beyond what was observed a model is followed, as a share of the range."""

FARTHEST = 2.0
"""Most that one feature counts for in how far an episode ranges, in ranges met so far."""

Floats: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Policies:
    """What is done in a learnt world: controls for scaled observations.

    Attributes:
        weights: of the terms of an observation, single precision, shape (policies, outputs, terms): the features, where
            it is quadratic their products, and 1, in the order of `quadratic_terms`.
        quadratic: whether there are products.
        kind: how outputs become controls: `CLIPPED`, `SIGN` or `LARGEST`.
        lowest, highest: bounds of controls, single precision, shape (outputs,).
    """

    weights: Floats
    quadratic: bool
    kind: int
    lowest: Floats
    highest: Floats


@dataclass(frozen=True)
class Imagined:
    """Episodes in a learnt world; arrays have shape (models, rows).

    Attributes:
        returns: what they earn.
        ranges: how much of the space they cover, in ranges met so far, summed over the features.
        alive: whether they had not ended when they were left.
        ends: their last scaled observations, shape (models, rows, features).
    """

    returns: FloatArray
    ranges: FloatArray
    alive: npt.NDArray[np.bool_]
    ends: Floats


class World:
    """A learnt world. Its observations are scaled: ``(observation - mean) / scale``.

    Args:
        lived: what it is learnt from, at least one transition that did not terminate.
        low, high: bounds of the observations, shape (features,), infinite where there are none.
        rng: draws the random features.

    Attributes:
        mean, scale: of the observations, shape (features,).
        ending: where episodes end; ``None`` if none has been seen to.
    """

    def __init__(self, lived: Transitions, low: FloatArray, high: FloatArray, rng: np.random.Generator) -> None:
        seen = np.concatenate([lived.before, lived.after])
        self.mean = seen.mean(axis=0)
        spread = seen.std(axis=0)
        self.scale = np.where(spread > 1e-9 * (1 + np.abs(self.mean)), spread, 1.0)
        limits = self._limits(seen, low, high)
        self._seen = np.maximum(np.ptp(seen, axis=0) / self.scale, 1e-6)
        self.ending = Ending.fit(self.scaled(lived.after), lived.terminated)
        last_reward = float(lived.rewards[lived.terminated].mean()) if lived.terminated.any() else 0.0
        going_on = ~lived.terminated
        controls, rewards = lived.controls[going_on], lived.rewards[going_on]
        paid, left = _price(controls, rewards)
        if left > PAID_SHARE:
            paid = np.zeros_like(paid)
        earned = np.zeros_like(rewards) if left <= BLIND_SHARE else rewards - quadratic_terms(controls) @ paid
        none = np.empty((1, 1, 0), dtype=np.float32)
        self._facts: tuple[Any, ...] = (
            *(limit.astype(np.float32) for limit in limits),
            none if self.ending is None else self.ending.weights.astype(np.float32)[np.newaxis, np.newaxis],
            np.float32(last_reward),
            paid.astype(np.float32)[np.newaxis, np.newaxis],
            # What was never earned is not believed: far from the data anything may be predicted. A price may be.
            np.float32(earned.min()),
            np.float32(earned.max()),
        )
        inputs = np.concatenate([self.scaled(lived.before[going_on]), controls], axis=1)
        changes = (lived.after - lived.before)[going_on] / self.scale
        self._fit(inputs, np.concatenate([changes, earned[:, np.newaxis]], axis=1), rng)

    def scaled(self, observations: FloatArray) -> FloatArray:
        """Observations as this world has them; same shape."""
        return np.asarray((observations - self.mean) / self.scale, dtype=np.float64)

    def _limits(self, seen: FloatArray, low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
        least, most = seen.min(axis=0), seen.max(axis=0)
        margin = MARGIN * (most - least)
        return self.scaled(np.maximum(low, least - margin)), self.scaled(np.minimum(high, most + margin))

    def _fit(self, inputs: FloatArray, targets: FloatArray, rng: np.random.Generator) -> None:
        size = inputs.shape[1]
        lengths = rng.choice(WAVE_LENGTHS, (MODELS, 1, WAVES))
        frequencies = rng.standard_normal((MODELS, size, WAVES)) / lengths
        phases = rng.uniform(0.0, 2 * np.pi, (MODELS, 1, WAVES))
        centre = targets.mean(axis=0)
        unit = np.where(targets.std(axis=0) > 1e-12, targets.std(axis=0), 1.0)
        weights = []
        for frequency, phase in zip(frequencies, phases, strict=True):
            waves = WAVE_SIZE * np.sqrt(2.0 / WAVES) * np.cos(inputs @ frequency + phase)
            features = np.concatenate([inputs, waves, np.ones((len(inputs), 1))], axis=1)
            each = rng.exponential(size=(len(inputs), 1))  # the Bayesian bootstrap: models differ where data are few
            gram = features.T @ (features * each) + RIDGE * np.eye(features.shape[1])
            solution = np.linalg.solve(gram, features.T @ ((targets - centre) / unit * each)) * unit
            solution[-1] += centre
            solution[size : size + WAVES] *= WAVE_SIZE * np.sqrt(2.0 / WAVES)
            weights.append(solution)
        stacked = np.stack(weights).astype(np.float32).swapaxes(1, 2)
        turns = (frequencies / (2 * np.pi)).astype(np.float32), (phases[:, 0] / (2 * np.pi)).astype(np.float32)
        parts = np.split(stacked, [size, size + WAVES], axis=2)
        self._model: tuple[Floats, ...] = (
            *turns,
            *(np.ascontiguousarray(part) for part in parts[:2]),
            parts[2][:, :, 0].copy(),
        )

    def imagine(self, policies: Policies, starts: FloatArray, steps: int) -> Imagined:
        """Plays every policy from every start in every model, the policy's number varying slowest.

        Args:
            policies: what to do.
            starts: scaled observations to begin with, shape (starts, features).
            steps: when to leave an episode that has not ended.
        """
        from poise.models.playing import play  # imports numba

        rows = MODELS, len(policies.weights) * len(starts)
        returns, alive = np.zeros(rows), np.ones(rows, dtype=np.bool_)
        least, most, ends = (np.empty((*rows, starts.shape[1]), dtype=np.float32) for _ in range(3))
        policy = policies.weights, policies.quadratic, policies.kind, policies.lowest, policies.highest
        play(self._model, self._facts, policy, starts.astype(np.float32), steps, (returns, alive, least, most, ends))
        ranges = np.minimum((most - least) / self._seen, FARTHEST).sum(axis=-1, dtype=np.float64)
        return Imagined(returns, ranges, alive, ends)


def is_without_aim(lived: Transitions) -> bool:
    """Whether nothing says yet where to go: rewards depend on what is done alone, and no episode has ended."""
    return not lived.terminated.any() and _price(lived.controls, lived.rewards)[1] <= BLIND_SHARE


def _price(controls: FloatArray, rewards: FloatArray) -> tuple[FloatArray, float]:
    """The quadratic function of controls nearest to the rewards, and the share of their variance that it leaves."""
    terms = quadratic_terms(controls)
    weights = np.linalg.lstsq(terms, rewards, rcond=None)[0]
    left = float(np.square(rewards - terms @ weights).sum())
    varied = float(np.square(rewards - rewards.mean()).sum())
    rounding = 1e-12 * float(np.square(rewards).sum())
    return weights, 0.0 if left <= rounding else left / varied
