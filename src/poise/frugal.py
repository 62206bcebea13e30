"""Learning in as few real steps as can be: play one real episode at a time, and learn from every step of it.

Where lasting is all there is to gain (every step earns the same positive reward), a linear model is refitted after each
step and the episode is played by the best regulator of that model, so that the very first episode may be a perfect one.
Everywhere else a world is learnt, a policy is searched for inside it, tried for real, and so on. Which it is, the data
say: nothing is known of the environment but Gymnasium's interface.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from poise.errors import InvalidValueError, UnsupportedSpaceError
from poise.frugal_state import FrugalState, RealEpisode
from poise.models.transitions import Transitions, is_survival
from poise.pilots import ImaginingPilot, Pilot, RegulatingPilot
from poise.rollouts.controls import Controls
from poise.rollouts.environments import EnvironmentInfo
from poise.rollouts.recording import Recording
from poise.rollouts.stepping import SteppedEnvironment
from poise.seeding import SeedStream
from poise.types import INTERRUPTED, Budget, Event, FloatArray, Json, Observer

MAX_FEATURES = 24
"""Largest observation that a model is learnt for; beyond it, a few hundred steps cannot tell causes apart."""

RESETS = 16
"""Resets without a step, whose observations show the scale of a start; twice the features, if that is more."""

SINGLE_STEPS = 30
"""Episodes of a single step after which none that is longer is hoped for: what follows nothing cannot be foreseen."""

LASTED = "an episode lasted to the time limit, and lasting is all there is to gain"


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
        InvalidValueError: the observations never change, or every episode ends with its first step.
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
        if budget.target is not None and played.whole and played.score >= budget.target:
            state.stopped_because = f"an episode reached the target of {budget.target:g}"
        state.seconds = time.monotonic() - began
        observe(_episode_event(state, budget))


def _look_at_starts(seeds: SeedStream, world: SteppedEnvironment) -> FloatArray:
    count = max(RESETS, 2 * world.info.observation.size)
    return np.stack([world.reset(seed) for seed in seeds.take(count).tolist()])


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
    _check_hope(lived, world.info)
    kept = world.recording()
    state.transitions = lived
    pilot.conclude(kept.score, whole=over)
    played = RealEpisode(seed, len(kept.actions), kept.score, pilot.predicted, kept.terminated, kept.truncated, over)
    state.episodes.append(played)
    return played


def _check_hope(lived: Transitions, info: EnvironmentInfo) -> None:
    hopeless = None
    if (lived.before == lived.after).all():
        hopeless = f"the observations of {info.spec.id} never changed in {len(lived)} steps"
    elif lived.terminated.all() and len(lived) >= SINGLE_STEPS:
        hopeless = f"every one of {len(lived)} episodes of {info.spec.id} ended with its first step"
    if hopeless is not None:
        raise InvalidValueError(f"{hopeless}: there is nothing to learn a model of; train without --frugal")


def _lasted(played: RealEpisode, world: SteppedEnvironment) -> bool:
    return played.truncated and played.length == world.info.max_episode_steps


def _episode_event(state: FrugalState, budget: Budget) -> Event:
    played = state.episodes[-1]
    metrics: dict[str, Json] = {
        "generation": len(state.episodes),
        "steps": state.usage.steps,
        "episodes": state.usage.episodes,
        "best": played.score,
        "mean": played.score,
        "best_so_far": played.score if state.best is None else state.best,
        "scores": [played.score],
        "lengths_mean": float(played.length),
        "seed": played.seed,
        "predicted": played.predicted,
        "terminated": played.terminated,
        "truncated": played.truncated,
        "whole": played.whole,
    }
    return Event("search", state.usage, budget.share_used(state.usage, state.seconds), metrics)
