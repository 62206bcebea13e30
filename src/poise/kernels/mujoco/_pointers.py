"""Addresses that become functions and arrays within compiled code. Importing this file imports numba.

They come in as numbers when the code runs: an address that stood in the code could not be kept on disk.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import carray, njit, types
from numba.extending import intrinsic

from poise.kernels._arithmetic import OPTIONS


@intrinsic
def call(typing: Any, function: Any, model: Any, data: Any) -> Any:
    """Calls a C function that takes MuJoCo's model and data, and returns nothing."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), (pointer, pointer)).as_pointer()
        function, model, data = arguments
        builder.call(
            builder.inttoptr(function, kind), [builder.inttoptr(model, pointer), builder.inttoptr(data, pointer)]
        )
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate


@intrinsic
def _pointer(typing: Any, address: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return types.CPointer(types.float64)(types.int64), generate


@njit(**OPTIONS)
def array_at(address: Any, size: Any) -> Any:
    """The float64 numbers from an address on."""
    return carray(_pointer(address), (size,))
