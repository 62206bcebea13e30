"""Finds the modules of a package by name: a new file in the folder is a new entry, and no list is edited."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Generic, TypeVar

from poise.errors import UnknownNameError

T = TypeVar("T")


class Registry(Generic[T]):
    """The classes of a package, one a file: ``cma_es.py`` holds ``CmaEs`` and is known as ``cma_es``.

    Args:
        kind: the word for an entry in messages, for instance ``"optimizer"``.
        package: the package's dotted name.
        without: modules of the package that are no entries.
    """

    def __init__(self, kind: str, package: str, without: tuple[str, ...] = ("base",)) -> None:
        self.kind = kind
        self._package = package
        self._without = without

    def names(self) -> tuple[str, ...]:
        """All names, sorted. Imports none of the modules."""
        path = importlib.import_module(self._package).__path__
        found = (module.name for module in pkgutil.iter_modules(path))
        return tuple(sorted(n for n in found if not n.startswith("_") and n not in self._without))

    def get(self, name: str) -> type[T]:
        """The class known as `name`.

        Raises:
            UnknownNameError: with the nearest names.
        """
        if name not in self.names():
            raise UnknownNameError(self.kind, name, self.names())
        module = importlib.import_module(f"{self._package}.{name}")
        found: type[T] = getattr(module, "".join(part.capitalize() for part in name.split("_")))
        return found
