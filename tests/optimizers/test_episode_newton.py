"""Newton's method on episodes: a parabola for each, exact where they are parabolas, and kept within reach elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from poise.errors import InvalidFileError, InvalidValueError
from poise.optimizers._metric import MOST_PARAMETERS
from poise.optimizers.episode_newton import (
    REACHES,
    SHARES,
    EpisodeNewton,
    first_right_singular_vectors,
    slope_and_curvature,
)
from poise.testing.landscapes import some_rotation
from poise.types import FloatArray

N, EPISODES, DIRECTIONS = 24, 20, 3
RNG = np.random.default_rng(5)
CHANGES = RNG.normal(size=(EPISODES, DIRECTIONS, N)) @ np.diag(np.geomspace(1.0, 30.0, N)) @ some_rotation(N)
"""What each episode's three outputs make of the parameters."""

WANTED = np.einsum("emn,n->em", CHANGES, np.linspace(-1.0, 1.0, N)) + 0.1 * RNG.normal(size=(EPISODES, DIRECTIONS))
BEST = np.linalg.lstsq(CHANGES.reshape(-1, N), WANTED.reshape(-1), rcond=None)[0]


def _make(n: int = N, **options: Any) -> EpisodeNewton:
    return EpisodeNewton(n, np.random.default_rng(3), EpisodeNewton.Options(**{"episodes": EPISODES, **options}))


def _scores(optimizer: EpisodeNewton, candidates: FloatArray) -> FloatArray:
    """Each candidate on the episode of its group: how near its outputs are to what that wants."""
    groups = np.repeat(np.arange(optimizer.groups), len(candidates) // optimizer.groups)
    done = np.einsum("imn,in->im", CHANGES[groups], candidates)
    return np.asarray(-np.square(done - WANTED[groups]).sum(axis=1))


def _climb(optimizer: EpisodeNewton, steps: int, *, told: bool) -> None:
    for _ in range(2 * steps):
        if told and optimizer.wants_changes:
            optimizer.take_changes(list(CHANGES), float(np.square(WANTED).mean()))
        optimizer.tell(_scores(optimizer, optimizer.ask()))


def test_where_episodes_are_parabolas_it_comes_to_the_best_for_all_of_them() -> None:
    optimizer = _make(directions=DIRECTIONS, ridge=1e-9)
    _climb(optimizer, 40, told=True)
    np.testing.assert_allclose(optimizer.center, BEST, atol=0.02)


def test_told_what_changes_it_needs_fewer_steps() -> None:
    told, alone = _make(directions=DIRECTIONS), _make(directions=DIRECTIONS)
    _climb(told, 8, told=True)
    _climb(alone, 8, told=False)
    lost = [np.square(CHANGES @ (optimizer.center - BEST)).mean() for optimizer in (told, alone)]
    assert lost[0] < lost[1] / 30


def test_candidates_change_the_outputs_of_their_episode_by_as_much_as_was_asked() -> None:
    optimizer = _make(directions=1, reach0=0.01)
    optimizer.take_changes(list(CHANGES), 4.0)
    members = optimizer.ask().reshape(EPISODES, 3, N)
    np.testing.assert_array_equal(members[:, 0], np.tile(optimizer.center, (EPISODES, 1)))
    np.testing.assert_allclose(members[:, 1] + members[:, 2], 2 * members[:, 0], atol=1e-12)
    done = np.einsum("emn,en->em", CHANGES, members[:, 1] - members[:, 0])
    np.testing.assert_allclose(np.square(done).mean(axis=1) ** 0.5, 0.01 * np.sqrt(4.0), rtol=0.01)


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (5, 5)])
def test_singular_vectors_are_those_of_the_whole_matrix(shape: tuple[int, int]) -> None:
    matrix = np.random.default_rng(2).normal(size=shape)
    _, values, vectors = np.linalg.svd(matrix)
    singular, right = first_right_singular_vectors(matrix, 3)
    np.testing.assert_allclose(singular, values[:3])
    np.testing.assert_allclose(np.abs((right * vectors[:3].T).sum(axis=0)), 1.0)
    singular, right = first_right_singular_vectors(0 * matrix, 3)
    assert not singular.any()
    assert right.shape == (shape[1], 3)
    assert [part.shape for part in first_right_singular_vectors(matrix[:0], 3)] == [(0,), (shape[1], 0)]


