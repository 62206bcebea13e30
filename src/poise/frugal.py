"""Learning in as few real steps as can be: play one real episode at a time, and learn from every step of it.

Where lasting is all there is to gain (every step earns the same positive reward), a linear model is refitted after each
step and the episode is played by the best regulator of that model, so that the very first episode may be a perfect one.
Everywhere else a world is learnt, a policy is searched for inside it, tried for real, and so on. Which it is, the data
say: nothing is known of the environment but Gymnasium's interface.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from poise.errors import InvalidValueError, UnsupportedSpaceError
from poise.imagination import imagine_policy
from poise.models.regulator import Regulator
from poise.models.transitions import Transitions, is_survival
from poise.policies.architecture import Architecture
from poise.policies.candidate import Candidate
from poise.rollouts.controls import Controls
from poise.rollouts.environments import EnvironmentInfo
from poise.rollouts.recording import Recording
from poise.rollouts.stepping import SteppedEnvironment
from poise.seeding import SeedStream, generator
from poise.types import INTERRUPTED, Budget, Event, FloatArray, Json, Observer, Usage

MAX_FEATURES = 24
"""Largest observation that a model is learnt for; beyond it, a few hundred steps cannot tell causes apart."""

RESETS = 16
"""Resets without a step, whose observations show the scale of a start; twice the features, if that is more."""

FIRST_PLAN = 50
"""Real steps, played at random, before a world is learnt for the first time."""

PLAN_EVERY, PLAN_SHARE = 100, 0.1
"""A world is learnt anew after so many steps more, or so large a share of all steps, whichever is more."""

LONGEST_HOLD = 12
"""Most steps for which a random action is held."""

FINALISTS = 5
"""Policies that have shown most, from which the winner is chosen."""

LASTED = "an episode lasted to the time limit, and lasting is all there is to gain"


@dataclass(frozen=True)
class RealEpisode:
    """One episode of the search.

    Attributes:
        seed: what ``env.reset`` was given.
        length: its steps.
        score: its return.
        predicted: the return that the model expected before it began; ``None`` where there was no model yet.
        terminated: it ended in a terminal state.
        truncated: a time limit ended it, the environment's or the budget's.
    """

    seed: int
    length: int
    score: float
    predicted: float | None
    terminated: bool
    truncated: bool


@dataclass
class FrugalState:
    """Where the learning stands; what it knows beyond this is refitted from it.

    Attributes:
        seeds: gives out the episodes of the search.
        starts: observations of resets without a step, shape (resets, features).
        transitions: every step so far.
        episodes: every real episode so far.
        candidates: the policies from which the winner is chosen, the newest last.
        planned_at: steps from which the last world was learnt.
        expected: return that was expected in it of the newest candidate; ``None`` before the first.
        seconds: wall time spent, over all sessions.
        stopped_because: why it ended, in words; ``None`` while it may go on.
    """

    seeds: SeedStream
    starts: FloatArray
    transitions: Transitions
    episodes: list[RealEpisode] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    planned_at: int = 0
    expected: float | None = None
    seconds: float = 0.0
    stopped_because: str | None = None

    @classmethod
    def beginning(cls, info: EnvironmentInfo, seeds: SeedStream) -> FrugalState:
        """Nothing learnt yet."""
        features = info.observation.size
        return cls(seeds, np.empty((0, features)), Transitions.none(features, Controls(info.action).size))

    @property
    def usage(self) -> Usage:
        """Steps and episodes paid for so far; resets without a step are no episodes."""
        return Usage(len(self.transitions), len(self.episodes))


def check(info: EnvironmentInfo) -> None:
    """Raises `UnsupportedSpaceError` where no model can be learnt, before a step is spent."""
    observation = info.observation
    instead = "train without --frugal"
    if observation.size > MAX_FEATURES:
        raise UnsupportedSpaceError(
            f"--frugal learns models of at most {MAX_FEATURES} features, {info.spec.id} has {observation.size}; "
            f"{instead}"
        )
    if not observation.numbers.all():
        raise UnsupportedSpaceError(
            f"--frugal learns models of numbers (Box observations), but {info.spec.id} observes choices; {instead}"
        )
    low, high = observation.bounds()
    if (low == high).all():
        raise UnsupportedSpaceError(
            f"the observations of {info.spec.id} are constant: there is nothing to learn a model of; {instead}"
        )
    Controls(info.action)  # its own check speaks


def learn(
    state: FrugalState,
    world: SteppedEnvironment,
    budget: Budget,
    *,
    keep: Callable[[Recording], None],
    observe: Observer,
    interrupted: Callable[[], bool] = lambda: False,
) -> FrugalState:
    """Plays real episodes until the budget is used or nothing is left to gain.

    Args:
        state: where to begin; it is changed as the learning goes.
        world: the real environment.
        budget: when to stop. An episode is left in the middle when the steps are used up.
        keep: given every real episode, learning included.
        observe: told after every real episode; the state is then whole and may be saved.
        interrupted: asked between episodes whether to stop there.

    Raises:
        EnvironmentFailureError: the environment failed.
        InvalidValueError: the observations never change.
    """
    began = time.monotonic() - state.seconds
    if not len(state.starts):
        state.starts = _look_at_starts(state.seeds, world)
    while True:
        state.stopped_because = state.stopped_because or budget.used_up(state.usage, state.seconds)
        if state.stopped_because is None and interrupted():
            state.stopped_because = INTERRUPTED
        if state.stopped_because is not None:
            return state
        played = _play(state, world, budget, interrupted)
        if played is None:
            continue  # interrupted while it thought: the episode was not lived to its end, and does not count
        keep(world.recording())
        if is_survival(state.transitions.rewards, state.transitions.terminated) and _lasted(played, world):
            state.stopped_because = LASTED
        if budget.target is not None and played.score >= budget.target:
            state.stopped_because = f"an episode reached the target of {budget.target:g}"
        state.seconds = time.monotonic() - began
        observe(_episode_event(state, budget))


def _look_at_starts(seeds: SeedStream, world: SteppedEnvironment) -> FloatArray:
    count = max(RESETS, 2 * world.info.observation.size)
    return np.stack([world.reset(seed) for seed in seeds.take(count).tolist()])


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
        """The policy that the episode ended with; the return, if only in part its own doing, is its claim."""
        self._state.planned_at, self._state.expected = self._planned_at, self._expected
        if self._policy is None:
            return
        # An episode that was cut short says nothing; its policy claims what the best one does, and has to show it.
        claims = [candidate.claim for candidate in self._state.candidates]
        claim = score if whole or not claims else max(claims)
        newest = Candidate(self._policy.architecture, self._policy.parameters, claim)
        kept = sorted(self._state.candidates, key=lambda candidate: -candidate.claim)[: FINALISTS - 1]
        self._state.candidates = [*kept, newest]

    def _plan_if_due(self, lived: Transitions, here: FloatArray | None) -> None:
        new = len(lived) - self._planned_at
        if len(lived) < FIRST_PLAN or new < (max(PLAN_EVERY, PLAN_SHARE * len(lived)) if self._planned_at else 1):
            return
        before = self._policy or (self._state.candidates[-1] if self._state.candidates else None)
        idea = imagine_policy(lived, self._state.starts, here, self._info, before, self._rng, self._interrupted)
        self._policy, self._planned_at, self._expected = idea.candidate, len(lived), idea.predicted
        if here is None:
            self.predicted = idea.predicted


def _play(
    state: FrugalState, world: SteppedEnvironment, budget: Budget, interrupted: Callable[[], bool]
) -> RealEpisode | None:
    """One real episode, added to the state; ``None`` if it was interrupted, and the state is as before."""
    controls, lived = Controls(world.info.action), state.transitions
    limit = np.inf if budget.max_steps is None else budget.max_steps
    position = state.seeds.position
    seed = int(state.seeds.take(1)[0])
    features, over = world.reset(seed), False
    try:
        pilot: Pilot = (
            RegulatingPilot(state, world.info)
            if is_survival(lived.rewards, lived.terminated)
            else ImaginingPilot(state, world.info, lived, interrupted)
        )
        while not over and len(lived) < limit:
            outputs = pilot.act(features)
            step = world.step(outputs)
            lived = lived.plus([(features, controls(outputs), step.features, step.reward, step.terminated)])
            features, over = step.features, step.terminated or step.truncated
            if isinstance(pilot, RegulatingPilot) and not is_survival(lived.rewards, lived.terminated):
                pilot = ImaginingPilot(state, world.info, lived, interrupted)
            if not over:
                pilot.learn(lived)
    except KeyboardInterrupt:
        state.seeds.position = position
        return None
    if (lived.before == lived.after).all():
        raise InvalidValueError(
            f"the observations of {world.info.spec.id} never changed in {len(lived)} steps: there is nothing to learn "
            "a model of; train without --frugal"
        )
    kept = world.recording()
    state.transitions = lived
    pilot.conclude(kept.score, whole=over)
    played = RealEpisode(seed, len(kept.actions), kept.score, pilot.predicted, kept.terminated, kept.truncated)
    state.episodes.append(played)
    return played


def _lasted(played: RealEpisode, world: SteppedEnvironment) -> bool:
    return played.truncated and played.length == world.info.max_episode_steps


def _episode_event(state: FrugalState, budget: Budget) -> Event:
    played, scores = state.episodes[-1], [episode.score for episode in state.episodes]
    metrics: dict[str, Json] = {
        "generation": len(scores),
        "steps": state.usage.steps,
        "episodes": state.usage.episodes,
        "best": played.score,
        "mean": played.score,
        "best_so_far": max(scores),
        "scores": [played.score],
        "lengths_mean": float(played.length),
        "seed": played.seed,
        "predicted": played.predicted,
        "terminated": played.terminated,
        "truncated": played.truncated,
    }
    return Event("search", state.usage, budget.share_used(state.usage, state.seconds), metrics)
