"""Loads machine code into the process. Needs llvmlite, which comes with numba, but not numba itself."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import llvmlite.binding as llvm

from poise.kernels.base import KernelUnavailableError

_lock = threading.Lock()
_engines: list[Any] = []
"""Engines own the memory that the code is in."""

ENTRY = "poise_run"
"""Name of the function in every object file."""

POINTER = ctypes.c_void_p
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "run": (ctypes.c_int64,) * 4 + (ctypes.c_double,) + (POINTER,) * 10,
    "draw": (ctypes.c_int64,) * 2 + (POINTER,) * 3,
    "simulate": (POINTER,) * 13,
}
"""Argument types of each kind of program; `_compiler` has the same for numba."""


@lru_cache(maxsize=1)
def processor() -> tuple[str, str, str]:
    """System, processor and its features: what machine code depends on."""
    return llvm.get_default_triple(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


def target_machine() -> Any:
    """LLVM's description of this machine."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    triple, name, features = processor()
    target = llvm.Target.from_triple(triple)
    return target.create_target_machine(cpu=name, features=features, opt=3, reloc="pic", codemodel="small")


def load(code: bytes, kind: str) -> Callable[..., None]:
    """The function of an object file, callable from any thread; it runs without the interpreter's lock.

    Args:
        code: the object file.
        kind: what kind of program it is, of those in `ARGUMENTS`.
    """
    with _lock:
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target_machine())
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        _engines.append(engine)
        address = engine.get_function_address(ENTRY)
    # numba's functions return a status and take two places first: for the result, and for an exception.
    native = ctypes.CFUNCTYPE(ctypes.c_int32, POINTER, POINTER, *ARGUMENTS[kind])(address)

    def call(*values: Any) -> None:
        result, exception = ctypes.c_void_p(), ctypes.c_void_p()
        if native(ctypes.byref(result), ctypes.byref(exception), *values) != 0:
            raise KernelUnavailableError("the kernel's code raised, which no kernel may do")

    return call
