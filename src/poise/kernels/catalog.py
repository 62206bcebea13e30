"""Which kernel stands for an environment, if one does. Reading this imports neither numba nor Gymnasium."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from poise.errors import InvalidValueError
from poise.kernels.base import Kernel, Numbers
from poise.types import EnvironmentSpec


@lru_cache(maxsize=1)
def kernels() -> Mapping[str, Kernel]:
    """All kernels of poise, by the identifiers of the environments they are equal to."""
    package = importlib.import_module("poise.kernels")
    found: dict[str, Kernel] = {}
    for module in pkgutil.iter_modules(package.__path__):
        if not module.name.startswith("_"):
            kernel = getattr(importlib.import_module(f"poise.kernels.{module.name}"), "KERNEL", None)
            if isinstance(kernel, Kernel):
                found |= dict.fromkeys(kernel.identifiers, kernel)
    return MappingProxyType(found)


def kernel_for(spec: EnvironmentSpec) -> tuple[Kernel | None, Numbers, str]:
    """The kernel for an environment and its settings; or ``None``, no settings, and the reason in words."""
    kernel = kernels().get(spec.id)
    if kernel is None:
        return None, (), f"there is no compiled kernel for {spec.id}"
    try:
        return kernel, kernel.with_settings(spec.kwargs), ""
    except InvalidValueError as error:
        return None, (), str(error)


def differences(kernel: Kernel, environment: Any) -> str | None:
    """Whether an environment is the one that a kernel was written for: what differs, in words, or ``None``.

    Args:
        kernel: the kernel.
        environment: Gymnasium's, without wrappers: its attributes are compared with `Kernel.constants`.
    """
    module = type(environment).__module__
    if not module.startswith("gymnasium.envs."):
        return f"{module}.{type(environment).__name__} is registered in place of Gymnasium's own"
    for name, expected in kernel.constants.items():
        found = getattr(environment, name, None)
        if found != expected:
            return f"its {name} is {found}, the kernel was written for {expected}"
    return None
