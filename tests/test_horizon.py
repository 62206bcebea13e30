"""Episodes begin short where nothing but the time limit ends them, and where there is something to see on the way."""

from __future__ import annotations

import numpy as np
import pytest

from poise.horizon import GROWTH, SLOW_GROWTH, Horizon, first_horizon
from poise.types import EpisodeBatch


def _batch(returns: list[float], lengths: list[int], terminated: list[bool] | None = None) -> EpisodeBatch:
    ended = np.array([terminated or [False] * len(returns)])
    return EpisodeBatch(np.array([returns]), np.array([lengths]), ended, ~ended)


def test_it_begins_with_a_share_of_the_episode() -> None:
    assert first_horizon(_batch([1.0, 2.0], [1000, 1000])) == Horizon(150, 1000)
    assert first_horizon(_batch([1.0, 2.0], [200, 200])) == Horizon(100, 200)


@pytest.mark.parametrize(
    "batch",
    [
        _batch([1.0, 2.0], [1000, 999], [False, True]),
        _batch([1.0, 2.0], [1000, 1000], [False, True]),
        _batch([-200.0, -200.0], [200, 200]),
        _batch([1.0, np.nan], [1000, 3]),
        _batch([1.0, 2.0], [100, 100]),
    ],
    ids=["one fell", "one reached its goal at the last step", "all earn the same", "one failed", "short anyway"],
)
def test_whole_episodes_are_played_elsewhere(batch: EpisodeBatch) -> None:
    assert first_horizon(batch) is None


@pytest.mark.parametrize(("growth", "generations"), [(GROWTH, 90), (SLOW_GROWTH, 260)])
def test_it_grows_until_episodes_are_whole(growth: float, generations: int) -> None:
    horizon: Horizon | None = Horizon(150, 1000, growth)
    steps: list[int] = []
    while horizon is not None:
        steps.append(horizon.steps)
        horizon = horizon.longer
    assert steps == sorted(set(steps))
    assert steps[0] == 150
    assert 980 <= steps[-1] < 1000
    assert len(steps) == generations
