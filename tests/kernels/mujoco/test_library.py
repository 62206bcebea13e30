"""The functions of the MuJoCo library are found where the package has it, and it is said where they are not."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from poise.kernels.base import KernelUnavailableError
from poise.kernels.mujoco import _library

mujoco: Any = pytest.importorskip("mujoco")

FALLING = "<mujoco><worldbody><body><freejoint/><geom size='1'/></body></worldbody></mujoco>"


def test_the_step_is_that_of_the_package() -> None:
    step = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(_library.functions()[0])
    model = mujoco.MjModel.from_xml_string(FALLING)
    ours, theirs = mujoco.MjData(model), mujoco.MjData(model)
    for _ in range(10):
        step(model._address, ours._address)
        mujoco.mj_step(model, theirs)
    assert ours.time > 0
    assert np.array_equal(ours.qpos, theirs.qpos)


def test_a_package_without_its_library_is_said_to_be_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mujoco, "__path__", [str(tmp_path)])
    with pytest.raises(KernelUnavailableError, match="expected one MuJoCo library"):
        _library.functions.__wrapped__()
    (tmp_path / "libmujoco.so.9").write_text("no library")
    with pytest.raises(KernelUnavailableError, match="not what was expected"):
        _library.functions.__wrapped__()
