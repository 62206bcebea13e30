"""Searching for a policy inside a learnt world: the black-box search of this project, where a step costs nothing real.

Where rewards tell nothing of where it is good to be, and no episode has ended yet, there is nothing to maximise; then
the policy is sought that ranges farthest, for what is worth finding is where nobody has been.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from poise.kernels._cache import to_stderr
from poise.models.transitions import Transitions
from poise.models.world import CLIPPED, LARGEST, SIGN, Floats, Imagined, Policies, World, is_without_aim
from poise.optimizers.cma_es import CmaEs
from poise.policies.architecture import Architecture, Normalizer
from poise.policies.candidate import Candidate
from poise.rollouts.environments import EnvironmentInfo
from poise.types import FloatArray

POPULATION = 24
FRESH, FIRST_GENERATIONS, LAST_GENERATIONS = 2, 30, 45
"""Searches from nothing beside the one from the policy so far; generations of each, and then of the best."""

FIRST_SPREAD, NEXT_SPREAD = 1.0, 0.5
"""Standard deviation of the first candidates around zero, and around the policy before."""

STARTS = 4
"""Starts of every candidate's imagined episodes, the same for all of a generation, others for the next."""

LONGEST = 300
"""Most steps of an imagined episode."""

RANGING = 1e-3
"""Worth of ranging over once what has been seen, as a share of a usual return: it decides where returns do not."""

QUADRATIC_FEATURES = 8
"""Most features whose products the policy takes in."""


@dataclass(frozen=True)
class Idea:
    """A policy found in a learnt world.

    Attributes:
        candidate: the policy, with what it is expected to return as its claim.
        predicted: the return that the models expect, on average.
        seeking: it was sought for ranging far, and not for its return.
    """

    candidate: Candidate
    predicted: float
    seeking: bool


def imagine_policy(
    lived: Transitions,
    starts: FloatArray,
    here: FloatArray | None,
    info: EnvironmentInfo,
    before: Candidate | None,
    rng: np.random.Generator,
    interrupted: Callable[[], bool] = lambda: False,
    left: int | None = None,
) -> Idea:
    """Learns a world from what was lived through and searches for a policy in it.

    Args:
        lived: every step so far.
        starts: observations that episodes begin with, shape (starts, features).
        here: the present observation in the middle of an episode; ``None`` between two.
        info: the real environment.
        before: the policy so far, around which is searched.
        rng: every random number.
        interrupted: asked now and then whether to stop.
        left: most steps that the present episode may still last; ``None`` for a whole one. What is sought must be
            within their reach.

    Raises:
        KeyboardInterrupt: it was interrupted.
    """
    low, high = info.observation.bounds()
    world = World(lived, low, high, rng)
    seeking = is_without_aim(lived)
    name = "quadratic" if info.observation.size <= QUADRATIC_FEATURES else "linear+bias"
    scale = Normalizer(world.mean, world.scale)
    architecture = Architecture(name, info.observation, info.action, scale)
    whole = info.max_episode_steps
    rehearsal = _Rehearsal(world, architecture, min(whole if left is None or not seeking else left, LONGEST))
    searches = _searches(architecture.parameter_count, None if seeking else before, rng)
    _announce_compilation()

    def advance(one: _Search, generations: int) -> None:
        for _ in range(generations):
            if interrupted():
                raise KeyboardInterrupt
            one.generation(rehearsal, _begins(starts, here, seeking, rng), seeking)

    if seeking:
        del searches[1:]
    for one in searches:
        advance(one, FIRST_GENERATIONS)
    best = max(searches, key=lambda one: one.level)  # the first of equals
    if not seeking:
        advance(best, LAST_GENERATIONS)
    predicted = rehearsal.expected(best.parameters, starts)
    return Idea(Candidate(architecture, best.parameters, predicted), predicted, seeking)


