"""A plateau is found where a series is flat, and not where it rises."""

from __future__ import annotations

import numpy as np
import pytest

from poise.statistics.plateau import SOON, SURE, Plateau


def _found_after(
    values: np.ndarray[tuple[int], np.dtype[np.float64]], window: int = 16, margin: float = SOON
) -> int | None:
    plateau = Plateau(window)
    for count, value in enumerate(values.tolist(), start=1):
        plateau.add(value)
        if plateau.reached(margin):
            return count
    return None


def test_a_constant_series_is_a_plateau_after_two_windows() -> None:
    assert _found_after(np.full(100, -200.0)) == 32


@pytest.mark.parametrize("seed", range(5))
def test_a_series_that_rises_by_more_than_its_noise_is_none(seed: int) -> None:
    noise = np.random.default_rng(seed).normal(size=500)
    assert _found_after(0.1 * np.arange(500) + noise) is None


def test_noise_about_a_level_is_a_plateau_soon() -> None:
    found = [_found_after(np.random.default_rng(seed).normal(size=500)) for seed in range(50)]
    assert all(count is not None for count in found)
    assert np.median([count or 0 for count in found]) < 50


def test_to_be_sure_takes_hardly_longer_where_nothing_rises_and_tells_more_seldom_that_a_slow_rise_is_over() -> None:
    noise = [np.random.default_rng(seed).normal(size=500) for seed in range(50)]
    flat = [_found_after(each, margin=SURE) or 500 for each in noise]
    assert np.median(flat) < 40
    rise = 0.04 * np.arange(500)  # in a window by less than two standard errors
    soon, sure = ([_found_after(rise + each, margin=margin) for each in noise] for margin in (SOON, SURE))
    assert sum(found is None for found in soon) <= 10
    assert sum(found is None for found in sure) >= 25


def test_a_rise_that_ends_is_found_to_have_ended() -> None:
    series = np.concatenate([np.linspace(0, 100, 200), np.full(200, 100.0)])
    found = _found_after(series + np.random.default_rng(0).normal(size=400))
    assert found is not None
    assert 200 < found < 300


def test_the_level_is_the_mean_of_the_last_window_and_the_series_can_be_set_down() -> None:
    plateau = Plateau(3, [1.0, 2.0, 3.0, 4.0])
    assert plateau.level == 3.0
    again = Plateau(3, plateau.values.tolist())
    assert again.level == plateau.level
    assert again.reached() == plateau.reached()
    assert Plateau(3).level == -np.inf
