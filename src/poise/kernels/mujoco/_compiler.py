"""From a mechanism to machine code. Importing this file imports numba."""

from __future__ import annotations

from numba import types

from poise.kernels import _arithmetic
from poise.kernels._compiler import F64, I64, Specializer, object_file
from poise.kernels.base import KernelUnavailableError
from poise.kernels.mujoco._driver import make_run
from poise.kernels.mujoco.base import Mechanism

SIMULATE = (I64, I64, F64, I64, F64, F64, F64, F64, F64, types.CPointer(types.float32), F64, F64, I64)
"""Argument types; `poise.kernels._machine` has the same for ctypes."""


def compile_mechanism(mechanism: Mechanism, views: int) -> bytes:
    """Machine code for this processor that plays the steps of a mechanism, as an object file.

    Args:
        mechanism: what to compile.
        views: how many arrays it looks at.

    Raises:
        KernelUnavailableError: its functions do not compile.
    """
    compiled = Specializer(_arithmetic.exact(), **_arithmetic.OPTIONS)
    try:
        return object_file(make_run(mechanism, views, compiled), SIMULATE)
    except Exception as error:  # numba raises what it will, also of types that are not its own
        raise KernelUnavailableError(
            f"the steps of {mechanism.identifier} do not compile: {type(error).__name__}: {error}"
        ) from error
