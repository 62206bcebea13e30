"""The race finds out who was lucky, and costs little more than the winner's own episodes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from poise.errors import InvalidValueError
from poise.policies.architecture import Architecture
from poise.policies.candidate import Candidate
from poise.policies.spaces import decode_space, encode_space
from poise.seeding import Purpose, SeedStream, purpose_of
from poise.selection import FIRST_LOOK, Selection, race, sequential_halving
from poise.testing.fake_engine import FakeEngine, ReturnFunction
from poise.types import EpisodeBatch, Event, FloatArray, SeedArray, Usage

ARCHITECTURE = Architecture("linear", encode_space(spaces.Box(-1, 1, (2,))), decode_space(spaces.Discrete(2)))


def _candidates(parameters: list[list[float]], claims: list[float]) -> list[Candidate]:
    rows = zip(parameters, claims, strict=True)
    return [Candidate(ARCHITECTURE, np.array(vector), claim) for vector, claim in rows]


def _race(
    returns: ReturnFunction,
    parameters: list[list[float]],
    claims: list[float],
    *,
    limit: int = 100,
    floor: float = -np.inf,
    ceiling: float = np.inf,
    seed: int = 0,
) -> tuple[Selection, FakeEngine]:
    engine = FakeEngine(returns, ceiling=ceiling)
    candidates = _candidates(parameters, claims)
    return race(engine, candidates, SeedStream(seed, Purpose.SELECTION), limit=limit, floor=floor), engine


def test_it_plays_selection_episodes_alone_and_pays_for_each() -> None:
    result, engine = _race(lambda p, rng: p[0] + rng.normal(), [[0.0, 0], [1, 0], [2, 0]], [9.0, 9, 9])
    assert {purpose_of(seed) for seed in engine.seen} == {Purpose.SELECTION}
    assert result.usage.episodes == len(engine.seen) == result.episodes.sum()
    assert result.usage.steps == 10 * len(engine.seen)


def test_a_lucky_candidate_is_found_out_after_a_few_episodes() -> None:
    result, _ = _race(lambda p, rng: p[0], [[1.0, 0], [5, 0]], [100.0, 5.0])
    assert result.winner == 1
    assert result.episodes.tolist() == [FIRST_LOOK, 100]


def test_all_candidates_meet_the_same_episodes_in_the_same_order() -> None:
    _, engine = _race(lambda p, rng: p[0] - rng.random(), [[0.0, 0], [0.1, 0], [0.05, 0]], [9.0, 9, 9], limit=20)
    first = SeedStream(0, Purpose.SELECTION).take(20).tolist()
    assert set(engine.seen) <= set(first)
    assert engine.seen.count(first[0]) == 3


def test_of_a_hundred_noisy_candidates_it_finds_a_good_one_cheaply() -> None:
    # Bounded returns with most candidates poor, as random policies of CartPole are.
    def returns(p: np.ndarray[tuple[int], np.dtype[np.float64]], rng: np.random.Generator) -> float:
        return float(min(500.0, rng.exponential(p[0]))) if p[0] < 400 else 500.0

    regrets, naive, costs = [], [], []
    for trial in range(40):
        rng = np.random.default_rng(trial)
        level = np.minimum(rng.exponential(60, size=100), 390.0)
        level[rng.integers(100)] = 450.0  # one of them is perfect
        claims = [returns(np.array([value]), rng) for value in level]
        result, _ = _race(returns, [[value, 0.0] for value in level], claims, seed=trial)
        assert result.winner is not None
        regrets.append(450.0 - level[result.winner])
        naive.append(450.0 - level[int(np.argmax(claims))])
        costs.append(result.usage.episodes)
    assert np.mean(regrets) < 2.0
    assert np.mean(naive) > 20.0
    assert np.mean(costs) < 300


def test_nobody_wins_below_the_floor() -> None:
    result, _ = _race(lambda p, rng: p[0], [[1.0, 0], [2, 0]], [9.0, 9], floor=5.0)
    assert result.winner is None
    assert result.returns.size == 0
    assert result.usage.episodes == 2 * FIRST_LOOK


def test_nobody_plays_whose_claim_is_below_the_floor() -> None:
    result, engine = _race(lambda p, rng: 9.0, [[1.0, 0], [2, 0]], [4.0, 4.5], floor=5.0)
    assert result.winner is None
    assert engine.seen == []
    assert result.usage == Usage()


def test_its_progress_ends_with_the_winners_last_episode_and_adds_up() -> None:
    events: list[Event] = []
    engine = FakeEngine(lambda p, rng: p[0] + rng.normal())
    candidates = _candidates([[0.0, 0], [1, 0]], [3.0, 2.0])
    result = race(engine, candidates, SeedStream(0, Purpose.SELECTION), limit=30, observe=events.append)
    assert {event.phase for event in events} == {"selection"}
    assert events[-1].done == 1.0
    assert events[-1].usage == result.usage
    assert result.winner is not None
    assert events[-1].metrics["mean"] == result.means[result.winner] == result.returns.mean()
    assert len(result.returns) == result.episodes[result.winner] == 30


def test_races_of_one_stream_meet_fresh_episodes() -> None:
    engine, seeds = FakeEngine(lambda p, rng: p[0]), SeedStream(0, Purpose.SELECTION)
    for _ in range(2):
        race(engine, _candidates([[1.0, 0]], [1.0]), seeds, limit=20)
    assert len(set(engine.seen)) == 40


def test_a_winner_is_constant_only_if_every_episode_lasted_with_one_return() -> None:
    assert _race(lambda p, rng: 5.0, [[1.0, 0]], [5.0], ceiling=5.0)[0].constant
    assert not _race(lambda p, rng: 5.0, [[1.0, 0]], [5.0])[0].constant
    assert not _race(lambda p, rng: 5.0 + (rng.random() < 0.05), [[1.0, 0]], [6.0], ceiling=5.0)[0].constant


class EndsOnce(FakeEngine):
    """Ends one of its episodes in a terminal state, with the same return as all others."""

    def _run(self, architecture: Architecture, parameters: FloatArray, seeds: SeedArray, *how: Any) -> EpisodeBatch:
        batch = super()._run(architecture, parameters, seeds, *how)
        batch.terminated[0, 0] = len(self.seen) > 8
        return batch


def test_a_winner_that_ended_one_episode_early_is_not_constant() -> None:
    engine = EndsOnce(lambda p, rng: 5.0, ceiling=5.0)
    assert not race(engine, _candidates([[1.0, 0]], [5.0]), SeedStream(0, Purpose.SELECTION), limit=20).constant


def test_who_stands_on_the_floor_is_in() -> None:
    assert _race(lambda p, rng: 5.0, [[1.0, 0]], [5.0], floor=5.0)[0].winner == 0


def test_of_equals_the_first_goes_first_and_wins() -> None:
    result, _ = _race(lambda p, rng: 5.0, [[1.0, 0], [2, 0], [3, 0]], [5.0, 5, 5])
    assert result.winner == 0
    assert result.episodes.tolist() == [100, 0, 0]
    assert np.isnan(result.means[1:]).all()


def test_a_race_of_nobody_or_for_nothing_is_refused() -> None:
    for parameters, limit in (([], 100), ([[1.0, 0.0]], 0)):
        with pytest.raises(InvalidValueError, match="at least one candidate and a limit"):
            _race(lambda p, rng: 0.0, parameters, [0.0] * len(parameters), limit=limit)


def _halving(
    returns: ReturnFunction, parameters: list[list[float]], *, limit: int = 100, seed: int = 0
) -> tuple[Selection, FakeEngine]:
    engine = FakeEngine(returns, ceiling=-np.inf)
    candidates = _candidates(parameters, [0.0] * len(parameters))
    return sequential_halving(engine, candidates, SeedStream(seed, Purpose.SELECTION), limit=limit), engine


def test_halving_drops_the_worse_half_and_plays_the_last_few_to_the_end() -> None:
    result, engine = _halving(lambda p, rng: p[0], [[float(i), 0] for i in range(33)])
    assert result.winner == 32
    assert sorted(result.episodes.tolist(), reverse=True) == [100] * 5 + [50] * 4 + [25] * 8 + [12] * 16
    assert result.usage.episodes == len(engine.seen) == result.episodes.sum()
    assert {purpose_of(seed) for seed in engine.seen} == {Purpose.SELECTION}
    first = SeedStream(0, Purpose.SELECTION).take(100).tolist()
    assert [engine.seen.count(seed) for seed in (first[0], first[99])] == [33, 5]


@pytest.mark.parametrize(("count", "limit"), [(1, 100), (2, 1), (33, 1), (33, 3), (7, 6), (100, 100), (64, 10_000)])
def test_halving_finds_the_best_whatever_the_numbers(count: int, limit: int) -> None:
    result, _ = _halving(lambda p, rng: p[0], [[float(i % count), 0] for i in range(1, count + 1)], limit=limit)
    assert result.winner == max(0, count - 2)
    assert result.episodes.max() == len(result.returns) == limit
    assert result.constant


def test_halving_takes_the_first_of_equals_and_never_one_that_fails_more() -> None:
    result, _ = _halving(lambda p, rng: 1.0, [[0.0, 0]] * 9)
    assert result.winner == 0
    result, _ = _halving(lambda p, rng: np.nan if p[0] == 5.0 else p[0], [[5.0, 0], [1.0, 0], [2.0, 0], [3.0, 0]])
    assert (result.winner, result.failures.episodes) == (3, 50)
    result, _ = _halving(lambda p, rng: np.nan, [[5.0, 0], [1.0, 0]])
    assert result.winner == 0
    assert np.isnan(result.means).all()


def test_halving_plays_candidates_of_every_architecture() -> None:
    other = Architecture("linear+bias", ARCHITECTURE.observation, ARCHITECTURE.action)
    candidates = [Candidate(ARCHITECTURE, np.array([1.0, 0.0]), 9.0), Candidate(other, np.array([2.0, 0.0, 0.0]), 9.0)]
    result = sequential_halving(FakeEngine(lambda p, rng: p[0]), candidates, SeedStream(0, Purpose.SELECTION))
    assert result.winner == 1


def test_halving_is_seldom_misled_where_good_ones_fall_now_and_then() -> None:
    """What dares more earns more until it falls: a few episodes tell the wrong one, and a race believes them."""
    falls = np.linspace(0.01, 0.25, 21)

    def returns(p: FloatArray, rng: np.random.Generator) -> float:
        return float(280 + 40 * p[0] - 190 * (rng.random() < p[0]) + 15 * rng.normal())

    regrets: dict[str, list[float]] = {"race": [], "halving": []}
    for seed in range(30):
        parameters = [[float(share), 0] for share in np.random.default_rng(seed).permutation(falls)]
        raced, _ = _race(returns, parameters, [300.0] * 21, seed=seed)
        halved, _ = _halving(returns, parameters, seed=seed)
        for name, result in ("race", raced), ("halving", halved):
            assert result.winner is not None
            regrets[name].append(150 * (parameters[result.winner][0] - 0.01))
    assert np.mean(regrets["halving"]) < 5
    assert np.mean(regrets["halving"]) < 0.7 * np.mean(regrets["race"])


def test_halving_says_how_far_it_is() -> None:
    events: list[Event] = []
    candidates = _candidates([[float(i), 0] for i in range(13)], [0.0] * 13)
    seeds = SeedStream(0, Purpose.SELECTION)
    engine = FakeEngine(lambda p, rng: p[0] + rng.normal())
    result = sequential_halving(engine, candidates, seeds, limit=40, observe=events.append)
    assert [event.usage.episodes for event in events[:3]] == [20, 40, 60]  # 16 for each that the engine plays at once
    assert [event.done for event in events] == [event.usage.episodes / events[-1].usage.episodes for event in events]
    assert events[-1].metrics["mean"] == result.returns.mean()


def test_halving_needs_somebody_and_something_to_play() -> None:
    seeds = SeedStream(0, Purpose.SELECTION)
    for candidates, limit in ([], 10), (_candidates([[0.0, 0]], [0.0]), 0):
        with pytest.raises(InvalidValueError):
            sequential_halving(FakeEngine(lambda p, rng: 0.0), candidates, seeds, limit=limit)
