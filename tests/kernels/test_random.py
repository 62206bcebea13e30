"""The seeds that a compiled kernel expands give NumPy's random numbers, and Gymnasium's start states."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

from poise.kernels import kernels
from poise.kernels._program import expanded
from poise.types import FloatArray, SeedArray

EDGES = np.array([0, 1, 2, 255, 65_535, 65_536, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1], dtype=np.uint32)

GOLDEN_STARTS = {
    "CartPole-v1": (0.013696168549358845, -0.023021329194307327, -0.04590264707803726, -0.04834723472595215),
    "MountainCar-v0": (-0.47260767221450806, 0.0),
    "MountainCarContinuous-v0": (-0.47260767221450806, 0.0),
    "Acrobot-v1": (
        0.9996248483657837,
        0.027388911694288254,
        0.9989402294158936,
        -0.04602639377117157,
        -0.09180529415607452,
        -0.0966944694519043,
    ),
    "Pendulum-v1": (0.652016282081604, 0.758204996585846, -0.46042656898498535),
}
"""The observation after ``reset(seed=0)``; if Gymnasium or NumPy changes them, so must the kernel."""


def numpys(seeds: SeedArray, count: int) -> FloatArray:
    return np.stack([np.random.Generator(np.random.PCG64(np.random.SeedSequence(int(s)))).random(count) for s in seeds])


@pytest.mark.parametrize("count", [1, 2, 4, 7])
def test_expanded_seeds_are_numpys_numbers(count: int) -> None:
    seeds = np.concatenate([EDGES, np.random.default_rng(3).integers(0, 2**32, 300, dtype=np.uint32)])
    assert np.array_equal(expanded(seeds, count), numpys(seeds, count))


def test_one_seed_alone_is_expanded_like_many() -> None:
    assert np.array_equal(expanded(EDGES[-1:], 4), numpys(EDGES[-1:], 4))


@pytest.mark.parametrize("identifier", GOLDEN_STARTS)
def test_golden_start(identifier: str) -> None:
    kernel = kernels()[identifier]
    draws = tuple(expanded(np.zeros(1, dtype=np.uint32), kernel.draw_count)[0].tolist())
    state = kernel.reset(draws, kernel.with_settings({}))
    observation = np.array(kernel.observe(state), dtype=np.float32)
    assert tuple(observation.tolist()) == GOLDEN_STARTS[identifier]
    environment = gymnasium.make(identifier)
    assert np.array_equal(environment.reset(seed=0)[0], observation)
    environment.close()