def test_parabolas_are_drawn_exactly_and_none_has_its_peak_beyond_its_candidates() -> None:
    probes = np.zeros((2, 3, 2))
    probes[0, 0, 0], probes[0, 1, 1], probes[1, 1, 0], probes[1, 2, 1] = 0.5, 2.0, 1.0, 1.0

    def returns(episode: int, x: FloatArray) -> float:
        return float(x[0] - 3 * x[0] ** 2 - x[1] ** 2) if episode == 0 else float(x[1] - 4 * x[1] ** 2 + 10 * x[2])

    scores = np.array(
        [[returns(e, x) for x in [np.zeros(3), *probes[e].T, *-probes[e].T]] for e in range(2)], dtype=np.float64
    )
    slope, curvature = slope_and_curvature(probes, scores)
    np.testing.assert_allclose(slope, [0.5, 0.5, 5.0])
    # Of the last number only a slope is seen: it counts as curved so that the peak is at the candidate.
    np.testing.assert_allclose(curvature, np.diag([6.0, 2.0 + 8.0, 10.0]) / 2)


def test_an_episode_that_is_far_steeper_than_the_others_does_not_decide_alone() -> None:
    probes = np.tile(np.eye(3)[:, :1], (5, 1, 1))
    scores = np.tile([0.0, 1.0, -3.0], (5, 1))
    plain = slope_and_curvature(probes, scores)
    scores[0] *= 10.0 / 3.0
    within = slope_and_curvature(probes, scores)
    assert within[0][0] == pytest.approx(plain[0][0] * (4 + 10 / 3) / 5)
    scores[0] = [0.0, -1e8, 3e8]
    beyond = slope_and_curvature(probes, scores)
    assert beyond[0][0] == pytest.approx(plain[0][0] * 4 / 5 - 2.0 / 3.0 * 30.0 / 5)
    assert beyond[1][0, 0] == pytest.approx((4 * 2.0 + 2.0 / 3.0 * 30.0) / 5)
    scores[1:] = 0.0  # most make no difference: then it is the only one that says anything
    assert slope_and_curvature(probes, scores)[0][0] == pytest.approx(-2e8 / 5)


def test_one_score_that_went_wrong_does_not_stop_it() -> None:
    optimizer = _make(directions=DIRECTIONS)
    optimizer.take_changes(list(CHANGES), float(np.square(WANTED).mean()))
    scores = _scores(optimizer, optimizer.ask())
    scores[1] = -1e8
    optimizer.tell(scores)
    optimizer.tell(_scores(optimizer, optimizer.ask()))
    _climb(optimizer, 16, told=True)
    assert np.square(CHANGES @ (optimizer.center - BEST)).mean() < 0.1


def test_the_best_share_of_a_step_is_taken_and_the_reach_follows_it() -> None:
    for best in range(len(SHARES)):
        optimizer = _make(directions=DIRECTIONS)
        before = optimizer.center
        optimizer.tell(_scores(optimizer, optimizer.ask()))
        assert optimizer.groups == EPISODES // 2
        candidates = optimizer.ask().reshape(-1, len(SHARES), N)
        np.testing.assert_array_equal(candidates[0], candidates[-1])
        optimizer.tell(np.tile(np.arange(len(SHARES)) == best, optimizer.groups).astype(np.float64))
        np.testing.assert_allclose(optimizer.center, candidates[0, best])
        np.testing.assert_allclose(optimizer.center - before, SHARES[best] * (candidates[0, 3] - before), atol=1e-12)
        assert optimizer.state()["own"]["reach"] == pytest.approx(optimizer.options.reach0 * REACHES[best])


