"""A checkpoint gives back exactly what was set down, and a damaged one is one clear error."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from poise.errors import InvalidFileError
from poise.horizon import Horizon
from poise.optimizers import OPTIMIZERS
from poise.policies.architecture import Normalizer
from poise.policies.candidate import Candidate, best_of, candidates_of
from poise.runs import checkpoint
from poise.runs.checkpoint import Progress
from poise.runs.policy import Policy
from poise.search import ARCHIVE_SIZE
from poise.search_state import SearchState
from poise.seeding import Purpose, SeedStream, generator
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


@pytest.mark.parametrize("horizon", [None, Horizon(173, 1000)])
def test_where_episodes_are_cut_off_is_taken_up(tmp_path: Path, horizon: Horizon | None) -> None:
    before = _progress()
    before.search.first_horizon, before.search.horizon = Horizon(150, 1000), horizon
    checkpoint.save(tmp_path / "checkpoint", before)
    after = checkpoint.load(tmp_path / "checkpoint", BASE).search
    assert (after.first_horizon, after.horizon) == (Horizon(150, 1000), horizon)


def test_a_checkpoint_cut_or_changed_anywhere_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    checkpoint.save(path, _progress())
    whole = path.read_bytes()
    for length in range(0, len(whole) - 1, 61):
        path.write_bytes(whole[:length])
        with pytest.raises(InvalidFileError):
            checkpoint.load(path, BASE)
    body = whole.index(b"\n") + 1
    for place in range(body, len(whole) - 1, 61):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(InvalidFileError):
            checkpoint.load(path, BASE)


def test_another_version_is_named(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    checkpoint.save(path, _progress())
    head, _, body = path.read_text().partition("\n")
    path.write_text(json.dumps({**json.loads(head), "version": 9}) + "\n" + body)
    with pytest.raises(InvalidFileError, match="made by a newer poise: its format has version 9"):
        checkpoint.load(path, BASE)


def test_no_checkpoint_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidFileError, match="there is no checkpoint"):
        checkpoint.load(tmp_path / "checkpoint", BASE)


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
