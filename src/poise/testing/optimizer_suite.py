"""The contract of an optimizer as checks that anyone can run over a class of their own.

With pytest::

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_contract(check):
        check(MyOptimizer)

Without: ``check_optimizer(MyOptimizer)``. Each check raises AssertionError with what was expected. A *factory* is the
class, or anything called as it is: ``functools.partial(CmaEs, options=CmaEs.Options(restarts=3))``.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from poise.errors import InvalidFileError, InvalidValueError, UnknownNameError
from poise.optimizers.base import Optimizer, State
from poise.testing._exact_json import from_json, to_json
from poise.types import FloatArray

Factory = Callable[[int, np.random.Generator], Optimizer]
Check = Callable[[Factory], None]

DIMENSIONS = (1, 4)
FLAT_SCORE = 500.0


def check_optimizer(factory: Factory) -> None:
    """Runs every check of `CHECKS`.

    Raises:
        AssertionError: at the first promise that is broken.
    """
    for check in CHECKS:
        check(factory)


def sphere(candidates: FloatArray, target: FloatArray) -> FloatArray:
    """-‖x - target‖² of each row, shape (population,)."""
    return np.asarray(-((candidates - target) ** 2).sum(axis=1))


def check_candidates_are_float64_rows(factory: Factory) -> None:
    """`ask` gives finite float64 of shape (population, dimension), read-only; `generation` counts the tells."""
    for optimizer in _each_dimension(factory):
        for generation in range(4):
            population = optimizer.population
            candidates = optimizer.ask()
            _require(candidates.shape == (population, optimizer.dimension), f"shape {candidates.shape}")
            _require(candidates.dtype == np.float64, f"dtype {candidates.dtype}")
            _require(bool(np.isfinite(candidates).all()), "candidates are finite")
            _require(not candidates.flags.writeable, "candidates are read-only")
            _require(optimizer.generation == generation, f"generation is {generation}, not {optimizer.generation}")
            optimizer.tell(_scores(candidates))


def check_ask_is_idempotent_until_told(factory: Factory) -> None:
    """Asking again gives the same candidates, and draws no random number."""
    once, twice = _pair(factory)
    for _ in range(3):
        first = once.ask()
        for _ in range(3):
            _require(bool(np.array_equal(twice.ask(), first)), "asking again gives the same candidates")
        once.tell(_scores(first))
        twice.tell(_scores(first))


def check_tell_needs_an_ask(factory: Factory) -> None:
    """`tell` without a pending `ask` raises InvalidValueError, at the start and after a tell."""
    optimizer = _make(factory)
    for _ in range(2):
        _expect(InvalidValueError, optimizer.tell, np.zeros(optimizer.population))
        optimizer.tell(_scores(optimizer.ask()))


def check_bad_scores_are_refused_and_change_nothing(factory: Factory) -> None:
    """Scores of a wrong shape, or that are no numbers, raise InvalidValueError; the pending ask stays."""
    optimizer, other = _pair(factory)
    candidates = optimizer.ask()
    count = len(candidates)
    wrong: list[Any] = [
        np.zeros(count + 1),
        np.zeros((count, 1)),
        np.zeros((1, count)),
        1.0,
        [],
        ["best"] * count,
        None,
    ]
    for scores in wrong:
        _expect(InvalidValueError, optimizer.tell, scores)
    optimizer.tell(_scores(candidates))
    other.tell(_scores(other.ask()))
    _require_same_future(optimizer, other)


def check_scores_that_are_not_finite_are_worst(factory: Factory) -> None:
    """NaN, inf and -inf all count as worse than the rest, and never get into the candidates."""
    optimizers = [_make(factory) for _ in range(3)]
    for optimizer, bad in zip(optimizers, (np.nan, np.inf, -np.inf), strict=True):
        for generation in range(3):
            scores = _scores(optimizer.ask())
            scores[generation % len(scores)] = bad
            optimizer.tell(scores)
        optimizer.tell(np.full(len(optimizer.ask()), bad))
        _require(bool(np.isfinite(optimizer.ask()).all()), f"candidates stay finite after scores of {bad}")
        _require(bool(np.isfinite(optimizer.center).all()), f"the center stays finite after scores of {bad}")
    for other in optimizers[1:]:
        _require(bool(np.array_equal(other.ask(), optimizers[0].ask())), "NaN, inf and -inf count the same")


def check_extreme_and_equal_scores_are_survived(factory: Factory) -> None:
    """Huge, tiny and equal scores leave candidates and center finite, without a warning."""
    for scale in (1e300, 1e-300, 0.0):
        for optimizer in _each_dimension(factory):
            for _ in range(30):
                candidates = optimizer.ask()
                with np.errstate(all="raise", under="ignore"):
                    optimizer.tell(FLAT_SCORE + scale * np.sign(_scores(candidates) + 1.0))
                    following = optimizer.ask()
                _require(bool(np.isfinite(following).all()), f"candidates are finite at a scale of {scale}")
            _require(bool(np.isfinite(optimizer.center).all()), f"the center is finite at a scale of {scale}")


def check_callers_data_is_not_changed(factory: Factory) -> None:
    """`tell` leaves the scores as they were, kept candidates stay, and the generator alone is shared."""
    optimizer = _make(factory)
    candidates = optimizer.ask()
    kept = candidates.copy()
    scores = _scores(candidates)
    before = scores.copy()
    scores.setflags(write=False)
    optimizer.tell(scores)
    optimizer.tell(_scores(optimizer.ask()))
    _require(bool(np.array_equal(scores, before)), "scores are as they were")
    _require(bool(np.array_equal(candidates, kept)), "the candidates of an earlier ask are as they were")


def check_scores_may_be_reused_by_the_caller(factory: Factory) -> None:
    """An array of scores that is overwritten after `tell` changes nothing."""
    optimizer, other = _pair(factory)
    for _ in range(3):
        scores = _scores(optimizer.ask())
        other.ask()
        other.tell(scores.copy())
        optimizer.tell(scores)
        scores[:] = 1e9
    _require_same_future(optimizer, other)


def check_center_belongs_to_the_caller(factory: Factory) -> None:
    """`center` is finite, of shape (dimension,), and writing to it changes nothing; a kept one stays."""
    for optimizer in _each_dimension(factory):
        for _ in range(3):
            center = optimizer.center
            _require(center.shape == (optimizer.dimension,), f"shape of the center {center.shape}")
            _require(center.dtype == np.float64, f"dtype of the center {center.dtype}")
            kept = center.copy()
            optimizer.tell(_scores(optimizer.ask()))
            _require(bool(np.array_equal(center, kept)), "a center that was kept stays")
            after = optimizer.center.copy()
            optimizer.center.fill(1e9)
            _require(bool(np.array_equal(optimizer.center, after)), "writing to the center changes nothing")


def check_same_seed_same_candidates(factory: Factory) -> None:
    """Equal seeds give equal candidates; another seed gives others."""
    one, two = _pair(factory)
    _require_same_future(one, two)
    other = factory(5, np.random.default_rng(99))
    _require(not np.array_equal(other.ask(), _make(factory).ask()), "another seed gives other candidates")


def check_global_random_state_is_untouched(factory: Factory) -> None:
    """NumPy's global generator is neither read nor changed."""
    np.random.seed(1)  # noqa: NPY002 - the global generator is what is watched
    one = _trace(_make(factory), 3)
    left = np.random.random()  # noqa: NPY002
    np.random.seed(2)  # noqa: NPY002
    two = _trace(_make(factory), 3)
    np.random.seed(1)  # noqa: NPY002
    _require(left == np.random.random(), "the global generator is as it was")  # noqa: NPY002
    _require(_equal(one, two), "candidates do not depend on the global generator")


