"""A text that changes whenever a kernel's machine code would: machine code on disk is named after it.

What numba takes into the code as a constant has to stand in it by value: numbers, arrays and tuples among a function's
globals, attributes of modules, and functions that are called, plain or compiled before.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np


def fingerprint(function: Callable[..., Any]) -> str:
    """A text that changes when a function, a constant it uses, or a function it calls changes."""
    return _Description().of(function)


class _Description:
    """Describes values, and every function once."""

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}

    def of(self, value: object) -> str:
        """A value in words."""
        if isinstance(value, FunctionType):
            return self._function(value)
        plain = getattr(value, "py_func", None)
        if isinstance(plain, FunctionType):  # numba's own: with its options, fastmath for instance
            return f"compiled {getattr(value, 'targetoptions', None)!r} {self._function(plain)}"
        if isinstance(value, np.ndarray | np.generic):
            return f"{value.dtype.str} {value.shape} {value.tobytes().hex()}"
        if isinstance(value, tuple | list):
            return f"{type(value).__name__} {getattr(value, '_fields', '')} {[self.of(item) for item in value]}"
        name = getattr(value, "__qualname__", getattr(value, "__name__", None))
        if name is not None and not isinstance(value, enum.Enum):
            return f"{getattr(value, '__module__', '')}.{name}"
        # Of what is left, that without a text of its own has its address in it: then nothing is found on disk.
        return repr(value)

    def _function(self, function: FunctionType) -> str:
        if id(function) in self._seen:
            return f"function {self._seen[id(function)]}"
        self._seen[id(function)] = len(self._seen)
        names = _all_names(function.__code__)
        used = {name: function.__globals__[name] for name in names if name in function.__globals__}
        outer = [f"{name}={self.of(value)}" for name, value in used.items()]
        outer += [text for value in used.values() if isinstance(value, ModuleType) for text in self._of(value, names)]
        cells = [self.of(cell.cell_contents) for cell in function.__closure__ or ()]
        return f"{_code(function.__code__)}{outer}{cells}{self.of(function.__defaults__)}"

    def _of(self, module: ModuleType, names: list[str]) -> list[str]:
        """Attributes of a module; its plain functions by name, for numba does not compile a call of those."""
        values = ((name, vars(module)[name]) for name in names if name in vars(module))
        return [f"{name}={'' if isinstance(value, FunctionType) else self.of(value)}" for name, value in values]


def _all_names(code: CodeType) -> list[str]:
    nested = [name for constant in code.co_consts if isinstance(constant, CodeType) for name in _all_names(constant)]
    return [*code.co_names, *nested]


def _code(code: CodeType) -> str:
    constants = [_code(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return f"{code.co_code.hex()} {constants} {code.co_names} {code.co_varnames}"
