"""The contract of an engine as checks that anyone can run over one of their own.

With pytest::

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_contract(check):
        check(Subject(lambda: MyEngine(spec), architecture, spec))

Without: ``check_engine(Subject(...))``. Each check raises AssertionError with what was expected, and closes the engines
it makes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from poise.errors import InvalidValueError
from poise.policies.architecture import Architecture
from poise.rollouts.base import Engine
from poise.rollouts.environments import close, make
from poise.seeding import MAX_SEED
from poise.types import EnvironmentSpec, EpisodeBatch, FloatArray, ObservationSums, SeedArray

FIELDS = {"returns": np.float64, "lengths": np.int64, "terminated": np.bool_, "truncated": np.bool_}


@dataclass(frozen=True)
class Subject:
    """An engine and what it plays.

    Attributes:
        make: makes the engine; called once or more by every check.
        architecture: policies for its environment.
        spec: the environment, for a comparison with plain Gymnasium; ``None`` where there is none.
        candidates: how many policies play.
    """

    make: Callable[[], Engine]
    architecture: Architecture
    spec: EnvironmentSpec | None = None
    candidates: int = 3

    @property
    def parameters(self) -> FloatArray:
        """Random policies, shape (candidates, parameters)."""
        return np.random.default_rng(7).normal(size=(self.candidates, self.architecture.parameter_count))


Check = Callable[[Subject], None]

SEEDS: SeedArray = np.array([0, 1, 2**31, MAX_SEED], dtype=np.uint32)


def check_engine(subject: Subject) -> None:
    """Runs every check of `CHECKS`.

    Raises:
        AssertionError: at the first promise that is broken.
    """
    for check in CHECKS:
        check(subject)


def check_episodes_are_whole(subject: Subject) -> None:
    """Arrays of (candidates, episodes) and the promised types; each episode is finite, has steps, and ended somehow."""
    with subject.make() as engine:
        batch = engine.run(subject.architecture, subject.parameters, SEEDS)
    for name, kind in FIELDS.items():
        array = getattr(batch, name)
        _require(array.shape == (subject.candidates, len(SEEDS)), f"{name} have shape (candidates, episodes)")
        _require(array.dtype == kind, f"{name} are {kind.__name__}, not {array.dtype}")
    _require(bool(np.isfinite(batch.returns).all()), "returns are finite")
    _require(bool((batch.lengths >= 1).all()), "an episode has at least one step")
    _require(bool((batch.terminated | batch.truncated).all()), "an episode terminated or was truncated")
    _require(batch.observation_sums is None, "observations are summed only when asked for")


def check_the_same_call_plays_the_same_episodes(subject: Subject) -> None:
    """Again, in another order, in parts, and by another engine: an episode depends on policy and seed alone."""
    architecture, parameters = subject.architecture, subject.parameters
    with subject.make() as engine, subject.make() as other:
        batch = engine.run(architecture, parameters, SEEDS)
        _require_equal(engine.run(architecture, parameters, SEEDS), batch, "the same call plays the same episodes")
        backwards = engine.run(architecture, parameters[::-1], SEEDS[::-1])
        for i, j in np.ndindex(batch.returns.shape):
            alone = other.run(architecture, parameters[i : i + 1], SEEDS[j : j + 1])
            for found in (_episode(backwards, -1 - i, -1 - j), _episode(alone, 0, 0)):
                _require(found == _episode(batch, i, j), "neither order nor company changes an episode")


def check_seeds_tell_episodes_apart(subject: Subject) -> None:
    """Seeds of shape (candidates, episodes) give each candidate its own; a shared row is the same for all."""
    architecture, parameters = subject.architecture, subject.parameters
    own = np.arange(subject.candidates * 2, dtype=np.uint32).reshape(subject.candidates, 2)
    with subject.make() as engine:
        batch = engine.run(architecture, parameters, own)
        for i, row in enumerate(own):
            alone = engine.run(architecture, parameters[i : i + 1], row)
            for j in range(2):
                _require(_episode(batch, i, j) == _episode(alone, 0, j), "each candidate plays its own seeds")
        shared = engine.run(architecture, parameters, np.tile(SEEDS, (subject.candidates, 1)))
        _require_equal(shared, engine.run(architecture, parameters, SEEDS), "one row of seeds is for all candidates")


def check_episodes_are_cut_at_a_horizon(subject: Subject) -> None:
    """A shorter episode stays as it is; a longer one has as many steps as the horizon, and is truncated."""
    architecture, parameters = subject.architecture, subject.parameters
    with subject.make() as engine:
        whole = engine.run(architecture, parameters, SEEDS)
        for horizon in sorted({1, max(1, int(np.median(whole.lengths)) - 1)}):
            cut = engine.run(architecture, parameters, SEEDS, horizon=horizon)
            expected = np.minimum(whole.lengths, horizon)
            _require(bool((cut.lengths == expected).all()), f"no episode goes beyond its horizon of {horizon}")
            shorter = whole.lengths < horizon
            for name in FIELDS:
                same = getattr(cut, name)[shorter] == getattr(whole, name)[shorter]
                _require(bool(same.all()), f"{name} of episodes within the horizon are those of whole ones")
            _require(bool(cut.truncated[~shorter].all()), "an episode that reaches its horizon is truncated")
        far = engine.run(architecture, parameters, SEEDS, horizon=int(whole.lengths.max()) + 1)
        _require_equal(far, whole, "a horizon beyond all episodes cuts none")
        for bad in (0, -1):
            try:
                engine.run(architecture, parameters, SEEDS, horizon=bad)
            except InvalidValueError:
                continue
            raise AssertionError(f"an engine's contract is broken: a horizon of {bad} is refused")


def check_arguments_are_left_alone(subject: Subject) -> None:
    """Arguments may be read-only and strided, and stay as they were; a batch stays as the engine goes on."""
    parameters, seeds = subject.parameters, SEEDS.copy()
    with subject.make() as engine:
        expected = engine.run(subject.architecture, parameters, seeds)
        kept = {name: getattr(expected, name).copy() for name in FIELDS}
        parameters.setflags(write=False)
        seeds.setflags(write=False)
        engine.run(subject.architecture, parameters, seeds)
        _require(bool((parameters == subject.parameters).all() and (seeds == SEEDS).all()), "arguments stay")
        strided = np.repeat(parameters, 2, axis=1)[:, ::2], np.repeat(seeds, 2)[::2]
        _require_equal(engine.run(subject.architecture, *strided), expected, "views play the same episodes")
        engine.run(subject.architecture, -parameters, seeds + np.uint32(1))
    for name, array in kept.items():
        _require(bool((getattr(expected, name) == array).all()), f"{name} of a batch stay as the engine goes on")


def check_bad_arguments_are_refused(subject: Subject) -> None:
    """Wrong shapes and types, no episodes, and parameters that are not finite raise InvalidValueError."""
    architecture, good = subject.architecture, subject.parameters
    spoilt = good.copy()
    spoilt[-1, -1] = np.nan
    bad: list[tuple[Any, Any]] = [
        (good[0], SEEDS),
        (good[:, :-1], SEEDS),
        (np.hstack([good, good]), SEEDS),
        (good[np.newaxis], SEEDS),
        (spoilt, SEEDS),
        (np.where(np.isnan(spoilt), np.inf, spoilt), SEEDS),
        ([["a"] * good.shape[1]], SEEDS),
        (good[:0], SEEDS),
        (good, SEEDS[:0]),
        (good, SEEDS[0]),
        (good, SEEDS.astype(np.int64)),
        (good, SEEDS.astype(np.float64)),
        (good, [1.5]),
        (good, None),
        (good, np.tile(SEEDS, (len(good) + 1, 1))),
        (good, SEEDS.reshape(1, 1, -1)),
    ]
    with subject.make() as engine:
        expected = engine.run(architecture, good, SEEDS)
        for parameters, seeds in bad:
            _expect(InvalidValueError, engine.run, architecture, parameters, seeds)
        _require_equal(engine.run(architecture, good, SEEDS), expected, "a refused call changes nothing")


def check_observations_are_summed_when_asked(subject: Subject) -> None:
    """One observation a step, finite sums of one number a feature; asking for them changes no episode."""
    with subject.make() as engine:
        batch = engine.run(subject.architecture, subject.parameters, SEEDS, sum_observations=True)
        _require_equal(batch, engine.run(subject.architecture, subject.parameters, SEEDS), "summing changes nothing")
        sums, again = batch.observation_sums, ObservationSums(0, np.zeros(1), np.zeros(1))
        for i in range(subject.candidates):
            part = engine.run(subject.architecture, subject.parameters[i : i + 1], SEEDS, sum_observations=True)
            _require(part.observation_sums is not None, "sums are there when asked for")
            again = again + part.observation_sums if part.observation_sums is not None else again
    if sums is None:
        raise AssertionError("an engine's contract is broken: sums are there when asked for")
    size = subject.architecture.observation.size
    _require(sums.total.shape == sums.squares.shape == (size,), f"sums have shape ({size},)")
    _require(sums.count == batch.usage.steps, f"one observation a step: {batch.usage.steps}, not {sums.count}")
    _require(bool(np.isfinite(sums.total).all() and (sums.squares >= 0).all()), "sums are finite, squares not negative")
    # A mean square is never below the square of the mean.
    _require(bool((sums.squares * sums.count >= sums.total**2 * (1 - 1e-9)).all()), "squares are of the same numbers")
    _require(sums.count == again.count, "the sums of a batch are those of its parts")
    for found, parts in ((sums.total, again.total), (sums.squares, again.squares)):
        close_enough = np.allclose(found, parts, rtol=1e-9, atol=1e-9 * float(np.sqrt(sums.squares.max() * sums.count)))
        _require(close_enough, "the sums of a batch are those of its parts")


def check_it_closes(subject: Subject) -> None:
    """It may be prepared, be closed twice, and never run at all."""
    engine = subject.make()
    engine.prepare(subject.architecture)
    with engine as entered:
        _require(entered is engine, "an engine is its own context")
        engine.run(subject.architecture, subject.parameters, SEEDS[:1])
    engine.close()
    subject.make().close()


def check_plain_gymnasium_replays_its_exact_episodes(subject: Subject) -> None:
    """``env.reset(seed=...)`` and the policy's actions give the same episode to the bit; skipped without a spec."""
    if subject.spec is None:
        return
    with subject.make() as engine:
        batch = engine.exact().run(subject.architecture, subject.parameters, SEEDS)
    environment = make(subject.spec)
    try:
        for i, vector in enumerate(subject.parameters):
            for j, seed in enumerate(SEEDS.tolist()):
                expected = _play(environment, subject.architecture, vector, seed)
                found = _episode(batch, i, j)
                _require(found == expected, f"seed {seed}: {found} is Gymnasium's {expected}")
    finally:
        close(environment)


