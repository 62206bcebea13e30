"""Which engine plays an environment: the fastest that is equal to Gymnasium, unless the user says otherwise."""

from __future__ import annotations

from poise.errors import UnknownNameError
from poise.rollouts.base import Engine
from poise.types import EnvironmentSpec

ENGINE_NAMES = ("auto", "gymnasium")


def make_engine(spec: EnvironmentSpec, name: str = "auto") -> Engine:
    """An engine for an environment.

    Args:
        spec: the environment, as `inspect` completed it.
        name: one of `ENGINE_NAMES`.

    Raises:
        UnknownNameError: there is no such engine.
    """
    if name not in ENGINE_NAMES:
        raise UnknownNameError("engine", name, ENGINE_NAMES)
    from poise.rollouts.in_process import InProcess

    return InProcess(spec)
