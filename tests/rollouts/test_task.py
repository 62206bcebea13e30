"""Episodes are dealt out, lost and found again, and the first failure is the one that is told."""

from __future__ import annotations

import numpy as np
import pytest

from poise.errors import EnvironmentFailureError
from poise.policies.architecture import Architecture
from poise.rollouts.environments import inspect
from poise.rollouts.player import MAX_HANGS, Episode, Work
from poise.rollouts.task import MAX_DEATHS, MAX_KILLS, Task
from poise.types import EnvironmentSpec


def _task(size: int) -> Task:
    info = inspect(EnvironmentSpec("CartPole-v1"))
    architecture = Architecture("linear", info.observation, info.action)
    return Task(Work.of(architecture, np.ones((1, 4)), np.zeros((1, size), dtype=np.uint32), False, None))


def _episodes(*totals: float) -> list[Episode]:
    return [Episode(total, 1, True, False, None) for total in totals]


def test_every_episode_is_dealt_once_and_comes_back_in_its_place() -> None:
    task = _task(5)
    parts = [task.take(2), task.take(2), task.take(2), task.take(2)]
    assert parts == [range(2), range(2, 4), range(4, 5), None]
    task.put(4, _episodes(4.0))
    task.put(0, _episodes(0.0, 1.0))
    task.put(2, _episodes(2.0))
    assert not task.is_done()
    task.put(3, _episodes(3.0))
    assert task.is_done()
    assert [episode.total for episode in task.results()] == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_what_was_given_back_comes_next() -> None:
    task = _task(6)
    taken = task.take(2)
    assert taken is not None
    task.give_back([taken])
    assert [task.take(9), task.take(9)] == [range(2), range(2, 6)]


def test_of_several_failures_the_first_episode_s_is_told_whenever_it_comes() -> None:
    task = _task(10)
    while task.take(2) is not None:
        pass
    task.fail(7, EnvironmentFailureError("later"))
    task.put(0, _episodes(0.0, 0.0))
    task.fail(3, EnvironmentFailureError("first"))
    task.fail(5, EnvironmentFailureError("in between"))
    assert not task.is_done(), "episode 2 may fail yet"
    task.put(2, _episodes(0.0))
    assert task.is_done()
    with pytest.raises(EnvironmentFailureError, match="first"):
        task.results()


def test_after_a_failure_nothing_behind_it_is_dealt() -> None:
    task = _task(10)
    assert task.take(2) == range(2)
    task.fail(1, EnvironmentFailureError("early"))
    assert task.take(5) is None
    task.put(0, _episodes(0.0))
    assert task.is_done()


def test_lost_episodes_are_played_again_one_by_one() -> None:
    task = _task(6)
    assert task.take(4) == range(4)
    task.lose(range(1, 4), "Env-v0", 11, "killed by SIGKILL")
    assert [task.take(9) for _ in range(4)] == [range(1, 2), range(2, 3), range(3, 4), range(4, 6)]


def test_an_episode_that_takes_worker_after_worker_with_it_fails_and_is_named() -> None:
    task = _task(2)
    for _ in range(MAX_DEATHS):
        part = task.take(1)
        assert part == range(1)
        assert not task.is_done()
        task.lose(part, "Env-v0", 11, "killed by SIGSEGV")
    task.put(1, _episodes(1.0))
    assert task.is_done()
    lost, played = task.results()
    assert lost.failure is not None
    assert "Env-v0, seed 11: the process that played it ended 3 times (killed by SIGSEGV)" in lost.failure
    assert np.isnan(lost.total)
    assert played.total == 1.0


def test_who_hangs_is_not_waited_for_again_and_who_hangs_again_and_again_ends_it() -> None:
    task = _task(10)
    for hang in range(MAX_HANGS - 1):
        assert task.take(4) is not None
        task.hang(range(3 * hang, 3 * hang + 4), 3 * hang + 1, "it hangs")
        assert task.take(1) == range(3 * hang, 3 * hang + 1)
        assert task.take(2) == range(3 * hang + 2, 3 * hang + 4)
        task.put(3 * hang, _episodes(0.0))
        task.put(3 * hang + 2, _episodes(0.0))
    task.hang(range(7, 10), 7, "it hangs again")
    with pytest.raises(EnvironmentFailureError, match="it hangs again"):
        task.results()


def test_episodes_lost_in_company_are_not_blamed() -> None:
    task = _task(2)
    for _ in range(2 * MAX_DEATHS):
        while task.take(2) is not None:
            pass
        task.lose(range(2), "Env-v0", 0, "killed by SIGKILL")
        assert not task.is_done()


def test_an_episode_whose_worker_is_killed_from_outside_has_more_patience() -> None:
    task = _task(1)
    for _ in range(MAX_KILLS):
        part = task.take(1)
        assert part == range(1)
        task.lose(part, "Env-v0", 11, "killed by SIGKILL", killed=True)
    assert task.is_done()
    (episode,) = task.results()
    assert f"ended {MAX_KILLS} times" in str(episode.failure)
