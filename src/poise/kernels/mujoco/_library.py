"""Where the functions of the MuJoCo library are that is loaded in this process."""

from __future__ import annotations

import ctypes
from functools import lru_cache
from pathlib import Path

from poise.kernels.base import KernelUnavailableError

FILES = ("libmujoco.so*", "libmujoco*.dylib", "mujoco.dll")
"""What the library is called on Linux, on macOS and on Windows, in MuJoCo's Python package."""


@lru_cache(maxsize=1)
def functions() -> tuple[int, int]:
    """Addresses of ``mj_step`` and ``mj_rnePostConstraint``; both take the model and the data.

    Raises:
        KernelUnavailableError: the library is not found.
    """
    import mujoco

    places = [Path(place) for place in mujoco.__path__]
    found = [file for place in places for pattern in FILES for file in sorted(place.glob(pattern))]
    if len(found) != 1:
        raise KernelUnavailableError(f"expected one MuJoCo library in {places}, found {len(found)}")
    try:
        library = ctypes.CDLL(str(found[0]))  # loaded already: this is the same one
        step, forces = (
            ctypes.cast(getattr(library, name), ctypes.c_void_p).value for name in ("mj_step", "mj_rnePostConstraint")
        )
    except (OSError, AttributeError) as error:
        raise KernelUnavailableError(f"the MuJoCo library is not what was expected: {error}") from error
    if step is None or forces is None:
        raise KernelUnavailableError("the MuJoCo library has no mj_step")
    return step, forces
