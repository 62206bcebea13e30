"""Who plays is decided by what was measured: short work stays here, and slow workers are left alone."""

from __future__ import annotations

import pytest

from poise.rollouts.pace import LEAST_ROUND_TRIPS, Pace

ROUND_TRIP = 0.001


def _pace(seconds_an_episode: float = 0.1, played: int = 1, workers: int = 2) -> Pace:
    pace = Pace(1.0, workers)
    for _ in range(played):
        pace.note_here(seconds_an_episode, 1, 10)
    return pace


def test_workers_are_started_once_playing_here_has_cost_as_much_as_starting_them() -> None:
    assert not _pace(played=9).is_worth_starting(1)
    assert _pace(played=11).is_worth_starting(1)


def test_workers_are_started_at_once_if_the_call_at_hand_saves_their_cost() -> None:
    assert not _pace().is_worth_starting(17)  # 1.7 s: half of it would be saved
    assert _pace().is_worth_starting(19)


def test_workers_are_started_at_once_for_long_work_and_never_for_what_is_soon_done() -> None:
    for seconds, started in (3.0, False), (5.0, True):
        pace = _pace()
        pace.expect(round(100 * seconds))  # 0.01 s a step; starting costs 1 s, and half of what is left would be saved
        assert pace.is_worth_starting(8) is started
        assert not pace.is_worth_starting(1)
    pace = _pace()
    pace.expect(500)
    for _ in range(20):
        pace.note_here(0.1, 1, 10)
    assert not pace.is_worth_starting(8)  # too little is left


def test_one_worker_is_never_started() -> None:
    assert not _pace(played=100, workers=1).is_worth_starting(10**6)


def test_nothing_is_started_before_anything_was_measured() -> None:
    assert not _pace(played=0).is_worth_starting(10**6)


def test_work_that_takes_as_long_as_handing_it_over_stays_here() -> None:
    pace = _pace(seconds_an_episode=ROUND_TRIP)
    assert not pace.is_for_workers(LEAST_ROUND_TRIPS - 1, ROUND_TRIP)
    assert pace.is_for_workers(LEAST_ROUND_TRIPS + 1, ROUND_TRIP)
    assert pace.least_part(ROUND_TRIP) == LEAST_ROUND_TRIPS
    assert _pace().least_part(ROUND_TRIP) == 1


def test_workers_that_are_slower_are_left_alone_and_tried_again_ever_more_seldom() -> None:
    pace = _pace()
    pace.note_there(4.0, 20, 200)  # 0.2 s an episode
    turns = [pace.is_for_workers(20, ROUND_TRIP) for _ in range(200)]
    assert turns[:7] == [False, True, False, False, True, False, False]
    assert 5 <= sum(turns) <= 8


def test_workers_that_became_quicker_are_taken_back() -> None:
    pace = _pace()
    pace.note_there(4.0, 20, 200)
    assert not pace.is_for_workers(20, ROUND_TRIP)
    for _ in range(30):
        pace.note_there(1.0, 20, 200)
    assert all(pace.is_for_workers(20, ROUND_TRIP) for _ in range(5))


def test_this_process_measured_anew_can_turn_out_to_be_the_slower_one() -> None:
    pace = _pace()
    pace.note_there(4.0, 20, 200)
    assert not pace.is_for_workers(20, ROUND_TRIP)
    for _ in range(30):
        pace.note_here(0.5, 1, 10)
    assert pace.is_for_workers(20, ROUND_TRIP)


def test_a_call_that_left_workers_idle_says_nothing_of_them() -> None:
    pace = _pace(workers=4)
    pace.note_there(9.0, 3, 30)
    assert pace.is_for_workers(3, ROUND_TRIP)


@pytest.mark.parametrize(("seconds_an_episode", "episodes"), [(1e-5, 500), (0.1, 1)])
def test_what_is_played_here_is_short_that_workers_are_noticed(seconds_an_episode: float, episodes: int) -> None:
    assert _pace(seconds_an_episode).part_here == pytest.approx(episodes, rel=0.01)
