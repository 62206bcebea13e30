"""Law 1: an episode's seed says what it is for, and no episode serves twice."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poise.errors import InvalidValueError
from poise.seeding import EPISODES_PER_PURPOSE, MAX_SEED, Purpose, SeedStream, check_seed, generator, purpose_of

PATHS: tuple[tuple[str | int, ...], ...] = (
    ("a",),
    ("b",),
    ("a", 0),
    ("a", 1),
    ("a", 2),
    (0,),
    (2**32 + 1,),
    (1, 1),
    (),
)

run_seeds = st.integers(0, MAX_SEED)
purposes = st.sampled_from(Purpose)


@given(run_seeds, purposes, st.integers(0, EPISODES_PER_PURPOSE - 2000), st.integers(1, 1000))
def test_every_seed_lies_in_the_range_of_its_purpose_and_fits_32_bits(
    seed: int, purpose: Purpose, position: int, count: int
) -> None:
    taken = SeedStream(seed, purpose, position).take(count)
    assert taken.dtype == np.uint32
    assert len(np.unique(taken)) == count
    assert {purpose_of(s) for s in taken.tolist()} == {purpose}


@given(run_seeds, run_seeds)
def test_no_purpose_shares_an_episode_with_another_even_across_runs(one: int, two: int) -> None:
    for a, b in combinations(Purpose, 2):
        assert not set(SeedStream(one, a).take(500).tolist()) & set(SeedStream(two, b).take(500).tolist())


@given(run_seeds, purposes, st.lists(st.integers(1, 50), min_size=1, max_size=8))
def test_however_they_are_taken_the_seeds_are_the_same_and_none_comes_twice(
    seed: int, purpose: Purpose, parts: list[int]
) -> None:
    stream = SeedStream(seed, purpose)
    taken = np.concatenate([stream.take(part) for part in parts])
    assert (taken == SeedStream(seed, purpose).take(sum(parts))).all()
    assert len(np.unique(taken)) == sum(parts)


def test_a_stream_goes_on_from_its_position() -> None:
    whole = SeedStream(3, Purpose.SEARCH).take(20)
    assert (SeedStream(3, Purpose.SEARCH, position=12).take(8) == whole[12:]).all()


def test_the_range_wraps_within_the_purpose_and_then_ends() -> None:
    last = SeedStream(1, Purpose.SELECTION, EPISODES_PER_PURPOSE - 3)
    assert {purpose_of(s) for s in last.take(3).tolist()} == {Purpose.SELECTION}
    with pytest.raises(InvalidValueError, match="a run has"):
        last.take(1)


@given(run_seeds, purposes)
def test_where_the_range_begins_anew_no_episode_is_left_out_or_comes_twice(seed: int, purpose: Purpose) -> None:
    first = int(SeedStream(seed, purpose).take(1)[0]) - purpose * EPISODES_PER_PURPOSE
    across = SeedStream(seed, purpose, max(0, EPISODES_PER_PURPOSE - first - 5)).take(10).astype(np.int64)
    assert ((np.diff(across) % EPISODES_PER_PURPOSE) == 1).all()
    assert {purpose_of(s) for s in across.tolist()} == {purpose}


def test_different_runs_meet_different_episodes() -> None:
    starts = {int(SeedStream(seed, Purpose.SEARCH).take(1)[0]) for seed in range(200)}
    assert len(starts) == 200


@pytest.mark.parametrize("seed", [-1, 2**32, 1.0, True, "1", None])
def test_what_is_no_seed_is_refused(seed: object) -> None:
    with pytest.raises(InvalidValueError, match="a seed must be an integer from 0 to 4294967295"):
        check_seed(seed)  # type: ignore[arg-type]


@pytest.mark.parametrize("position", [-1, EPISODES_PER_PURPOSE + 1])
def test_a_position_outside_the_range_is_refused(position: int) -> None:
    with pytest.raises(InvalidValueError, match="expected a position from 0"):
        SeedStream(0, Purpose.SEARCH, position)


def test_taking_none_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="at least one episode"):
        SeedStream(0, Purpose.SEARCH).take(0)


def test_a_seed_of_no_range_has_no_purpose() -> None:
    assert purpose_of(MAX_SEED) is None


@given(run_seeds)
def test_generators_differ_by_the_name_of_their_use(seed: int) -> None:
    draws = [generator(seed, *path).integers(2**62) for path in PATHS]
    assert len(set(draws)) == len(draws)
    assert generator(seed, "a").integers(2**62) == draws[0]