def test_where_candidates_make_no_difference_the_next_look_farther_but_not_without_end() -> None:
    optimizer = _make(directions=1, episodes=2)
    before, reaches = optimizer.center, []
    for _ in range(40):
        optimizer.tell(np.full(len(optimizer.ask()), 5.0))
        reaches.append(optimizer.state()["own"]["reach"])
    np.testing.assert_array_equal(optimizer.center, before)
    reach0 = optimizer.options.reach0
    np.testing.assert_allclose(reaches[:3], reach0 * REACHES[-1] ** np.arange(1, 4))
    assert reaches[-1] == 1000 * reach0


def test_a_search_whose_steps_are_never_good_ends() -> None:
    optimizer = _make(directions=1, episodes=2)
    while optimizer.stop_reason is None:
        assert optimizer.generation < 1_000
        candidates = optimizer.ask()
        still = np.isclose(candidates, optimizer.center, rtol=0, atol=1e-15).all(axis=1)
        optimizer.tell(still + 1e-3 * candidates[:, 0])
    assert optimizer.stop_reason == "the reach fell below 1e-06 of the first"


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ([], 1.0),
        ([np.zeros((2, N))] * EPISODES, 1.0),
        (list(CHANGES), 0.0),
        (list(CHANGES * np.inf), 1.0),
        (list(CHANGES * 1e160), 1.0),
    ],
)
def test_where_nothing_is_known_of_changes_directions_are_random(changes: list[FloatArray], size: float) -> None:
    told, alone = _make(), _make()
    with np.errstate(invalid="ignore"):
        told.take_changes(changes, size)
    np.testing.assert_array_equal(told.ask(), alone.ask())


@pytest.mark.parametrize("steps", [2, 3 * N])
def test_directions_in_which_nothing_changes_are_not_tried(steps: int) -> None:
    optimizer = _make(directions=4)
    moved = np.tile(CHANGES[:, :1], (1, steps, 1)) * np.linspace(1.0, 2.0, steps)[:, np.newaxis]
    optimizer.take_changes(list(moved), 1.0)
    members = optimizer.ask().reshape(EPISODES, -1, N)
    moves = np.abs(members[:, 1:5] - members[:, :1]).max(axis=2)
    assert (moves[:, 0] > 1e-3).all()
    assert not moves[:, 1:].any()
    optimizer.tell(_scores(optimizer, optimizer.ask()))
    step = optimizer.ask()[SHARES.index(1.0)] - optimizer.center
    assert np.linalg.norm(step) > 1e-3


def test_an_episode_without_steps_has_no_say() -> None:
    optimizer = _make(directions=DIRECTIONS)
    optimizer.take_changes([np.empty((0, N)), *CHANGES[1:]], 1.0)
    members = optimizer.ask().reshape(EPISODES, -1, N)
    np.testing.assert_array_equal(members[0], np.tile(optimizer.center, (members.shape[1], 1)))
    assert not np.array_equal(members[1, 0], members[1, 1])
    optimizer.tell(_scores(optimizer, optimizer.ask()))
    assert np.isfinite(optimizer.ask()).all()


def test_it_begins_where_it_is_told_to_but_not_later() -> None:
    optimizer = _make()
    assert optimizer.may_begin_anywhere
    optimizer.begin_at(np.arange(N, dtype=np.float64))
    np.testing.assert_array_equal(optimizer.center, np.arange(N))
    optimizer.ask()
    assert not optimizer.may_begin_anywhere


def test_more_parameters_than_a_metric_can_have_are_refused() -> None:
    _make(MOST_PARAMETERS)
    with pytest.raises(InvalidValueError, match=r"at most 1,000 parameters for episode_newton, got 1,001; take snes"):
        _make(MOST_PARAMETERS + 1)


@pytest.mark.parametrize("part", ["step", "basis", "probes", "hessian"])
def test_parts_of_another_size_are_refused(part: str) -> None:
    state = _make().state()
    with pytest.raises(InvalidFileError, match="incomplete or damaged"):
        EpisodeNewton.from_state({**state, "own": {**state["own"], part: np.eye(N + 1)}})
