"""Measures policies for the page: engines kept ready, and one measurement at a time in a thread of its own."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from poise.kernels.catalog import kernel_for
from poise.policies.architecture import Architecture
from poise.rollouts.base import Engine
from poise.rollouts.choice import make_engine
from poise.types import EnvironmentSpec, EpisodeBatch, FloatArray, SeedArray

T = TypeVar("T")


class Worker:
    """A daemon thread that does one thing after the other: the server never waits for it, and neither does its end."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._orders: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def do(self, work: Callable[[], T]) -> T:
        """The result of `work`, once its turn has come; it is left out if nobody waits for it any more."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()
        future: Future[T] = Future()
        self._orders.put((work, future))
        return await asyncio.wrap_future(future)

    def _work(self) -> None:
        while True:
            work, future = self._orders.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(work())
            except Exception as error:
                future.set_exception(error)


class Bench:
    """Plays candidates on episodes, with kernels where there are some.

    It belongs to one thread. It uses one processor, so that the page and a training have the others.

    Args:
        most: how many engines are kept ready.
    """

    def __init__(self, most: int = 4) -> None:
        self._most = most
        self._engines: OrderedDict[str, Engine] = OrderedDict()

    def play(
        self,
        spec: EnvironmentSpec,
        architecture: Architecture,
        parameters: FloatArray,
        seeds: SeedArray,
        *,
        exact: bool = False,
    ) -> EpisodeBatch:
        """Episodes of every candidate.

        Args:
            spec: the environment.
            architecture: of all candidates.
            parameters: shape (candidates, parameter_count).
            seeds: shape (episodes,).
            exact: whether each episode is Gymnasium's to the bit, as what is reported must be.

        Raises:
            PoiseError: the environment cannot be made here, or raised.
        """
        key = f"{spec!r} {exact}"
        if key not in self._engines:
            engine = make_engine(spec, architecture, workers=1)
            self._engines[key] = engine.exact() if exact else engine
            while len(self._engines) > self._most:
                self._engines.popitem(last=False)[1].close()
        self._engines.move_to_end(key)
        return self._engines[key].run(architecture, parameters, seeds)


def is_compiled(spec: EnvironmentSpec) -> bool:
    """Whether episodes of this environment cost microseconds."""
    return kernel_for(spec)[0] is not None
