"""When a run of an evolution strategy is of no further use: the tutorial's criteria, for full and diagonal matrices.

Source: Hansen, arXiv:1604.00772v2, Appendix B.3, whose names stand beside the lines. EqualFunValues is left out: where
scores have a ceiling (500 in CartPole) the best of a generation stays the same while the mean still gets better.
"""

from __future__ import annotations

import math

import numpy as np

from poise.types import FloatArray

TOL_X = 1e-12  # shares of the first step size
TOL_X_UP = 1e4
TOL_FUN = 1e-12
CONDITION_COV = 1e14
STAGNATION_LEAST, STAGNATION_MOST = 120, 20_000


class ScoreHistory:
    """Best and median score of the last generations of one run, as many as the criteria look at.

    Args:
        n: dimension.
        population: candidates a generation.
    """

    def __init__(self, n: int, population: int) -> None:
        self._recent = 10 + math.ceil(30 * n / population)
        self._least = STAGNATION_LEAST + math.ceil(30 * n / population)
        self.generations = 0
        self.spread = math.inf
        self.rows: FloatArray = np.empty((0, 2))

    def add(self, scores: FloatArray) -> None:
        """Notes a generation's scores, shape (population,)."""
        self.generations += 1
        self.spread = _spread(scores)
        rows = np.vstack([self.rows, [scores.max(), _median(scores)]])
        window = min(max(self._least, math.ceil(0.2 * self.generations)), STAGNATION_MOST)
        self.rows = rows[-window:]

    @property
    def level(self) -> float:
        """Median score of the last generation."""
        return float(self.rows[-1, 1])

    def stop_reason(self) -> str | None:
        """Why the scores say that the run is over, or ``None``."""
        flat = self.spread < TOL_FUN and _spread(self.rows[-self._recent :, 0]) < TOL_FUN
        if flat and self.generations >= self._recent:
            return f"the scores are flat: no difference above {TOL_FUN:g} in {self._recent} generations (TolFun)"
        if self.generations >= self._least:
            part = max(1, int(0.3 * len(self.rows)))
            old, new = _median(self.rows[:part]), _median(self.rows[-part:])
            if (new <= old).all():
                return f"no progress in the last {len(self.rows)} generations (Stagnation)"
        return None


def distribution_stop_reason(
    mean: FloatArray, sigma: float, sigma0: float, variances: FloatArray, path: FloatArray, axes: FloatArray
) -> str | None:
    """Why the distribution says that the run is over, or ``None``.

    Args:
        mean: m, shape (n,).
        sigma: step size.
        sigma0: first step size.
        variances: diagonal of C, shape (n,).
        path: p_c, shape (n,).
        axes: principal axes of C times their standard deviations, as rows, shape (any, n).
    """
    deviations = np.sqrt(variances)
    lengths = np.linalg.norm(axes, axis=1)
    if (sigma * deviations < TOL_X * sigma0).all() and (np.abs(sigma * path) < TOL_X * sigma0).all():
        return f"the steps fell below {TOL_X:g} of the first (TolX)"
    if sigma * lengths.max() > TOL_X_UP * sigma0:
        return (
            f"the steps grew beyond {TOL_X_UP:g} times the first: sigma0 is too small, or the scores are flat (TolXUp)"
        )
    if lengths.max() ** 2 > CONDITION_COV * lengths.min() ** 2:
        return f"the covariance's condition number is above {CONDITION_COV:g} (ConditionCov)"
    if (mean == mean + 0.2 * sigma * deviations).any():
        return "a step no longer changes one of the parameters (NoEffectCoord)"
    if (mean == mean + 0.1 * sigma * axes).all(axis=1).any():
        return "a step along a principal axis no longer changes the parameters (NoEffectAxis)"
    return None


def collapse_reason(deviations: FloatArray, sigma0: float) -> str | None:
    """TolX for a Gaussian of independent parameters: why it has nothing left to try, or ``None``.

    Args:
        deviations: of each parameter, shape (n,).
        sigma0: first deviation.
    """
    if (deviations < TOL_X * sigma0).all():
        return f"the steps fell below {TOL_X:g} of the first (TolX)"
    return None


def _median(values: FloatArray) -> FloatArray:
    """Median along the first axis; NumPy's own takes several times as long on so few values."""
    ordered, middle = np.sort(values, axis=0), len(values) // 2
    return np.asarray(ordered[middle] / 2 + ordered[~middle] / 2)


def _spread(values: FloatArray) -> float:
    """Greatest less least; infinite where float64 cannot hold it."""
    with np.errstate(over="ignore"):
        return float(values.max() - values.min())
