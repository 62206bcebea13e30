"""A checkpoint gives back exactly what was set down, and one that was made up is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from poise.errors import InvalidFileError
from poise.horizon import Horizon
from poise.optimizers import OPTIMIZERS
from poise.policies.architecture import Normalizer
from poise.policies.candidate import Candidate, best_of, candidates_of
from poise.runs import checkpoint, checkpoint_file
from poise.runs.checkpoint import Progress
from poise.runs.policy import Policy
from poise.search import ARCHIVE_SIZE
from poise.search_state import SearchState
from poise.seeding import Purpose, SeedStream, generator
from poise.toll import Toll
from poise.types import Usage

BASE = Policy.create("CartPole-v1").architecture
NORMALIZER = Normalizer(np.array([0.1, 0.2, 0.3, 1 / 7]), np.array([1.0, 2.0, 3.0, 1 / 3]))


def _progress(name: str = "cma_es", generations: int = 3) -> Progress:
    optimizer = OPTIMIZERS.get(name)(4, generator(5, "optimizer"))
    state = SearchState(optimizer, BASE.with_normalizer(NORMALIZER), SeedStream(5, Purpose.SEARCH))
    for _ in range(generations):
        candidates = optimizer.ask()
        state.seeds.take(1)
        scores = -np.square(candidates).sum(axis=1)
        optimizer.tell(scores)
        state.archive = best_of([*candidates_of(state.architecture, candidates, scores), *state.archive], ARCHIVE_SIZE)
        state.usage += Usage(100, len(candidates))
    winner = Candidate(BASE, np.array([0.1, 0.2, 0.3, 1 / 3]), 3.5)
    return Progress(state, SeedStream(5, Purpose.SELECTION, 7), Usage(3, 2), winner)


def _same(one: Candidate, two: Candidate) -> bool:
    normalizers = [c.architecture.normalizer for c in (one, two)]
    if (normalizers[0] is None) != (normalizers[1] is None):
        return False
    equal = all(
        a is b is None or (a is not None and b is not None and (a.mean == b.mean).all() and (a.scale == b.scale).all())
        for a, b in [normalizers]
    )
    return equal and bool((one.parameters == two.parameters).all()) and one.claim == two.claim


@pytest.mark.parametrize("name", OPTIMIZERS.names())
@pytest.mark.parametrize("generations", [0, 1, 4])
def test_what_is_set_down_is_taken_up_exactly(tmp_path: Path, name: str, generations: int) -> None:
    before = _progress(name, generations)
    checkpoint.save(tmp_path / "checkpoint", before)
    after = checkpoint.load(tmp_path / "checkpoint", BASE)
    assert after.search.usage == before.search.usage
    assert after.selection_usage == before.selection_usage
    assert after.search.seeds == before.search.seeds
    assert after.selection_seeds == before.selection_seeds
    assert len(after.search.archive) == len(before.search.archive)
    assert all(_same(*pair) for pair in zip(after.search.archive, before.search.archive, strict=True))
    assert after.winner is not None
    assert before.winner is not None
    assert _same(after.winner, before.winner)
    for _ in range(3):
        one, two = before.search.optimizer.ask(), after.search.optimizer.ask()
        assert (one == two).all()
        for optimizer, candidates in ((before.search.optimizer, one), (after.search.optimizer, two)):
            optimizer.tell(-np.abs(candidates).sum(axis=1))


@pytest.mark.parametrize("horizon", [None, Horizon(173, 1000), Horizon(173, 1000, 1.006)])
def test_where_episodes_are_cut_off_is_taken_up(tmp_path: Path, horizon: Horizon | None) -> None:
    before = _progress()
    before.search.first_horizon, before.search.horizon = Horizon(150, 1000), horizon
    checkpoint.save(tmp_path / "checkpoint", before)
    after = checkpoint.load(tmp_path / "checkpoint", BASE).search
    assert (after.first_horizon, after.horizon) == (Horizon(150, 1000), horizon)


@pytest.mark.parametrize("toll", [None, Toll(2.5, 300, 31.5)])
def test_what_leaving_costs_is_taken_up(tmp_path: Path, toll: Toll | None) -> None:
    before = _progress()
    before.search.known_toll, before.search.toll = Toll(2.5, 300, 31.5), toll
    before.search.again, before.search.lasted = toll is not None, 7.5
    before.search.best_left = before.search.present
    checkpoint.save(tmp_path / "checkpoint", before)
    after = checkpoint.load(tmp_path / "checkpoint", BASE).search
    assert (after.known_toll, after.toll, after.again, after.lasted) == (
        Toll(2.5, 300, 31.5),
        toll,
        toll is not None,
        7.5,
    )
    assert after.best_left is not None
    assert after.best_left.toll == toll


@pytest.mark.parametrize("rare", [True, False])
def test_that_a_reward_is_rare_is_taken_up(tmp_path: Path, rare: bool) -> None:
    before = _progress()
    before.search.rare = rare
    checkpoint.save(tmp_path / "checkpoint", before)
    assert checkpoint.load(tmp_path / "checkpoint", BASE).search.rare is rare


def test_a_centre_that_wins_before_any_candidate_of_its_rung_has_played_is_kept(tmp_path: Path) -> None:
    before = _progress()
    before.search.archive = []  # a budget that ends where a rung begins
    before.winner = before.search.centre
    checkpoint.save(tmp_path / "checkpoint", before)
    after = checkpoint.load(tmp_path / "checkpoint", BASE)
    assert before.winner.claim == -np.inf
    assert after.winner is not None
    assert after.winner.claim == -np.inf
    np.testing.assert_array_equal(after.winner.parameters, before.winner.parameters)


def _ars(halvings: int, halved: int) -> Progress:
    kind = OPTIMIZERS.get("ars")
    optimizer = kind(4, generator(5, "optimizer"), kind.make_options({"halvings": halvings}))
    for _ in range(halved):
        optimizer.look_closer()
    return Progress(SearchState(optimizer, BASE, SeedStream(5, Purpose.SEARCH)), SeedStream(5, Purpose.SELECTION))


def test_a_checkpoint_of_a_poise_that_never_looked_closer_is_read(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "c", _ars(2, 0))
    assert b"halved" not in (tmp_path / "c").read_bytes()  # as they were written then
    assert checkpoint.load(tmp_path / "c", BASE).search.optimizer.can_look_closer


def test_how_close_an_optimizer_looks_is_taken_up_and_nonsense_refused(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "c", _ars(2, 2))
    assert not checkpoint.load(tmp_path / "c", BASE).search.optimizer.can_look_closer
    state = _ars(2, 1).search.optimizer.state()
    for halved in (-1, 3, 10**9, "x"):
        with pytest.raises(InvalidFileError):
            OPTIMIZERS.get("ars").from_state({**state, "own": {**state["own"], "halved": halved}})


def test_starts_are_taken_up_and_files_from_before_them_or_made_up_ones_are_dealt_with(tmp_path: Path) -> None:
    progress = _progress()
    progress.search.start, progress.search.levels, progress.search.starts = 1, [0.5, 2.0], [2, 0]
    path = tmp_path / "checkpoint"
    checkpoint.save(path, progress)
    after = checkpoint.load(path, BASE).search
    assert (after.start, after.starts) == (1, [2, 0])

    state = checkpoint_file.read(path, dict)
    older = {key: value for key, value in state.items() if key not in ("start", "starts")}
    checkpoint_file.write(path, older)
    after = checkpoint.load(path, BASE).search
    assert (after.start, after.starts) == (0, [0, 0])
    checkpoint_file.write(path, {**state, "starts": np.array([2])})
    with pytest.raises(InvalidFileError, match="starts of 1 stages, levels of 2"):
        checkpoint.load(path, BASE)


def test_the_stage_that_may_go_on_is_taken_up_and_files_from_before_have_none(tmp_path: Path) -> None:
    progress, path = _progress(), tmp_path / "checkpoint"
    search = progress.search
    search.first_level, search.rung = -3.5, 2
    left = search.best_left = search.present
    checkpoint.save(path, progress)
    after = checkpoint.load(path, BASE).search
    assert after.best_left is not None
    assert (after.first_level, after.best_left.first_level, after.best_left.rung) == (-3.5, -3.5, 2)
    np.testing.assert_array_equal(after.best_left.optimizer.ask(), left.optimizer.ask())

    state = checkpoint_file.read(path, dict)
    checkpoint_file.write(path, {k: v for k, v in state.items() if k not in ("best_left", "first_level")})
    older = checkpoint.load(path, BASE).search
    assert (older.best_left, older.first_level) == (None, None)
    for made_up in ({"optimizer": "snes"}, {**state["best_left"], "first_level": "high"}):
        checkpoint_file.write(path, {**state, "best_left": made_up})
        with pytest.raises(InvalidFileError):
            checkpoint.load(path, BASE)