def check_state_is_exact_at_every_moment(factory: Factory) -> None:
    """`from_state(state())` goes on to the bit, with and without a pending ask, also through exact JSON."""
    for optimizer in _each_dimension(factory):
        for _ in range(4):
            _require_restored_goes_on(optimizer)
            optimizer.ask()
            _require_restored_goes_on(optimizer)
            optimizer.tell(_scores(optimizer.ask()))
            optimizer.settle()
            optimizer.average_more()
            optimizer.look_closer()
        _require_restored_goes_on(optimizer)


def check_looking_closer_changes_nothing_that_was_asked(factory: Factory) -> None:
    """Candidates that wait for their scores stay, and an optimizer that cannot look closer goes on as it would have."""
    optimizer, same = _make(factory), _make(factory)
    before = optimizer.ask().copy()
    optimizer.look_closer()
    optimizer.settle()
    optimizer.average_more()
    _require(_equal(optimizer.ask(), before), "a pending ask stays")
    for each in (optimizer, same):
        each.tell(_scores(each.ask()))
    if not optimizer.can_look_closer:
        optimizer.look_closer()
    _require(_equal(optimizer.ask(), same.ask()), "looking closer does nothing where it cannot be done")


def check_state_is_a_copy(factory: Factory) -> None:
    """A state that was taken stays as it was while the optimizer, or one made from it, goes on."""
    optimizer = _make(factory)
    optimizer.tell(_scores(optimizer.ask()))
    optimizer.ask()
    state = optimizer.state()
    kept = copy.deepcopy(state)
    _trace(optimizer, 3)
    _require(_equal(state, kept), "a state stays while its optimizer goes on")
    _trace(type(optimizer).from_state(state), 3)
    _require(_equal(state, kept), "a state stays while an optimizer made from it goes on")


def check_damaged_states_are_refused(factory: Factory) -> None:
    """A state that is another's, incomplete or of another dimension raises InvalidFileError."""
    optimizer = _make(factory)
    optimizer.tell(_scores(optimizer.ask()))
    state = optimizer.state()
    for key in state:
        damaged = {name: value for name, value in state.items() if name != key}
        _expect(InvalidFileError, type(optimizer).from_state, damaged)
    for key, value in (("optimizer", "another"), ("dimension", 7), ("options", {"no_such_option": 1}), ("own", {})):
        if key != "own" or state["own"]:
            _expect(InvalidFileError, type(optimizer).from_state, {**state, key: value})
    nothing = dict.fromkeys(state["own"], "no array")
    if nothing:
        _expect(InvalidFileError, type(optimizer).from_state, {**state, "own": nothing})


