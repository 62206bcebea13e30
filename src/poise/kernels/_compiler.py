"""From a variant to machine code. Importing this file imports numba.

The result is an object file: bytes that any later process loads in some milliseconds, without numba.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable
from types import CellType, FunctionType
from typing import Any

import llvmlite.binding as llvm
from numba import njit, types

from poise.kernels import _arithmetic, _driver, _random
from poise.kernels._machine import ENTRY, target_machine
from poise.kernels._variant import Variant
from poise.kernels.base import KernelUnavailableError

F64, I64 = types.CPointer(types.float64), types.CPointer(types.int64)
U32, U8 = types.CPointer(types.uint32), types.CPointer(types.uint8)
RUN = (*(types.int64,) * 4, types.float64, F64, F64, F64, F64, F64, I64, U8, F64, F64, I64)
DRAW = (types.int64, types.int64, U32, F64, U32)
"""Argument types of the two kinds of programs; `_machine` has the same for ctypes."""

OUTSIDE = {
    "cos",
    "exp",
    "expm1",
    "floor",
    "fmod",
    "log",
    "log1p",
    "pow",
    "powf",
    "sin",
    "sincos",
    "sqrt",
    "tan",
    "tanh",
}
OUTSIDE |= {"acos", "asin", "atan", "atan2", "cosh", "hypot", "memcpy", "memmove", "memset", "sinh"}
"""Functions of the C library that machine code may call. A call of any other would mean that it allocates or raises."""


class Specializer:
    """Compiles plain functions with other functions in place of those that they name.

    Args:
        replacements: for a plain function the compiled one that is called instead.
        options: numba's.
    """

    def __init__(self, replacements: _arithmetic.Replacements, **options: Any) -> None:
        self._replacements = replacements
        self._options = options
        self._known: dict[int, Any] = {}
        self._keep: list[Any] = []

    def __call__(self, function: Callable[..., Any]) -> Any:
        """The compiled function; what it calls, and that is plain Python, is compiled the same way."""
        if not isinstance(function, FunctionType):
            return function
        if id(function) not in self._known:
            self._keep.append(function)
            names = {**function.__globals__}
            names |= {name: self._replaced(names[name]) for name in _names_of(function) if name in names}
            cells = tuple(CellType(self._replaced(cell.cell_contents)) for cell in function.__closure__ or ())
            copy = FunctionType(function.__code__, names, function.__name__, function.__defaults__, cells)
            self._known[id(function)] = njit(**self._options)(copy)
        return self._known[id(function)]

    def _replaced(self, value: Any) -> Any:
        try:
            if value in self._replacements:
                return self._replacements[value]
        except TypeError:
            return value
        return self(value) if isinstance(value, FunctionType) else value


def _names_of(function: FunctionType) -> tuple[str, ...]:
    return tuple(name for name in function.__code__.co_names if not hasattr(builtins, name))


def compile_variant(variant: Variant) -> bytes:
    """Machine code for this processor that plays episodes, as an object file.

    Raises:
        KernelUnavailableError: the kernel's functions do not compile.
    """
    replaced = _arithmetic.side_by_side(variant.kernel.largest_angle) if variant.lanes else _arithmetic.exact()
    compiled = Specializer(replaced, **_arithmetic.OPTIONS)
    try:
        return object_file(_driver.make_run(variant, compiled), RUN)
    except Exception as error:  # numba raises what it will, also of types that are not its own
        raise KernelUnavailableError(
            f"the kernel {variant.kernel.name} does not compile: {type(error).__name__}: {error}"
        ) from error


def compile_draws() -> bytes:
    """Machine code that expands seeds, as an object file.

    Raises:
        KernelUnavailableError: it does not compile on this machine.
    """
    try:
        return object_file(_random.make_run(Specializer(_arithmetic.exact(), **_arithmetic.OPTIONS)), DRAW)
    except Exception as error:  # as above
        raise KernelUnavailableError(f"seeding does not compile: {type(error).__name__}: {error}") from error


def object_file(run: Callable[..., None], arguments: tuple[Any, ...]) -> bytes:
    """Machine code of a function named ``run``, which takes `arguments` and returns nothing.

    Raises:
        KernelUnavailableError: it calls what machine code on disk cannot call.
    """
    dispatcher = njit(**_arithmetic.OPTIONS)(run)
    dispatcher.compile(arguments)
    ((_, text),) = dispatcher.inspect_llvm().items()
    module = llvm.parse_assembly(_entry_alone(text))
    module.verify()
    for function in module.functions:
        # A symbol that is not found ends the process when the code is loaded, so it is looked for now.
        if function.is_declaration and not function.name.startswith("llvm.") and function.name not in OUTSIDE:
            raise KernelUnavailableError(
                f"it calls {function.name}; the functions of a kernel must not raise, allocate, or use lists, "
                "dictionaries or strings"
            )
    code: bytes = target_machine().emit_object(module)
    return code


def _entry_alone(text: str) -> str:
    """The module without the functions that numba puts beside the compiled one, and what only they need."""
    definitions = re.findall(r"^define .*?^}\n", text, re.MULTILINE | re.DOTALL)
    (entry,) = (d for d in definitions if re.match(r"define [^@]*i32 @[^(]*run[^(]*\(", d))
    for definition in definitions:
        if definition is not entry:
            text = text.replace(definition, "")
    name = re.match(r"define [^@]*(@[^(]*)\(", entry)
    assert name is not None
    text = text.replace(name[1], f"@{ENTRY}")
    for declaration in re.findall(r"^declare [^@]*(@[^(]*)\(.*\n", text, re.MULTILINE):
        if text.count(f"{declaration}(") == 1:
            text = re.sub(rf"^declare [^@]*{re.escape(declaration)}\(.*\n", "", text, flags=re.MULTILINE)
    return text
