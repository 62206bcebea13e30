"""A world learnt from transitions: what follows, what it earns and where it ends; episodes can be played in it.

Several models, each on random features of its own and its own weighing of the data, so that what the data leave open
differs between them: the ensemble of Chua et al., "Deep Reinforcement Learning in a Handful of Trials using
Probabilistic Dynamics Models" (arXiv:1805.12114), with random Fourier features (Rahimi & Recht, 2007) and ridge
regression in place of networks. An imagined episode stays with one model. That a policy is searched for inside a model
is PILCO's idea (Deisenroth & Rasmussen, 2011).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from poise.models.ending import Ending, quadratic_terms
from poise.models.transitions import Transitions
from poise.types import FloatArray

MODELS = 3
WAVES = 96
"""Random features of each model."""

WAVE_LENGTHS = (1.5, 3.0, 6.0)
"""Scales of the features, in standard deviations of the observations."""

WAVE_SIZE = 3.0
"""How much less a wave is penalised than a linear term."""

RIDGE = 1e-4
BLIND_SHARE = 1e-4
"""Rewards are explained by what was done alone, if no more than this share of their variance is left."""

MARGIN = 0.5
"""How far beyond what was observed a model is followed, as a share of the range."""

FARTHEST = 2.0
"""Most that one feature counts for in how far an episode ranges, in ranges met so far."""

Floats: TypeAlias = npt.NDArray[np.float32]
Act: TypeAlias = Callable[[Floats], Floats]
"""Controls (models, rows, controls) for scaled observations (models, rows, features)."""


@dataclass(frozen=True)
class Imagined:
    """Episodes in a learnt world; all arrays have shape (models, rows).

    Attributes:
        returns: what they earn.
        ranges: how much of the space they cover, in ranges met so far, summed over the features.
        alive: whether they had not ended when they were left.
    """

    returns: FloatArray
    ranges: FloatArray
    alive: npt.NDArray[np.bool_]


class World:
    """A learnt world. Its observations are scaled: ``(observation - mean) / scale``.

    Args:
        lived: what it is learnt from, at least one transition that did not terminate.
        low, high: bounds of the observations, shape (features,), infinite where there are none.
        rng: draws the random features.

    Attributes:
        mean, scale: of the observations, shape (features,).
        blind: rewards tell nothing of where it is good to be: they depend on what is done alone.
        ending: where episodes end; ``None`` if none has been seen to.
    """

    def __init__(self, lived: Transitions, low: FloatArray, high: FloatArray, rng: np.random.Generator) -> None:
        seen = np.concatenate([lived.before, lived.after])
        self.mean = seen.mean(axis=0)
        spread = seen.std(axis=0)
        self.scale = np.where(spread > 1e-9 * (1 + np.abs(self.mean)), spread, 1.0)
        self._limits(seen, low, high)
        self.ending = Ending.fit(self.scaled(lived.after), lived.terminated)
        self._last_reward = float(lived.rewards[lived.terminated].mean()) if lived.terminated.any() else 0.0
        going_on = ~lived.terminated
        controls, rewards = lived.controls[going_on], lived.rewards[going_on]
        self._control_rewards = _explained_by(controls, rewards)
        self.blind = self._control_rewards is not None
        self._reward_range = float(rewards.min()), float(rewards.max())
        inputs = np.concatenate([self.scaled(lived.before[going_on]), controls], axis=1)
        changes = (lived.after - lived.before)[going_on] / self.scale
        self._fit(inputs, np.concatenate([changes, rewards[:, np.newaxis]], axis=1), rng)

    def scaled(self, observations: FloatArray) -> FloatArray:
        """Observations as this world has them; same shape."""
        return np.asarray((observations - self.mean) / self.scale, dtype=np.float64)

    def _limits(self, seen: FloatArray, low: FloatArray, high: FloatArray) -> None:
        least, most = seen.min(axis=0), seen.max(axis=0)
        margin = MARGIN * (most - least)
        self._low = self.scaled(np.maximum(low, least - margin)).astype(np.float32)
        self._high = self.scaled(np.minimum(high, most + margin)).astype(np.float32)
        self._seen = np.maximum((most - least) / self.scale, 1e-6).astype(np.float32)

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
        self._frequencies, self._phases = frequencies.astype(np.float32), phases.astype(np.float32)
        stacked = np.stack(weights).astype(np.float32)
        self._linear, self._waves, self._constant = np.split(stacked, [size, size + WAVES], axis=1)

    def imagine(self, act: Act, starts: FloatArray, steps: int) -> Imagined:
        """Plays episodes in every model.

        Args:
            act: what to do.
            starts: scaled observations to begin with, shape (rows, features).
            steps: when to leave an episode that has not ended.
        """
        state = np.broadcast_to(starts, (MODELS, *starts.shape)).astype(np.float32)
        rows = state.shape[:2]
        returns, alive = np.zeros(rows), np.ones(rows, dtype=np.bool_)
        least, most = state.copy(), state.copy()
        phase = np.empty((*rows, WAVES), dtype=np.float32)
        for _ in range(steps):
            controls = act(state)
            change = self._change(np.concatenate([state, controls], axis=-1), phase)
            earned = self._earned(controls, change)
            state = np.clip(state + change[..., :-1], self._low, self._high)
            if self.ending is not None:
                ended = self.ending(state)
                returns += alive * np.where(ended, self._last_reward, earned)
                alive &= ~ended
                if not alive.any():
                    break
                state = np.where(alive[..., np.newaxis], state, least)  # one that has ended ranges no farther
            else:
                returns += earned
            np.minimum(least, state, out=least)
            np.maximum(most, state, out=most)
        ranges = np.minimum((most - least) / self._seen, FARTHEST).sum(axis=-1, dtype=np.float64)
        return Imagined(returns, ranges, alive)

    def _earned(self, controls: Floats, change: Floats) -> Floats:
        if self._control_rewards is None:
            # What was never earned is not believed: far from the data anything may be predicted.
            return np.clip(change[..., -1], *self._reward_range)
        return np.asarray(quadratic_terms(controls) @ self._control_rewards, dtype=np.float32)

    def _change(self, inputs: Floats, phase: Floats) -> Floats:
        """Change of the scaled observation, and the reward last; `phase` is room to work in."""
        np.matmul(inputs, self._frequencies, out=phase)
        phase += self._phases
        np.cos(phase, out=phase)
        change: Floats = np.matmul(phase, self._waves)
        change += np.matmul(inputs, self._linear)
        change += self._constant
        return change


def _explained_by(controls: FloatArray, rewards: FloatArray) -> Floats | None:
    """The quadratic function of controls that explains the rewards; ``None`` if there is none."""
    terms = quadratic_terms(controls)
    weights = np.linalg.lstsq(terms, rewards, rcond=None)[0]
    left = float(np.square(rewards - terms @ weights).sum())
    varied = float(np.square(rewards - rewards.mean()).sum())
    return weights.astype(np.float32) if left <= BLIND_SHARE * varied + 1e-12 * np.square(rewards).sum() else None
