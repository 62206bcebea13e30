"""A kernel is a Gymnasium environment too."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from poise.errors import InvalidValueError
from poise.kernels import as_environment, cartpole, kernels

KERNELS = {kernel.name: kernel for kernel in kernels().values()}


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.filterwarnings("ignore:.*env.spec.*:UserWarning")  # it has no specification: nobody registered it
@pytest.mark.filterwarnings("ignore:.*(render|Box observation space|Box action spaces).*:UserWarning")
def test_passes_gymnasiums_check(name: str) -> None:
    check_env(as_environment(KERNELS[name]), skip_render_check=True)


def test_plays_gymnasiums_episode() -> None:
    ours, theirs = as_environment(cartpole.KERNEL, time_limit=500), gymnasium.make("CartPole-v1")
    for seed in (0, 7):
        first, _ = ours.reset(seed=seed)
        assert np.array_equal(first, theirs.reset(seed=seed)[0])
        for number in range(500):
            found, expected = ours.step(number % 2), theirs.step(number % 2)
            assert np.array_equal(found[0], expected[0])
            assert found[1:4] == expected[1:4]
            if expected[2] or expected[3]:
                break
    theirs.close()


def test_without_a_seed_episodes_go_on_differing() -> None:
    environment = as_environment(cartpole.KERNEL)
    first, _ = environment.reset(seed=3)
    second, _ = environment.reset()
    assert not np.array_equal(first, second)


def test_unknown_arguments_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="gravity"):
        as_environment(cartpole.KERNEL, gravity=3.0)
    with pytest.raises(InvalidValueError, match="drawn"):
        as_environment(cartpole.KERNEL, render_mode="human")
