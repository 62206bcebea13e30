"""The running mean of a search's centres."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.test_search import ARCHITECTURE

from poise.course import Course
from poise.horizon import Horizon
from poise.optimizers.ars import Ars
from poise.optimizers.base import Optimizer
from poise.optimizers.hill_climbing import HillClimbing
from poise.optimizers.random_search import RandomSearch
from poise.optimizers.snes import Snes
from poise.runs import checkpoint
from poise.runs.checkpoint import Progress
from poise.search import search
from poise.search_state import MILESTONE_SPACING, SearchState
from poise.seeding import Purpose, SeedStream, generator
from poise.succession import begin_stage
from poise.testing.fake_engine import FakeEngine
from poise.types import Budget, Effort, FloatArray

POPULATION = 8


def _state(seed: int = 0) -> SearchState:
    optimizer = Snes(3, generator(seed, "optimizer"), Snes.Options(population=POPULATION, sigma0=0.3))
    return SearchState(optimizer, ARCHITECTURE, SeedStream(seed, Purpose.SEARCH))


def _search(state: SearchState, generations: int, luck: float = 0.0) -> list[FloatArray]:
    """The centre after each generation."""
    centres: list[FloatArray] = []
    search(
        state,
        FakeEngine(lambda p, rng: -float(((p - 1) ** 2).sum()) + luck * float(rng.normal())),
        Budget(max_episodes=POPULATION * generations),
        Effort((1,)),
        confirm=lambda _: False,
        observe=lambda _: centres.append(state.optimizer.center),
    )
    return centres


def test_it_is_the_mean_until_a_window_is_full_and_then_forgets_what_is_long_ago() -> None:
    rows = np.random.default_rng(0).standard_normal((4, 3))
    course = Course(rows[0])
    for row in rows[1:]:
        course = course.with_next(row, window=4)
    np.testing.assert_allclose(course.mean, rows.mean(axis=0))
    for _ in range(100):
        course = course.with_next(np.ones(3), window=4)
    np.testing.assert_allclose(course.mean, 1.0, atol=1e-9)


def test_a_search_takes_its_course_through_the_centres_of_a_rung() -> None:
    state = _state()
    centres = _search(state, 5)
    assert state.course is not None
    np.testing.assert_allclose(state.course.mean, np.mean(centres, axis=0))
    assert [candidate.parameters is state.course.mean for candidate in state.centres] == [False, True]
    assert any(candidate.parameters is state.course.mean for candidate in state.candidates)


def test_where_luck_leads_the_centre_astray_the_course_is_nearer() -> None:
    errors = []
    for seed in range(20):
        ars = Ars(3, generator(seed, "optimizer"), Ars.Options(directions=POPULATION // 2, noise=0.3, step_size=0.3))
        state = SearchState(ars, ARCHITECTURE, SeedStream(seed, Purpose.SEARCH))
        _search(state, 200, luck=1.0)
        assert state.course is not None
        errors.append([float(np.linalg.norm(each - 1)) for each in (state.optimizer.center, state.course.mean)])
    centre, course = np.median(errors, axis=0)
    assert course < 0.75 * centre


def test_milestones_are_the_course_and_not_the_centre() -> None:
    state = _state()
    centres = _search(state, MILESTONE_SPACING)
    (milestone,) = state.milestones
    assert state.course is not None
    assert np.array_equal(milestone.parameters, state.course.mean)
    assert not np.array_equal(milestone.parameters, centres[-1])


@pytest.mark.parametrize("kind", [RandomSearch, HillClimbing])
def test_best_candidates_are_not_averaged(kind: type[Optimizer]) -> None:
    state = SearchState(kind(3, generator(0, "optimizer")), ARCHITECTURE, SeedStream(0, Purpose.SEARCH))
    centres = _search(state, MILESTONE_SPACING * state.optimizer.population)
    assert state.course is None
    assert state.milestones
    assert len(state.centres) == 1
    for milestone in state.milestones:
        assert any(np.array_equal(milestone.parameters, centre) for centre in centres)


def test_short_episodes_are_no_part_of_it_and_each_stage_begins_its_own() -> None:
    state = _state()
    state.horizon = Horizon(5, 10)
    _search(state, 1)
    assert state.course is None
    state.horizon = None
    _search(state, 3)
    ended = [*state.centres]
    begin_stage(state, ARCHITECTURE, _state(1).optimizer)
    assert state.course is None
    kept = [candidate.parameters for candidate in state.finalists[:2]]
    assert all(np.array_equal(one, other.parameters) for one, other in zip(kept, ended, strict=True))


@pytest.mark.parametrize("generations", [1, 20])
def test_it_is_kept_in_a_checkpoint(tmp_path: Path, generations: int) -> None:
    whole, state, path = _state(), _state(), tmp_path / "checkpoint"
    _search(whole, 40)
    _search(state, generations)
    checkpoint.save(path, Progress(state, SeedStream(0, Purpose.SELECTION)))
    loaded = checkpoint.load(path, ARCHITECTURE).search
    _search(loaded, 40)
    assert whole.course is not None
    assert loaded.course is not None
    assert np.array_equal(loaded.course.mean, whole.course.mean)
    assert loaded.course.count == whole.course.count == 40
    assert [each.parameters.tolist() for each in loaded.milestones] == [
        each.parameters.tolist() for each in whole.milestones
    ]
