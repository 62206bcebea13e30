"""What the policy of a search is worth while the search goes on: measured on fresh episodes, for the page alone.

The score that a candidate was chosen by holds its luck, and is never reported as its value. So the policy that stands
on the page is played on episodes that neither the search nor the choice has seen. Nothing is chosen by them, and the
search, a process of its own, is told nothing of them; every policy gets episodes that none before it has had.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np

from poise.errors import PoiseError
from poise.runs.policy import Policy
from poise.seeding import Purpose, SeedStream, generator
from poise.statistics.intervals import mean_interval
from poise.studio.bench import Bench, Worker, is_compiled
from poise.studio.library import Library
from poise.types import FloatArray, Json

EPISODES, EPISODES_UNCOMPILED = 1_000, 100
"""Episodes after which a policy that is not replaced is measured well enough."""

BATCH, BATCH_UNCOMPILED = 100, 5
"""Episodes played at a time."""

FEWEST = 10
"""Episodes before an interval is shown: those of fewer say little, and may mislead."""

SHARE = 0.1
"""The part of one processor that measuring takes at most: the rest is for the search, and for who plays."""

PATIENCE_SECONDS = 0.25
"""Time between two looks for another policy."""

REMEMBERED = 32
"""Runs whose last measurement is kept."""


@dataclass
class _Measured:
    """What was measured of one run's policies: the one that is being played, and what is known of it or of the last."""

    seeds: SeedStream
    policy: Policy | None = None
    steps: int = 0
    returns: FloatArray = field(default_factory=lambda: np.empty(0))
    shown: Json = None
    busy: bool = False


class Incumbents:
    """Measures the policies of the runs that pages follow.

    Args:
        library: finds them.
    """

    def __init__(self, library: Library) -> None:
        self._library, self._worker, self._bench = library, Worker("poise incumbent"), Bench()
        self._measured: OrderedDict[str, _Measured] = OrderedDict()

    def found(self, run: str) -> Json:
        """Mean return, interval and episodes of the policy that was measured last, and the steps of the search by then.

        ``None`` before any was.
        """
        known = self._measured.get(run)
        return None if known is None else known.shown

    async def follow(self, run: str) -> None:
        """Measures the policy of a run again and again, until it is cancelled; several pages share one measurement."""
        while True:
            took = await self._measure(self._known(run), run)
            await asyncio.sleep(max(PATIENCE_SECONDS, took * (1 / SHARE - 1)))

    async def _measure(self, known: _Measured, run: str) -> float:
        """Plays some more episodes if a policy needs them; returns the seconds that they took."""
        if known.busy:
            return 0.0
        known.busy = True
        try:
            return await self._worker.do(lambda: self._play(run, known))
        finally:
            known.busy = False

    def _known(self, run: str) -> _Measured:
        if run not in self._measured:
            # Not the run's own seed: the episodes of a later `poise evaluate` stay unseen as well.
            start = int(generator(0, "incumbent", run).integers(2**32))
            self._measured[run] = _Measured(SeedStream(start, Purpose.REEVALUATION))
        self._measured.move_to_end(run)
        while len(self._measured) > REMEMBERED:
            self._measured.popitem(last=False)
        return self._measured[run]

    def _play(self, run: str, known: _Measured) -> float:
        began = time.monotonic()
        try:
            self._choose(run, known)
            if known.policy is not None:
                self._go_on(known, known.policy)
        except PoiseError:
            known.policy = None  # there is none yet, or it cannot be played here: the replay says so
        return time.monotonic() - began

    def _choose(self, run: str, known: _Measured) -> None:
        """Takes up the newest policy, once the one before has had its fewest episodes."""
        row = None if self._library.index is None else self._library.index.row(run)
        if row is None or row.state != "running" or not row.generations:
            known.policy = None
        elif known.policy is None or known.returns.size >= FEWEST:
            newest = self._library.policy(run)
            if known.policy is None or not _same(known.policy, newest):
                known.policy, known.steps, known.returns = newest, row.steps, np.empty(0)

    def _go_on(self, known: _Measured, policy: Policy) -> None:
        compiled = is_compiled(policy.environment)
        if known.returns.size >= (EPISODES if compiled else EPISODES_UNCOMPILED):
            return
        seeds = known.seeds.take(BATCH if compiled else BATCH_UNCOMPILED)
        batch = self._bench.play(policy.environment, policy.architecture, policy.parameters[None], seeds)
        known.returns = np.concatenate([known.returns, batch.returns[0]])
        if known.returns.size >= FEWEST:
            interval = mean_interval(known.returns)
            known.shown = {
                "mean": float(known.returns.mean()),
                "low": interval.low,
                "high": interval.high,
                "episodes": int(known.returns.size),
                "steps": known.steps,
            }


def _same(one: Policy, other: Policy) -> bool:
    return one.architecture == other.architecture and np.array_equal(one.parameters, other.parameters)