def check_options_are_validated(factory: Factory) -> None:
    """Every option refuses text where it wants a number, NaN, and what lies outside its noted range."""
    kind = type(_make(factory))
    _expect(UnknownNameError, kind.make_options, {"no_such_option": 1})
    for option in dataclasses.fields(kind.Options):
        if isinstance(option.default, str):
            continue
        bad: list[Any] = ["nonsense", float("nan"), [1], {}]
        bad += [option.metadata[key] for key in ("above", "below") if key in option.metadata]
        bad += [_beyond(option.metadata[key], key) for key in ("low", "high") if key in option.metadata]
        for value in bad:
            _expect(InvalidValueError, kind.make_options, {option.name: value})
    _require(kind.make_options({}) == kind.Options(), "no values give the defaults")


def check_arguments_are_validated(factory: Factory) -> None:
    """A dimension below 1 and options of another class raise InvalidValueError."""
    kind = type(_make(factory))
    for dimension in (0, -1, 2.5, True):
        _expect(InvalidValueError, kind, dimension, np.random.default_rng(0))
    _expect(InvalidValueError, kind, 2, np.random.default_rng(0), {"population": 4})


def check_progress_on_a_sphere(factory: Factory) -> None:
    """In 150 generations it halves the squared distance from its own start to a point at distance 0.5."""
    for optimizer in _each_dimension(factory):
        target = optimizer.center + 0.5 / np.sqrt(optimizer.dimension)
        for _ in range(150):
            optimizer.tell(sphere(optimizer.ask(), target))
        gap = -sphere(optimizer.center[np.newaxis], target)[0]
        _require(bool(gap < 0.25 / 2), f"a squared distance of 0.25 is halved in 150 generations, it is {gap:.3g}")


CHECKS: tuple[Check, ...] = tuple(
    value for name, value in list(globals().items()) if name.startswith("check_") and value is not check_optimizer
)


def _make(factory: Factory, dimension: int = 5) -> Optimizer:
    return factory(dimension, np.random.default_rng(3))


def _pair(factory: Factory) -> tuple[Optimizer, Optimizer]:
    return _make(factory), _make(factory)


def _each_dimension(factory: Factory) -> Iterator[Optimizer]:
    return (_make(factory, dimension) for dimension in DIMENSIONS)


def _scores(candidates: FloatArray) -> FloatArray:
    """Scores with a slope and with ties: a sphere, rounded."""
    return np.asarray(np.round(sphere(candidates, np.full(candidates.shape[1], 0.3)), 1))


def _trace(optimizer: Optimizer, generations: int) -> list[Any]:
    seen: list[Any] = []
    for _ in range(generations):
        candidates = optimizer.ask()
        optimizer.tell(_scores(candidates))
        seen += [candidates, optimizer.center, optimizer.stop_reason, optimizer.generation, optimizer.population]
    return seen


def _require_same_future(one: Optimizer, two: Optimizer) -> None:
    _require(_equal(_trace(one, 3), _trace(two, 3)), "both go on with the same candidates")


def _require_restored_goes_on(optimizer: Optimizer) -> None:
    """Compares copies only: `optimizer` itself stays where it is."""
    state = optimizer.state()
    written: State = from_json(to_json(state))
    kind = type(optimizer)
    _require(_equal(kind.from_state(state).state(), state), "a restored optimizer has the state it was made from")
    futures = [_trace(kind.from_state(each), 3) for each in (state, written)]
    original = copy.deepcopy(optimizer)
    expected = _trace(original, 3)
    _require(_equal(futures[0], expected), "a restored optimizer goes on to the bit")
    _require(_equal(futures[1], expected), "a state that went through JSON goes on to the bit")


def _equal(one: Any, two: Any) -> bool:
    """Equality to the bit of values, arrays, and dictionaries and lists of them."""
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(_equal(one[key], two[key]) for key in one)
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(_equal, one, two))
    if isinstance(one, np.ndarray) and isinstance(two, np.ndarray):
        return one.dtype == two.dtype and one.shape == two.shape and one.tobytes() == two.tobytes()
    return type(one) is type(two) and bool(one == two)


def _require(condition: bool, promise: str) -> None:
    if not condition:
        raise AssertionError(f"an optimizer's contract is broken: {promise}")


def _beyond(limit: float, side: str) -> float:
    """The nearest value on the wrong side of a limit."""
    sign = -1 if side == "low" else 1
    return limit + sign if isinstance(limit, int) else float(np.nextafter(limit, sign * np.inf))


def _expect(kind: type[Exception], action: Callable[..., object], *arguments: Any) -> None:
    try:
        action(*arguments)
    except kind:
        return
    raise AssertionError(f"an optimizer's contract is broken: expected {kind.__name__} for {arguments!r:.200}")