CHECKS: tuple[Check, ...] = (
    check_episodes_are_whole,
    check_the_same_call_plays_the_same_episodes,
    check_seeds_tell_episodes_apart,
    check_episodes_are_cut_at_a_horizon,
    check_arguments_are_left_alone,
    check_bad_arguments_are_refused,
    check_observations_are_summed_when_asked,
    check_it_closes,
    check_plain_gymnasium_replays_its_exact_episodes,
)


def _play(environment: Any, architecture: Architecture, vector: FloatArray, seed: int) -> tuple[Any, ...]:
    observation, _ = environment.reset(seed=seed)
    total, length, terminated, truncated = 0.0, 0, False, False
    while not (terminated or truncated):
        observation, reward, terminated, truncated, _ = environment.step(architecture.act(vector, observation))
        total, length = total + float(reward), length + 1
    return total, length, bool(terminated), bool(truncated)


def _episode(batch: EpisodeBatch, candidate: int, episode: int) -> tuple[Any, ...]:
    return tuple(getattr(batch, name)[candidate, episode].item() for name in FIELDS)


def _require_equal(found: EpisodeBatch, expected: EpisodeBatch, promise: str) -> None:
    _require(all(np.array_equal(getattr(found, name), getattr(expected, name)) for name in FIELDS), promise)


def _require(condition: bool, promise: str) -> None:
    if not condition:
        raise AssertionError(f"an engine's contract is broken: {promise}")


def _expect(kind: type[Exception], action: Callable[..., object], *arguments: Any) -> None:
    try:
        action(*arguments)
    except kind:
        return
    raise AssertionError(f"an engine's contract is broken: expected {kind.__name__} for {arguments[1:]!r:.200}")
