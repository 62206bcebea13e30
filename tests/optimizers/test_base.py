"""What the base class promises beyond the contract suite: options, restored generators, the score of a failure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from poise.errors import InvalidFileError, InvalidValueError, UnknownNameError
from poise.optimizers.base import Optimizer
from poise.optimizers.cma_es import CmaEs
from poise.optimizers.random_search import RandomSearch
from poise.types import FloatArray


def test_an_option_that_does_not_exist_is_named_with_its_neighbour() -> None:
    with pytest.raises(UnknownNameError, match=r"no option of cma_es named 'sigma'.*'sigma0'"):
        CmaEs.make_options({"sigma": 1.0})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"population": 1}, "option population: expected a value at least 2, got 1"),
        ({"population": 8.0}, "option population: expected an integer or none, got 8.0"),
        ({"population": True}, "option population: expected an integer or none, got True"),
        ({"sigma0": 0}, "option sigma0: expected a value greater than 0, got 0.0"),
        ({"sigma0": "1"}, "option sigma0: expected a finite number, got '1'"),
        ({"restarts": -1}, "option restarts: expected a value at least 0, got -1"),
    ],
)
def test_a_bad_option_is_refused_with_what_was_expected(values: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidValueError, match=message.replace(".", r"\.")):
        CmaEs.make_options(values)


def test_options_become_plain_python_values() -> None:
    options = CmaEs.make_options({"population": np.int64(6), "sigma0": 2})
    assert (type(options.population), type(options.sigma0)) == (int, float)


@pytest.mark.parametrize("kind", [np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64])
def test_any_of_numpys_generators_is_restored(kind: type[np.random.BitGenerator]) -> None:
    optimizer = RandomSearch(3, np.random.Generator(kind(4)))
    optimizer.ask()
    restored = RandomSearch.from_state(optimizer.state())
    for each in (optimizer, restored):
        each.tell(np.zeros(10))
    np.testing.assert_array_equal(restored.ask(), optimizer.ask())


def test_the_state_of_another_optimizer_is_refused_by_name() -> None:
    with pytest.raises(InvalidFileError, match="expected the state of cma_es, got that of random_search"):
        CmaEs.from_state(RandomSearch(2, np.random.default_rng(0)).state())


class Recorder(Optimizer):
    """Remembers the scores as the algorithm sees them."""

    name = "recorder"
    seen: FloatArray

    @property
    def population(self) -> int:
        return 5

    @property
    def center(self) -> FloatArray:
        return np.zeros(self.dimension)

    def _sample(self) -> FloatArray:
        return np.zeros((5, self.dimension))

    def _update(self, candidates: FloatArray, scores: FloatArray) -> None:
        self.seen = scores

    def _state(self) -> dict[str, Any]:
        return {}

    def _restore(self, state: dict[str, Any]) -> None:
        return


@settings(deadline=None)
@example(np.array([-np.finfo(np.float64).max, np.nan, np.inf, 0.0, 1.0]))
@given(hnp.arrays(np.float64, 5, elements=st.floats(allow_nan=True, allow_infinity=True, width=64)))
def test_a_failure_scores_worse_than_the_rest_and_stays_close_to_it(scores: FloatArray) -> None:
    optimizer = Recorder(2, np.random.default_rng(0))
    optimizer.ask()
    optimizer.tell(scores)
    good = np.isfinite(scores)
    assert np.isfinite(optimizer.seen).all()
    np.testing.assert_array_equal(optimizer.seen[good], scores[good])
    if good.any() and not good.all():
        worst = scores[good].min()
        assert len(set(optimizer.seen[~good])) == 1
        with np.errstate(over="ignore"):
            below = np.nextafter(worst, -np.inf)
        assert optimizer.seen[~good][0] == max(below, -np.finfo(np.float64).max)


def test_scores_cannot_be_changed_by_an_algorithm() -> None:
    optimizer = Recorder(2, np.random.default_rng(0))
    optimizer.ask()
    optimizer.tell(np.arange(5.0))
    assert not optimizer.seen.flags.writeable
