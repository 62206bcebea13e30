"""Which kernel stands for an environment, if one does. Reading this imports neither numba nor Gymnasium."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from poise.errors import InvalidValueError
from poise.kernels.base import Kernel, Numbers
from poise.types import EnvironmentSpec

_registered: dict[str, Kernel] = {}


def register(kernel: Kernel) -> Kernel:
    """Makes a kernel known for the environments of its identifiers, in this process; returns it.

    Call it where the environment itself is registered with Gymnasium: then ``module:Name-v0`` finds both.

    Raises:
        InvalidValueError: it names no environment.
    """
    if not kernel.identifiers:
        raise InvalidValueError(f"{kernel.name}: expected the identifiers of the environments that it stands for")
    _registered.update(dict.fromkeys(kernel.identifiers, kernel))
    return kernel


def kernels() -> Mapping[str, Kernel]:
    """All kernels, poise's own and registered ones, by the identifiers of the environments they are equal to."""
    return MappingProxyType({**_own(), **_registered})


@lru_cache(maxsize=1)
def _own() -> Mapping[str, Kernel]:
    package = importlib.import_module("poise.kernels")
    found: dict[str, Kernel] = {}
    for module in pkgutil.iter_modules(package.__path__):
        if not module.name.startswith("_"):
            kernel = getattr(importlib.import_module(f"poise.kernels.{module.name}"), "KERNEL", None)
            if isinstance(kernel, Kernel):
                found |= dict.fromkeys(kernel.identifiers, kernel)
    return MappingProxyType(found)


def kernel_for(spec: EnvironmentSpec) -> tuple[Kernel | None, Numbers, str]:
    """The kernel for an environment and its settings; or ``None``, no settings, and the reason in words.

    That the environment is what its name says is for `poise.kernels.comparison.differences` to find out.
    """
    if spec.factory is not None:
        return None, (), f"{spec.id} was given from Python: there is no compiled kernel for it"
    module, _, name = spec.id.rpartition(":")
    if module and spec.from_file and module not in sys.modules:
        return None, (), f"{module} is not imported because a file names it"
    if module:
        try:
            importlib.import_module(module)  # as Gymnasium does with such a name; it may register a kernel
        except ImportError as error:
            return None, (), f"{module} cannot be imported: {error}"
    kernel = kernels().get(name)
    if kernel is None:
        return None, (), f"there is no compiled kernel for {spec.id}"
    try:
        return kernel, kernel.with_settings(spec.kwargs), ""
    except InvalidValueError as error:
        return None, (), str(error)
