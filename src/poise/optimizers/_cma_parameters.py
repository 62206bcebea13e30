"""Strategy parameters of CMA-ES, by the paper's names and defaults.

Source: Hansen, "The CMA Evolution Strategy: A Tutorial", arXiv:1604.00772v2, Appendix A; the numbers are its equations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from poise.types import FloatArray


@dataclass(frozen=True)
class CmaParameters:
    """Weights and learning rates for one dimension and population.

    Attributes:
        weights: w_i, shape (population,), decreasing; the first `mu` positive ones sum to 1, the last are negative.
        mu: number of parents that make the new mean.
        mu_eff: variance effective selection mass of the parents.
        c_m: learning rate of the mean.
        c_sigma: learning rate of the step size's path.
        d_sigma: damping of the step size.
        c_c: learning rate of the covariance's path.
        c_1: learning rate of the rank-one update.
        c_mu: learning rate of the rank-μ update.
        chi_n: expected length of a standard normal vector.
    """

    weights: FloatArray
    mu: int
    mu_eff: float
    c_m: float
    c_sigma: float
    d_sigma: float
    c_c: float
    c_1: float
    c_mu: float
    chi_n: float


def default_population(n: int) -> int:
    """λ = 4 + ⌊3 ln n⌋, (48)."""
    return 4 + math.floor(3 * math.log(n))


def selection_mass(weights: FloatArray) -> float:
    """μ_eff of some weights: (Σw)² / Σw²."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def expected_length(n: int) -> float:
    """E‖N(0, I)‖, approximated as in the paper's algorithm."""
    return math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n**2))


def cma_parameters(n: int, population: int) -> CmaParameters:
    """Defaults of Table 1 for dimension `n`, at least 1, and λ = `population`, at least 2."""
    raw = math.log((population + 1) / 2) - np.log(np.arange(1, population + 1))  # (49)
    mu = population // 2
    mu_eff = selection_mass(raw[:mu])
    c_sigma = (mu_eff + 2) / (n + mu_eff + 5)  # (55)
    d_sigma = 1 + 2 * max(0.0, math.sqrt((mu_eff - 1) / (n + 1)) - 1) + c_sigma  # (55)
    c_c = (4 + mu_eff / n) / (n + 4 + 2 * mu_eff / n)  # (56)
    c_1 = 2 / ((n + 1.3) ** 2 + mu_eff)  # (57)
    c_mu = min(1 - c_1, 2 * (1 / 4 + mu_eff + 1 / mu_eff - 2) / ((n + 2) ** 2 + mu_eff))  # (58)
    return CmaParameters(
        weights=signed_weights(raw, mu_eff, n, c_1, c_mu),
        mu=mu,
        mu_eff=mu_eff,
        c_m=1.0,  # (54)
        c_sigma=c_sigma,
        d_sigma=d_sigma,
        c_c=c_c,
        c_1=c_1,
        c_mu=c_mu,
        chi_n=expected_length(n),
    )


def signed_weights(raw: FloatArray, mu_eff: float, n: int, c_1: float, c_mu: float) -> FloatArray:
    """w_i of (53) from w'_i of (49): positive ones sum to 1, negative ones to the least of (50), (51) and (52)."""
    mu_eff_minus = selection_mass(raw[len(raw) // 2 :])
    alpha = min(
        1 + c_1 / c_mu,  # (50)
        1 + 2 * mu_eff_minus / (mu_eff + 2),  # (51)
        max(0.0, 1 - c_1 - c_mu) / (n * c_mu),  # (52), keeps the covariance positive definite
    )
    positive, negative = raw[raw > 0].sum(), -raw[raw < 0].sum()
    return np.asarray(np.where(raw >= 0, raw / positive, raw * (alpha / negative)))
