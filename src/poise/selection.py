"""Picking the winner: the best of many is often only the luckiest, and fresh episodes find that out.

At the end of a search, all that it has to offer plays for being its result: `sequential_halving` drops the worse half
and has the others play on, until few are left. What claims to be perfect is checked sooner and cheaper, by a `race`.

In a race the leader plays until it drops behind. A candidate's mark is at first what it claims (its score in the
search) and from its first fresh episode on the mean of its fresh episodes alone. Whoever has the highest mark plays
next; when the leader has played `limit` fresh episodes and still leads, it has won. A lucky one is found out after a
few episodes, an honest one pays for itself only, so that the race costs little more than the winner's own `limit`
episodes.

An episode in which the environment fails has no return: whoever has a larger share of them stands behind everybody with
a smaller one.

The scores of either are what the winner was chosen by. They are never reported as its result.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from poise.errors import InvalidValueError
from poise.policies.architecture import Normalizer
from poise.policies.candidate import Candidate
from poise.rollouts.base import Engine
from poise.seeding import SeedStream
from poise.statistics.intervals import figures_so_far
from poise.types import Event, Failures, FloatArray, IntArray, Observer, SeedArray, Usage

MAX_BATCH = 10_000
"""Most episodes the leader plays before the marks are looked at again."""

FIRST_LOOK = 3
"""Fresh episodes that replace a claim: after a single one an honest leader often drops behind a claim that was luck."""


LAST = 3
"""Of so many candidates or fewer, each plays all episodes of a sequential halving."""

MOST_ROUNDS = 4
"""Rounds of a sequential halving, at most: nobody is dropped by less than an eighth of all episodes.

