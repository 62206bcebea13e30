"""Every environment with compiled steps is found, and described as Gymnasium describes it."""

from __future__ import annotations

import subprocess
import sys

import gymnasium
import pytest

from poise.kernels.mujoco.catalog import mechanisms


def test_the_environments_that_have_compiled_steps() -> None:
    names = "Ant HalfCheetah Hopper InvertedDoublePendulum InvertedPendulum Pusher Reacher Swimmer Walker2d"
    assert sorted(mechanisms()) == [f"{name}-v5" for name in names.split()]


@pytest.mark.parametrize("identifier", sorted(mechanisms()))
def test_sizes_and_constants_are_gymnasiums(identifier: str) -> None:
    pytest.importorskip("mujoco")
    environment, mechanism = gymnasium.make(identifier), mechanisms()[identifier]
    assert environment.observation_space.shape == (mechanism.features,)
    assert environment.action_space.shape == (mechanism.actions,)
    found = {name: getattr(environment.unwrapped, name) for name in mechanism.constants}
    assert found == dict(mechanism.constants)
    environment.close()


def test_looking_them_up_imports_neither_numba_nor_mujoco() -> None:
    script = (
        "import sys; from poise.kernels.mujoco import catalog, simulation; catalog.mechanisms(); "
        "print([name for name in ('numba', 'llvmlite', 'mujoco', 'gymnasium') if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
