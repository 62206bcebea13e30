"""Which engine plays an environment: the fastest that is equal to Gymnasium, unless the user says otherwise."""

from __future__ import annotations

import logging
import sys

from poise.errors import InvalidValueError, UnknownNameError
from poise.kernels.base import KernelUnavailableError
from poise.kernels.catalog import kernel_for
from poise.policies.architecture import Architecture
from poise.rollouts.base import Engine
from poise.rollouts.cores import check_workers
from poise.rollouts.delivery import NotSendableError
from poise.rollouts.time_limit import DEFAULT_SECONDS, check_seconds
from poise.types import EnvironmentSpec

ENGINE_NAMES = ("auto", "gymnasium", "kernel")

_log = logging.getLogger(__name__)


def make_engine(
    spec: EnvironmentSpec,
    architecture: Architecture,
    name: str = "auto",
    *,
    workers: int | None = None,
    step_seconds: float = DEFAULT_SECONDS,
    isolate: bool = False,
) -> Engine:
    """An engine for an environment.

    Args:
        spec: the environment, as `inspect` completed it.
        architecture: the policies that it will play first; what they need is compiled now.
        name: one of `ENGINE_NAMES`. ``"auto"`` takes a compiled kernel where there is one that covers the environment
            and its arguments, and falls back to Gymnasium, with one warning, where it does not work on this machine;
            within Gymnasium's MuJoCo environments it takes compiled steps. ``"gymnasium"`` takes neither.
        workers: how many may play at once, threads of a kernel or processes with Gymnasium; ``None`` for one a
            processor. The episodes do not depend on it.
        step_seconds: how long Gymnasium's environment may take for one ``reset`` or ``step``.
        isolate: whether Gymnasium plays nothing in this process, where it can do so in others.

    Raises:
        UnknownNameError: there is no such engine.
        KernelUnavailableError: ``"kernel"`` was asked for, and there is none or it does not work here.
        InvalidValueError: a number is out of range, or several workers were asked for and the environment cannot be
            sent to another process.
    """
    if name not in ENGINE_NAMES:
        raise UnknownNameError("engine", name, ENGINE_NAMES)
    check_workers(workers)
    check_seconds(step_seconds)
    if name == "kernel" or (name == "auto" and kernel_for(spec)[0] is not None):
        from poise.rollouts.kernel_engine import KernelEngine

        try:
            engine = KernelEngine(spec, threads=workers)
            engine.prepare(architecture)
            return engine
        except (KernelUnavailableError, InvalidValueError) as error:
            if name == "kernel":
                raise
            _log.warning("%s; Gymnasium plays instead", error)
    return _gymnasium(spec, workers, step_seconds, isolate=isolate, compiled_steps=name == "auto")


def _gymnasium(
    spec: EnvironmentSpec, workers: int | None, step_seconds: float, *, isolate: bool, compiled_steps: bool
) -> Engine:
    """The engine that plays Gymnasium's own environment."""
    # A program that was frozen into one file has no interpreter that could be started.
    several = check_workers(workers) > 1
    if (several or isolate) and sys.executable and not getattr(sys, "frozen", False):
        from poise.rollouts.pool import Pool

        try:
            return Pool(spec, workers, step_seconds=step_seconds, isolate=isolate, compiled_steps=compiled_steps)
        except NotSendableError as error:
            if workers is not None and several:
                raise
            _log.warning("%s is played in one process: %s", spec.id, error.reason)
    from poise.rollouts.in_process import InProcess

    return InProcess(spec, step_seconds=step_seconds, compiled_steps=compiled_steps)


def why_not_compiled(spec: EnvironmentSpec) -> str | None:
    """Why no compiled kernel plays an environment of which poise has one; ``None`` if one does, or there is none."""
    from poise.kernels.catalog import kernels

    reason = kernel_for(spec)[2]
    return reason if reason and spec.id in kernels() else None
