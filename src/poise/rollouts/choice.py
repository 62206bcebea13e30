"""Which engine plays an environment: the fastest that is equal to Gymnasium, unless the user says otherwise."""

from __future__ import annotations

import logging

from poise.errors import InvalidValueError, UnknownNameError
from poise.kernels.base import KernelUnavailableError
from poise.kernels.catalog import kernel_for
from poise.policies.architecture import Architecture
from poise.rollouts.base import Engine
from poise.types import EnvironmentSpec

ENGINE_NAMES = ("auto", "gymnasium", "kernel")

_log = logging.getLogger(__name__)


def make_engine(spec: EnvironmentSpec, architecture: Architecture, name: str = "auto") -> Engine:
    """An engine for an environment.

    Args:
        spec: the environment, as `inspect` completed it.
        architecture: the policies that it will play first; what they need is compiled now.
        name: one of `ENGINE_NAMES`. ``"auto"`` takes a compiled kernel where there is one that covers the environment
            and its arguments, and falls back to Gymnasium, with one warning, where it does not work on this machine.

    Raises:
        UnknownNameError: there is no such engine.
        KernelUnavailableError: ``"kernel"`` was asked for, and there is none or it does not work here.
    """
    if name not in ENGINE_NAMES:
        raise UnknownNameError("engine", name, ENGINE_NAMES)
    if name == "kernel" or (name == "auto" and kernel_for(spec)[0] is not None):
        from poise.rollouts.kernel_engine import KernelEngine

        try:
            engine = KernelEngine(spec)
            engine.prepare(architecture)
            return engine
        except (KernelUnavailableError, InvalidValueError) as error:
            if name == "kernel":
                raise
            _log.warning("%s; Gymnasium plays instead", error)
    from poise.rollouts.in_process import InProcess

    return InProcess(spec)


def why_not_compiled(spec: EnvironmentSpec) -> str | None:
    """Why no compiled kernel plays an environment of which poise has one; ``None`` if one does, or there is none."""
    from poise.kernels.catalog import kernels

    reason = kernel_for(spec)[2]
    return reason if reason and spec.id in kernels() else None
