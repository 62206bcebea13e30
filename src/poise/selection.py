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

BUSY = 16
"""Episodes that a sequential halving plays for each that the engine can play at once, before it says how far it is."""


@dataclass(frozen=True)
class Selection:
    """Who won, and what it cost.

    Attributes:
        winner: index of the winner; ``None`` if every candidate fell below the floor.
        means: mean return of each candidate over its fresh episodes; NaN where it never played, or one failed.
        episodes: fresh episodes each played.
        returns: the winner's returns in these episodes, shape (episodes,); empty without a winner.
        constant: every one of the winner's fresh episodes lasted to the time limit, all with the same return.
        usage: what it cost.
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
    field = _Field(engine, candidates, seeds, limit)
    marks = np.array([candidate.claim for candidate in candidates], dtype=np.float64)
    failed = np.zeros(len(candidates))  # share of the fresh episodes
    while True:
        played = field.played
        leader = int(np.lexsort((-np.arange(len(marks)), played, marks, -failed))[-1])
        out = bool(marks[leader] < floor) or (bool(np.isfinite(floor)) and failed[leader] > 0)
        if out or played[leader] >= limit:
            return field.selection(None if out else leader)
        begin = int(played[leader])
        count = min(limit - begin, max(FIRST_LOOK, begin), MAX_BATCH)
        field.play([leader], count)
        failed[leader], marks[leader] = field.failed_share(leader), field.mean(leader)
        if observe is not None:
            observe(field.event(leader, min((begin + count) / limit, 1.0)))


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
        observe: told of the best so far, after every few candidates of a round.
    """
    field = _Field(engine, candidates, seeds, limit)
    looks, left = _looks(len(candidates), limit), list(range(len(candidates)))
    survivors = [math.ceil(len(left) / 2**number) for number in range(len(looks))]
    more = np.diff([0, *looks])
    planned = int(np.dot(survivors, more))

    def rank(index: int) -> tuple[float, float, int]:
        return field.failed_share(index), -field.mean(index), index

    for number, count in zip(survivors, more.tolist(), strict=True):
        left = sorted(left, key=rank)[:number] if number < len(left) else left
        seen: list[int] = []
        for group in field.alike(left, math.ceil(BUSY * engine.width / count)):
            field.play(group, count)
            seen += group
            if observe is not None:
                observe(field.event(min(seen, key=rank), field.usage.episodes / planned))
    return field.selection(min(left, key=rank))


def _looks(candidates: int, limit: int) -> list[int]:
    """Fresh episodes that those who are left have played by the end of each round, growing up to `limit`."""
    rounds = min(MOST_ROUNDS, 1 + max(0, math.ceil(math.log2(candidates / LAST))))
    return sorted({max(1, limit >> number) for number in range(rounds)})


class _Field:
    """The candidates of one selection, and what they have played so far. All meet the same episodes in the same order.

    Args:
        engine: plays the episodes.
        candidates: at least one.
        seeds: gives out selection episodes.
        limit: most episodes of a candidate, at least one.
    """

    def __init__(self, engine: Engine, candidates: Sequence[Candidate], seeds: SeedStream, limit: int) -> None:
        if not candidates or limit < 1:
            raise InvalidValueError(
                f"expected at least one candidate and a limit of at least 1, got {len(candidates)} and {limit}"
            )
        self._engine, self._candidates, self._track = engine, candidates, _Track(seeds)
        self._returns: list[FloatArray] = [np.empty(0) for _ in candidates]
        self._lasted = np.ones(len(candidates), dtype=np.bool_)
        self._failures = Failures()
        self.usage = Usage()

    @property
    def played(self) -> IntArray:
        """Fresh episodes of each candidate so far."""
        return np.array([len(returns) for returns in self._returns], dtype=np.int64)

    def play(self, which: Sequence[int], count: int) -> None:
        """Plays so many more episodes of candidates that are alike and have played equally many."""
        episodes = self._track.episodes(len(self._returns[which[0]]), count)
        parameters = np.stack([self._candidates[index].parameters for index in which])
        batch = self._engine.run(self._candidates[which[0]].architecture, parameters, episodes)
        self.usage += batch.usage
        self._failures += batch.failures
        for row, index in enumerate(which):
            self._returns[index] = np.concatenate([self._returns[index], batch.returns[row]])
            self._lasted[index] &= bool((batch.truncated & ~batch.terminated)[row].all())

    def alike(self, which: Sequence[int], most: int) -> list[list[int]]:
        """The indices in groups of one architecture each, which can be played in one call, so many at most."""
        kinds: dict[tuple[str, Normalizer | None], list[int]] = {}
        for index in which:
            architecture = self._candidates[index].architecture
            kinds.setdefault((architecture.name, architecture.normalizer), []).append(index)
        return [kind[begin : begin + most] for kind in kinds.values() for begin in range(0, len(kind), most)]

    def mean(self, index: int) -> float:
        """Mean return of a candidate that has played; minus infinity if the environment failed in every episode."""
        ended = self._ended(index)
        return float(ended.mean()) if ended.size else -math.inf

    def failed_share(self, index: int) -> float:
        """Share of its episodes in which the environment failed."""
        return 1 - self._ended(index).size / self._returns[index].size

    def event(self, leader: int, done: float) -> Event:
        """What an observer is told: how far it is, and of the leader's returns."""
        ended = self._ended(leader)
        return Event("selection", self.usage, done, figures_so_far(ended) if ended.size else {})

    def selection(self, winner: int | None) -> Selection:
        """The end, with this winner."""
        means = np.array([r.mean() if len(r) else np.nan for r in self._returns])
        own = np.empty(0) if winner is None else self._returns[winner]
        constant = winner is not None and bool(self._lasted[winner]) and bool((own == own[:1]).all())
        return Selection(winner, means, self.played, own, constant, self.usage, self._failures)

    def _ended(self, index: int) -> FloatArray:
        return self._returns[index][~np.isnan(self._returns[index])]


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