What falls once in twenty episodes has to be seen falling; and a policy that dares more earns more until then.
"""


@dataclass(frozen=True)
class Selection:
    """Who won, and what it cost.

    Attributes:
        winner: index of the winner; ``None`` if every candidate fell below the floor.
        means: mean return of each candidate over its fresh episodes; NaN where it never played, or one failed.
        episodes: fresh episodes each played.
        returns: the winner's returns in these episodes, shape (episodes,); empty without a winner.
        constant: every one of the winner's fresh episodes lasted to the time limit, all with the same return.
        usage: what the race cost.
        failures: the episodes in which the environment failed.
    """

    winner: int | None
    means: FloatArray
    episodes: IntArray
    returns: FloatArray
    constant: bool
    usage: Usage
    failures: Failures = field(default_factory=Failures)


def race(
    engine: Engine,
    candidates: Sequence[Candidate],
    seeds: SeedStream,
    *,
    limit: int = 100,
    floor: float = -np.inf,
    observe: Observer | None = None,
) -> Selection:
    """Lets candidates race until one has led for `limit` fresh episodes.

    Args:
        engine: plays the episodes.
        candidates: at least one. Of equal marks, whoever has played most leads, then the first.
        seeds: gives out selection episodes. All candidates meet the same ones in the same order.
        limit: fresh episodes that the winner must have played.
        floor: a candidate whose mark is below this is out, and if it is finite, one that had an episode fail too; when
            all are, nobody wins.
        observe: told after every batch of episodes.
    """
    if not candidates or limit < 1:
        raise InvalidValueError(
            f"expected at least one candidate and a limit of at least 1, got {len(candidates)} and {limit}"
        )
    track = _Track(seeds)
    marks = np.array([candidate.claim for candidate in candidates], dtype=np.float64)
    returns: list[FloatArray] = [np.empty(0) for _ in candidates]
    lasted = np.ones(len(candidates), dtype=np.bool_)
    failed = np.zeros(len(candidates))  # share of the fresh episodes
    usage, failures = Usage(), Failures()
    while True:
        played = np.array([len(r) for r in returns], dtype=np.int64)
        leader = int(np.lexsort((-np.arange(len(marks)), played, marks, -failed))[-1])
        out = bool(marks[leader] < floor) or (bool(np.isfinite(floor)) and failed[leader] > 0)
        if out or played[leader] >= limit:
            means = np.array([r.mean() if len(r) else np.nan for r in returns])
            own = returns[leader]
            constant = bool(lasted[leader]) and bool((own == own[:1]).all())
            return Selection(None if out else leader, means, played, own[:0] if out else own, constant, usage, failures)
        begin = int(played[leader])
        count = min(limit - begin, max(FIRST_LOOK, begin), MAX_BATCH)
        runner = candidates[leader]
        batch = engine.run(runner.architecture, runner.parameters[np.newaxis], track.episodes(begin, count))
        returns[leader] = np.concatenate([returns[leader], batch.returns[0]])
        lasted[leader] &= bool((batch.truncated & ~batch.terminated).all())
        ended = returns[leader][~np.isnan(returns[leader])]
        marks[leader] = ended.mean() if ended.size else -np.inf
        failed[leader] = 1 - ended.size / returns[leader].size
        usage += batch.usage
        failures += batch.failures
        if observe is not None:
            figures = figures_so_far(ended) if ended.size else {}
            observe(Event("selection", usage, min((begin + count) / limit, 1.0), figures))


def sequential_halving(
    engine: Engine,
    candidates: Sequence[Candidate],
    seeds: SeedStream,
    *,
    limit: int = 100,
    observe: Observer | None = None,
) -> Selection:
    """Lets all candidates play, drops the worse half, lets the others play twice as much, until the best is known.

    It goes by the mean of the fresh episodes alone, all that a candidate has played so far. An unlucky start costs no
    one the victory unless half of all do better; and rounds, unlike the steps of a race, keep many processes busy.

    Source: Karnin, Koren and Somekh (2013), "Almost optimal exploration in multi-armed bandits", Algorithm 1; but all
    meet the same episodes, what was played counts on, and the last `LAST` are decided on at once.

    Args:
        engine: plays the episodes.
        candidates: at least one. Of equal means the first counts as the better; one with a larger share of episodes
            that failed, as worse than all with a smaller.
        seeds: gives out selection episodes. All candidates meet the same ones in the same order.
        limit: fresh episodes of the last round.
        observe: told after every round, of the best so far.
    """
    if not candidates or limit < 1:
        raise InvalidValueError(
            f"expected at least one candidate and a limit of at least 1, got {len(candidates)} and {limit}"
        )
    track, looks = _Track(seeds), _looks(len(candidates), limit)
    returns: list[FloatArray] = [np.empty(0) for _ in candidates]
    lasted = np.ones(len(candidates), dtype=np.bool_)
    left, usage, failures = list(range(len(candidates))), Usage(), Failures()
    for number, look in enumerate(looks):
        begin = len(returns[left[0]])
        episodes = track.episodes(begin, look - begin)
        for group in _alike(candidates, left):
            parameters = np.stack([candidates[index].parameters for index in group])
            batch = engine.run(candidates[group[0]].architecture, parameters, episodes)
            usage += batch.usage
            failures += batch.failures
            for row, index in enumerate(group):
                returns[index] = np.concatenate([returns[index], batch.returns[row]])
                lasted[index] &= bool((batch.truncated & ~batch.terminated)[row].all())
        left.sort(key=lambda index: (*_mark(returns[index]), index))
        if observe is not None:
            ended = returns[left[0]][~np.isnan(returns[left[0]])]
            figures = figures_so_far(ended) if ended.size else {}
            observe(Event("selection", usage, (number + 1) / len(looks), figures))
        left = left[: math.ceil(len(left) / 2)] if number + 1 < len(looks) else left[:1]
    winner = left[0]
    own = returns[winner]
    means = np.array([r.mean() if len(r) else np.nan for r in returns])
    played = np.array([len(r) for r in returns], dtype=np.int64)
    constant = bool(lasted[winner]) and bool((own == own[:1]).all())
    return Selection(winner, means, played, own, constant, usage, failures)


def _looks(candidates: int, limit: int) -> list[int]:
    """Fresh episodes that those who are left have played by the end of each round, growing up to `limit`."""
    rounds = min(MOST_ROUNDS, 1 + max(0, math.ceil(math.log2(candidates / LAST))))
    return sorted({max(1, limit >> number) for number in range(rounds)})


def _alike(candidates: Sequence[Candidate], which: Sequence[int]) -> list[list[int]]:
    """The indices in groups of one architecture each: they can be played in one call."""
    groups: dict[tuple[str, Normalizer | None], list[int]] = {}
    for index in which:
        architecture = candidates[index].architecture
        groups.setdefault((architecture.name, architecture.normalizer), []).append(index)
    return list(groups.values())


def _mark(returns: FloatArray) -> tuple[float, float]:
    """What candidates are sorted by, the best first: the share of episodes that failed, and the mean of the others."""
    ended = returns[~np.isnan(returns)]
    return 1 - ended.size / returns.size, -float(ended.mean()) if ended.size else math.inf


class _Track:
    """The episodes of one selection, taken from the stream as far as the farthest runner has come."""

    def __init__(self, seeds: SeedStream) -> None:
        self._stream = seeds
        self._taken: SeedArray = np.empty(0, dtype=np.uint32)

    def episodes(self, begin: int, count: int) -> SeedArray:
        missing = begin + count - len(self._taken)
        if missing > 0:
            self._taken = np.concatenate([self._taken, self._stream.take(missing)])
        return self._taken[begin : begin + count]
