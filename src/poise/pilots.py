"""Who plays the real episodes: one regulates by a linear model, one plays what it found in a learnt world."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np

from poise.frugal_state import FrugalState
from poise.imagination import imagine_policy
from poise.models.regulator import Regulator
from poise.models.transitions import Transitions
from poise.models.world import is_without_aim
from poise.policies.architecture import Architecture
from poise.policies.candidate import Candidate
from poise.rollouts.controls import Controls
from poise.rollouts.environments import EnvironmentInfo
from poise.seeding import generator
from poise.types import FloatArray

FIRST_PLAN = 50
"""Real steps, played at random, before a world is learnt for the first time."""

PLAN_EVERY, PLAN_SHARE = 100, 0.1
"""A world is learnt anew after so many steps more, or so large a share of all steps, whichever is more."""

SEEK_EVERY = 50
"""Steps more after which it is learnt anew while there is nothing yet to maximise: what is seen last leads farthest."""

LEAST_LEFT = 25
"""Steps that an episode must have left for a plan in its middle to be worth its while, as long as one seeks."""

LONGEST_HOLD = 12
"""Most steps for which a random action is held."""

FINALISTS = 20
"""Policies that have shown most, from which the winner is chosen."""


class Pilot(ABC):
    """Who plays one real episode, and learns from it."""

    predicted: float | None = None

    @abstractmethod
    def act(self, features: FloatArray) -> FloatArray:
        """The outputs for an observation."""

    @abstractmethod
    def learn(self, lived: Transitions) -> None:
        """Takes in what followed, the last of all steps so far."""

    @abstractmethod
    def conclude(self, score: float, whole: bool) -> None:
        """Puts what the episode showed of a policy into the state.

        Args:
            score: what it returned.
            whole: it was not left before its end.
        """


class RegulatingPilot(Pilot):
    """Regulates to the mean start observation, by a linear model that is refitted after every step."""

    def __init__(self, state: FrugalState, info: EnvironmentInfo) -> None:
        self._state, self._info, self._controls = state, info, Controls(info.action)
        self._rng = generator(state.seeds.seed, "exploring", len(state.episodes))
        self._regulator = Regulator(state.starts, self._controls.size)
        rows = state.transitions
        for before, control, after in zip(rows.before, rows.controls, rows.after, strict=True):
            self._regulator.learn(before, control, after)
        self._law = self._regulator.law() if self._regulator.ready else None
        if self._law is not None:
            steps = self._regulator.foresee(self._law_controls, state.starts, info.max_episode_steps)
            self.predicted = float(steps.mean() * rows.rewards[~rows.terminated].max(initial=0.0))

    def act(self, features: FloatArray) -> FloatArray:
        """What the law says; a random nudge while there is none."""
        if self._law is None:
            return self._controls.nudge(self._rng)
        weights, biases = self._law
        return np.asarray(weights @ features + biases)

    def learn(self, lived: Transitions) -> None:
        """Refits the model."""
        self._regulator.learn(lived.before[-1], lived.controls[-1], lived.after[-1])
        if self._regulator.ready:
            self._law = self._regulator.law() or self._law

    def conclude(self, score: float, whole: bool) -> None:
        """The law as a linear policy, without a bias where it regulates to zero: the newest rests on most."""
        features, outputs = self._info.observation.size, self._controls.size
        weights, biases = self._law or (np.zeros((outputs, features)), np.zeros(outputs))
        name = "linear+bias" if biases.any() else "linear"
        parameters = np.concatenate([weights.ravel(), biases if biases.any() else []])
        architecture = Architecture(name, self._info.observation, self._info.action)
        self._state.candidates = [Candidate(architecture, parameters, score)]

    def _law_controls(self, observations: FloatArray) -> FloatArray:
        weights, biases = self._law or (np.zeros((0, 0)), np.zeros(0))
        return self._controls(observations @ weights.T + biases)


class ImaginingPilot(Pilot):
    """Plays what a search in a learnt world found, and searches again when enough is new."""

    def __init__(
        self, state: FrugalState, info: EnvironmentInfo, lived: Transitions, interrupted: Callable[[], bool]
    ) -> None:
        self._state, self._info, self._interrupted = state, info, interrupted
        self._rng = generator(state.seeds.seed, "imagining", len(state.episodes))
        self._controls = Controls(info.action)
        self._held, self._hold = np.zeros(self._controls.size), 0
        self._policy: Candidate | None = None
        self._changed = False
        self._planned_at, self._expected = state.planned_at, state.expected
        if state.candidates and len(lived) == len(state.transitions):
            self._policy, self.predicted = state.candidates[-1], state.expected
        if len(lived) == len(state.transitions):  # between two episodes
            self._plan_if_due(lived, None)

    def act(self, features: FloatArray) -> FloatArray:
        """What the policy says; before there is one, something at random, held for a random time."""
        if self._policy is not None:
            return self._policy.architecture.outputs(self._policy.parameters, features)
        if self._hold == 0:
            self._held = self._rng.standard_normal(self._controls.size)
            self._hold = int(self._rng.integers(1, LONGEST_HOLD + 1))
        self._hold -= 1
        return self._held

    def learn(self, lived: Transitions) -> None:
        """Learns a new world when one is due."""
        self._plan_if_due(lived, lived.after[-1])

    def conclude(self, score: float, whole: bool) -> None:
        """The policy that the episode ended with; the return is its claim, if it is its own doing."""
        self._state.planned_at, self._state.expected = self._planned_at, self._expected
        if self._policy is None:
            return
        # An episode that was cut short, or was another's in part, says nothing of its policy: it claims what the best
        # episode returned, whosoever it was, and has to show it.
        shown, before = [score] if whole else [], self._state.candidates
        if self._changed or not whole:
            shown += [episode.score for episode in self._state.episodes if episode.whole]
        claim = max(shown, default=score)
        newest = Candidate(self._policy.architecture, self._policy.parameters, claim)
        newest_first = [*before[-1:], *before[:-1]]  # of equal claims the one of the better model stays
        self._state.candidates = [*sorted(newest_first, key=lambda one: -one.claim)[: FINALISTS - 1], newest]

    def _plan_if_due(self, lived: Transitions, here: FloatArray | None) -> None:
        left = self._info.max_episode_steps - (len(lived) - len(self._state.transitions))
        if not self._is_due(lived, left):
            return
        before = self._policy or (self._state.candidates[-1] if self._state.candidates else None)
        starts = self._state.starts
        idea = imagine_policy(lived, starts, here, self._info, before, self._rng, self._interrupted, left)
        self._policy, self._planned_at, self._expected = idea.candidate, len(lived), idea.predicted
        if here is None:
            self.predicted = idea.predicted
        else:
            self._changed = True

    def _is_due(self, lived: Transitions, left: int) -> bool:
        new = len(lived) - self._planned_at
        if len(lived) < FIRST_PLAN or new < min(SEEK_EVERY, PLAN_EVERY):
            return False
        if not self._planned_at or new >= max(PLAN_EVERY, PLAN_SHARE * len(lived)):
            return True
        return left >= LEAST_LEFT and new >= SEEK_EVERY and is_without_aim(lived)
