"""The contract suite finds what it is for: each broken optimizer is caught by the check that bears its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from poise.optimizers.base import Optimizer, State
from poise.testing import optimizer_suite as suite
from poise.testing._exact_json import from_json, to_json
from poise.types import FloatArray


class Sound(Optimizer):
    """Draws around the best so far, and keeps every promise."""

    name = "sound"

    def _start(self) -> None:
        self._best = np.zeros(self.dimension)
        self._score: float | None = None

    @property
    def population(self) -> int:
        return 6

    @property
    def center(self) -> FloatArray:
        return self._best.copy()

    def _sample(self) -> FloatArray:
        return self._best + 0.1 * self._rng.standard_normal((self.population, self.dimension))

    def _update(self, candidates: FloatArray, scores: FloatArray) -> None:
        if self._score is None or scores.max() > self._score:
            self._best, self._score = candidates[scores.argmax()].copy(), float(scores.max())

    def _state(self) -> State:
        return {"best": self._best, "score": self._score}

    def _restore(self, state: State) -> None:
        self._best, self._score = state["best"], state["score"]


class GlobalRandomness(Sound):
    """Draws from NumPy's global generator."""

    name = "global_randomness"

    def _sample(self) -> FloatArray:
        return self._best + np.random.standard_normal((6, self.dimension))  # noqa: NPY002 - the fault to be found


class ForgetsItsScore(Sound):
    """Leaves a part of itself out of its state."""

    name = "forgets_its_score"

    def _state(self) -> State:
        return {"best": self._best, "score": None}


class HandsOutItsCenter(Sound):
    """Lets the caller write into it."""

    name = "hands_out_its_center"

    @property
    def center(self) -> FloatArray:
        return self._best


class WrongShape(Sound):
    """Gives a candidate too few."""

    name = "wrong_shape"

    def _sample(self) -> FloatArray:
        return super()._sample()[:-1]


class Minimises(Sound):
    """Takes a low score for a good one."""

    name = "minimises"

    def _update(self, candidates: FloatArray, scores: FloatArray) -> None:
        super()._update(candidates, -scores)


class LearnsNothing(Sound):
    """Stays where it is."""

    name = "learns_nothing"

    def _update(self, candidates: FloatArray, scores: FloatArray) -> None:
        return


class KeepsNumpyScalars(Sound):
    """Has a state that JSON cannot hold."""

    name = "keeps_numpy_scalars"

    def _state(self) -> State:
        return {"best": self._best, "score": self._score, "count": np.int64(3)}


class TakesAnyOption(Sound):
    """Checks none of its options."""

    name = "takes_any_option"

    @dataclass(frozen=True)
    class Options(Optimizer.Options):
        """One option."""

        width: float = 0.1

        def __post_init__(self) -> None:
            """Checks nothing, which is the fault."""


class IgnoresItsSeed(Sound):
    """Draws the same for every seed."""

    name = "ignores_its_seed"

    def _sample(self) -> FloatArray:
        return self._best + 0.1 * np.random.default_rng(0).standard_normal((6, self.dimension))


class DividesByTheSpread(Sound):
    """Divides by zero where scores are equal."""

    name = "divides_by_the_spread"

    def _update(self, candidates: FloatArray, scores: FloatArray) -> None:
        with np.errstate(all="ignore"):
            self._best = (scores / scores.std()) @ candidates


class TakesInfinityAsTheBest(Sound):
    """Prefers a candidate whose score overflowed."""

    name = "takes_infinity_as_the_best"

    def tell(self, scores: FloatArray) -> None:
        super().tell(np.where(np.asarray(scores) == np.inf, 1e9, scores))


def test_a_sound_optimizer_passes_every_check() -> None:
    suite.check_optimizer(Sound)


@pytest.mark.parametrize(
    ("broken", "check"),
    [
        (GlobalRandomness, suite.check_global_random_state_is_untouched),
        (ForgetsItsScore, suite.check_state_is_exact_at_every_moment),
        (KeepsNumpyScalars, suite.check_state_is_exact_at_every_moment),
        (HandsOutItsCenter, suite.check_center_belongs_to_the_caller),
        (WrongShape, suite.check_candidates_are_float64_rows),
        (Minimises, suite.check_progress_on_a_sphere),
        (LearnsNothing, suite.check_progress_on_a_sphere),
        (TakesAnyOption, suite.check_options_are_validated),
        (IgnoresItsSeed, suite.check_same_seed_same_candidates),
        (DividesByTheSpread, suite.check_extreme_and_equal_scores_are_survived),
        (TakesInfinityAsTheBest, suite.check_scores_that_are_not_finite_are_worst),
    ],
)
def test_a_broken_optimizer_is_caught(broken: type[Optimizer], check: suite.Check) -> None:
    with pytest.raises((AssertionError, TypeError)):
        check(broken)


def test_every_check_is_run() -> None:
    written = {value for name, value in vars(suite).items() if name.startswith("check_")}
    assert set(suite.CHECKS) == written - {suite.check_optimizer}


@pytest.mark.parametrize("value", [{"a": [1, 2.5, None, "text", True]}, {"x": {"y": np.arange(6.0).reshape(2, 3)}}])
def test_states_survive_json(value: dict[str, Any]) -> None:
    back = from_json(to_json(value))
    assert to_json(back) == to_json(value)
