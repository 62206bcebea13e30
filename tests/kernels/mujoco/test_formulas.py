"""The formulas of the environments give what NumPy gives, to the last bit."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from poise.kernels.elementary import cos, sin
from poise.kernels.mujoco import formulas

CHANCE = np.random.default_rng(0)


@pytest.mark.parametrize("count", [1, 2, 3, 6, 7])
def test_effort_is_summed_in_order(count: int) -> None:
    for action in CHANCE.uniform(-1, 1, (500, count)).astype(np.float32):
        assert formulas.control_cost(0.1, action) == 0.1 * np.sum(np.square(action))


def test_the_effort_of_eight_is_summed_in_pairs() -> None:
    for action in CHANCE.uniform(-1, 1, (500, 8)).astype(np.float32):
        assert formulas.control_cost_of_eight(0.5, action) == 0.5 * np.sum(np.square(action))


@pytest.mark.parametrize("shape", [(8,), (14, 6), (13, 6), (128,)])
def test_impacts_are_summed_eight_by_eight(shape: tuple[int, ...]) -> None:
    for forces in CHANCE.normal(size=(200, *shape)):
        expected = np.sum(np.square(np.clip(forces, -1.0, 1.0)))
        assert formulas.sum_of_clipped_squares(forces.reshape(-1), 1.0) == expected


def test_distances_are_rounded_as_numpys() -> None:
    for a, b in CHANCE.uniform(-1, 1, (2_000, 2, 3)):
        assert formulas.distance(a, b) == np.linalg.norm(a - b)


def test_distances_are_rounded_as_numpys_by_another_processors_routines_too() -> None:
    """OpenBLAS has several, and obeys this variable; every x86 processor of the last ten years can run these."""
    code = (
        "import numpy as np; from poise.kernels.mujoco import formulas;"
        "points = np.random.default_rng(1).uniform(-1, 1, (2_000, 2, 3));"
        "assert all(formulas.distance(a, b) == np.linalg.norm(a - b) for a, b in points)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "OPENBLAS_CORETYPE": "Haswell"})


def test_clipping_keeps_what_is_within() -> None:
    values = np.concatenate([CHANCE.normal(scale=10, size=200), [10.0, -10.0, np.inf, -np.inf, 0.0]])
    assert [formulas.clipped(value, 10.0) for value in values] == np.clip(values, -10, 10).tolist()
    assert np.isnan(formulas.clipped(np.nan, 10.0))


def test_sines_of_two_angles_are_the_c_librarys() -> None:
    for angles in CHANCE.uniform(-7, 7, (20_000, 2)):
        assert np.sin(angles).tolist() == [sin(angles[0]), sin(angles[1])]
        assert np.cos(angles).tolist() == [cos(angles[0]), cos(angles[1])]
