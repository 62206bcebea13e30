"""Coordinates that do not depend on the units observations come in."""

from __future__ import annotations

import numpy as np
import pytest

from poise.errors import InvalidValueError
from poise.models.whitening import Whitening


def _starts(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(40, 3)) @ rng.normal(size=(3, 3))


def test_a_sample_gets_mean_0_and_covariance_1() -> None:
    starts = 7.0 + _starts(np.random.default_rng(0))
    white = Whitening.of(starts)(starts)
    assert np.allclose(white.mean(axis=0), 0.0)
    assert np.allclose(np.cov(white.T), np.eye(3))


@pytest.mark.parametrize("seed", range(5))
def test_distances_are_the_same_for_observations_scaled_flipped_and_rotated(seed: int) -> None:
    rng = np.random.default_rng(seed)
    starts, change = _starts(rng), rng.normal(size=(3, 3)) + 2 * np.eye(3)
    one, other = Whitening.of(starts), Whitening.of(starts @ change.T)
    before = np.linalg.norm(one(starts)[:, np.newaxis] - one(starts)[np.newaxis], axis=-1)
    after = np.linalg.norm(other(starts @ change.T)[:, np.newaxis] - other(starts @ change.T)[np.newaxis], axis=-1)
    assert np.allclose(before, after, rtol=1e-6)


def test_a_mean_that_chance_explains_is_zero_to_the_bit() -> None:
    starts = np.random.default_rng(1).uniform(-0.05, 0.05, (16, 4))
    assert (Whitening.of(starts).mean == 0).all()
    assert (Whitening.of(starts + 1.0).mean != 0).all()


def test_a_component_that_never_varies_keeps_its_unit() -> None:
    starts = np.column_stack([np.linspace(-1, 1, 9), np.full(9, 3.0)])
    moved = Whitening.of(starts)(np.array([0.0, 4.0])) - Whitening.of(starts)(np.array([0.0, 3.0]))
    assert np.allclose(moved, [0.0, 1.0])


def test_one_observation_has_no_spread() -> None:
    with pytest.raises(InvalidValueError, match="at least two"):
        Whitening.of(np.zeros((1, 3)))
