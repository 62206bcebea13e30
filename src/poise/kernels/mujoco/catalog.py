"""Which mechanism stands for an environment, if one does. Reading this imports neither numba nor MuJoCo."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from poise.kernels.mujoco.base import Mechanism


@lru_cache(maxsize=1)
def mechanisms() -> Mapping[str, Mechanism]:
    """All mechanisms by the identifiers of the environments they are equal to."""
    package = importlib.import_module("poise.kernels.mujoco")
    found: dict[str, Mechanism] = {}
    for module in pkgutil.iter_modules(package.__path__):
        if not module.name.startswith("_"):
            mechanism = getattr(importlib.import_module(f"poise.kernels.mujoco.{module.name}"), "MECHANISM", None)
            if isinstance(mechanism, Mechanism):
                found[mechanism.identifier] = mechanism
    return MappingProxyType(found)