def _announce_compilation() -> None:
    from poise.models.playing import is_compiled  # imports numba

    if not is_compiled():
        to_stderr("Compiling what plays in a learnt world (once on this machine) ...")


def _searches(size: int, before: Candidate | None, rng: np.random.Generator) -> list[_Search]:
    """Searches from nothing, for the policy so far may be at a dead end, and one around the policy so far."""
    fresh = [_Search(np.zeros(size), FIRST_SPREAD, rng) for _ in range(FRESH)]
    if before is None or before.parameters.size != size:
        return fresh
    return [_Search(before.parameters, NEXT_SPREAD, rng), *fresh]


class _Search:
    """A black-box search around some parameters."""

    def __init__(self, centre: FloatArray, spread: float, rng: np.random.Generator) -> None:
        self._centre = centre
        self._optimizer = CmaEs(centre.size, rng, CmaEs.Options(population=POPULATION, sigma0=spread))
        self.level = -np.inf

    @property
    def parameters(self) -> FloatArray:
        """The present best guess."""
        return self._centre + self._optimizer.center

    def generation(self, rehearsal: _Rehearsal, begins: FloatArray, seeking: bool) -> None:
        """One generation; `level` is then mean score."""
        imagined = rehearsal.play(self._centre + self._optimizer.ask(), begins)
        shape = imagined.returns.shape[0], POPULATION, -1
        scores = _scores(imagined, seeking).reshape(shape).mean(axis=(0, 2))
        self._optimizer.tell(scores)
        self.level = float(scores.mean())


def _begins(starts: FloatArray, here: FloatArray | None, seeking: bool, rng: np.random.Generator) -> FloatArray:
    """Where imagined episodes begin: where one is, if one seeks; otherwise where episodes do, and where one is too."""
    if seeking and here is not None:
        return here[np.newaxis]
    chosen = starts[rng.choice(len(starts), STARTS, replace=False)]
    return chosen if here is None else np.concatenate([chosen[1:], here[np.newaxis]])


def _scores(imagined: Imagined, seeking: bool) -> FloatArray:
    if seeking:
        return imagined.ranges
    return imagined.returns + RANGING * max(1.0, float(np.abs(imagined.returns).mean())) * imagined.ranges


class _Rehearsal:
    """Plays candidates in a learnt world."""

    def __init__(self, world: World, architecture: Architecture, steps: int) -> None:
        self._world, self._steps = world, steps
        self._quadratic = architecture.name == "quadratic"
        action = architecture.action
        self._outputs, self._kind = action.outputs, CLIPPED
        self._bounds = np.full(action.outputs, -1.0, np.float32), np.full(action.outputs, 1.0, np.float32)
        if action.kind == "discrete":
            self._kind = SIGN if action.outputs == 1 else LARGEST
        else:
            self._bounds = action.box_map[2].astype(np.float32), action.box_map[3].astype(np.float32)

    def play(self, parameters: FloatArray, starts: FloatArray) -> Imagined:
        """Every candidate from every start, the candidate's number varying slowest."""
        policies = Policies(self._weights(parameters), self._quadratic, self._kind, *self._bounds)
        return self._world.imagine(policies, self._world.scaled(starts), self._steps)

    def expected(self, parameters: FloatArray, starts: FloatArray) -> float:
        """The mean return of one policy over all starts and models."""
        return float(self.play(parameters[np.newaxis], starts).returns.mean())

    def _weights(self, parameters: FloatArray) -> Floats:
        """Shape (candidates, outputs, terms), the constant last."""
        if self._quadratic:
            shaped = parameters.reshape(len(parameters), self._outputs, -1)
        else:
            split = parameters.shape[1] - self._outputs
            linear = parameters[:, :split].reshape(len(parameters), self._outputs, -1)
            shaped = np.concatenate([linear, parameters[:, split:, np.newaxis]], axis=2)
        return np.ascontiguousarray(shaped, dtype=np.float32)
