"""CMA-ES against the cmaes package, and against a plain reading of the paper."""

from __future__ import annotations

import math

import numpy as np
import pytest
from cmaes import CMA  # type: ignore[import-untyped]

from poise.optimizers._cma_parameters import cma_parameters, default_population, signed_weights
from poise.optimizers.cma_es import CmaEs
from poise.types import FloatArray


def rosenbrock(x: FloatArray) -> FloatArray:
    """The score of each row: minus Rosenbrock's function."""
    return np.asarray(-(100 * (x[:, 1:] - x[:, :-1] ** 2) ** 2 + (1 - x[:, :-1]) ** 2).sum(axis=1))


def make(n: int, seed: int = 0, **options: object) -> CmaEs:
    return CmaEs(n, np.random.default_rng(seed), CmaEs.make_options(options))


def package_with_our_rates(n: int, population: int, sigma: float) -> CMA:
    """The package follows the paper's first version; its second added 1/4 to the numerator of c_μ."""
    oracle = CMA(mean=np.zeros(n), sigma=sigma, population_size=population)
    ours = cma_parameters(n, population)
    oracle._cmu, oracle._weights = ours.c_mu, ours.weights
    return oracle


@pytest.mark.parametrize(("n", "population"), [(2, 6), (4, 8), (5, 9), (10, 40), (20, 12)])
def test_mean_step_size_and_covariance_follow_the_cmaes_package(n: int, population: int) -> None:
    ours = make(n, population=population, sigma0=0.7)
    oracle = package_with_our_rates(n, population, 0.7)
    for _ in range(60):
        candidates = ours.ask()
        scores = rosenbrock(candidates)
        ours.tell(scores)
        # Its h_σ counts one generation too many; the shift makes both look at the same one.
        oracle._g -= 1
        oracle.tell([(x.copy(), -score) for x, score in zip(candidates, scores, strict=True)])
        oracle._g += 1
        np.testing.assert_allclose(ours.center, oracle.mean, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(ours.sigma, oracle._sigma, rtol=1e-7)
        np.testing.assert_allclose(ours.covariance, oracle._C, rtol=1e-6, atol=1e-7)


def test_equal_scores_follow_the_cmaes_package() -> None:
    ours, oracle = make(4), package_with_our_rates(4, 8, 1.0)
    for _ in range(20):
        candidates = ours.ask()
        scores = np.minimum(np.round(rosenbrock(candidates)), -40.0)
        ours.tell(scores)
        oracle._g -= 1
        oracle.tell([(x.copy(), -score) for x, score in zip(candidates, scores, strict=True)])
        oracle._g += 1
    np.testing.assert_allclose(ours.center, oracle.mean, rtol=1e-8)


@pytest.mark.parametrize(("n", "population"), [(1, 4), (2, 6), (4, 8), (10, 10), (10, 200), (100, 17)])
def test_learning_rates_are_those_of_the_cmaes_package(n: int, population: int) -> None:
    oracle, ours = CMA(np.zeros(n), 1.0, population_size=population), cma_parameters(n, population)
    assert default_population(n) == CMA(np.zeros(n), 1.0).population_size
    assert ours.mu == oracle._mu
    for mine, other in (
        (ours.mu_eff, oracle._mu_eff),
        (ours.c_sigma, oracle._c_sigma),
        (ours.d_sigma, oracle._d_sigma),
        (ours.c_c, oracle._cc),
        (ours.c_1, oracle._c1),
        (ours.c_m, oracle._cm),
        (ours.chi_n, oracle._chi_n),
    ):
        assert mine == pytest.approx(other, rel=1e-14)
    raw = math.log((population + 1) / 2) - np.log(np.arange(1, population + 1))
    weights = signed_weights(raw, ours.mu_eff, n, oracle._c1, oracle._cmu)
    np.testing.assert_allclose(weights, oracle._weights, rtol=1e-6)


@pytest.mark.parametrize("n", [1, 2, 3, 10, 50])
@pytest.mark.parametrize("population", [2, 3, 4, 10, 101, 5000])
def test_weights_and_rates_stay_in_the_papers_bounds(n: int, population: int) -> None:
    p = cma_parameters(n, population)
    assert p.weights[: p.mu].sum() == pytest.approx(1.0)
    assert (np.diff(p.weights) <= 0).all()
    assert p.c_1 > 0
    assert p.c_mu > 0
    assert p.c_1 + p.c_mu <= 1
    assert 0 < p.c_sigma < 1
    assert 0 < p.c_c <= 1
    # What is left of C, less what the negative weights take away, stays positive: (52).
    negative = -p.weights[p.weights < 0].sum()
    assert 1 - p.c_1 - p.c_mu * p.weights.sum() - p.c_mu * n * negative >= -1e-12


def plain_generation(
    m: FloatArray, sigma: float, big_c: FloatArray, paths: tuple[FloatArray, FloatArray], x: FloatArray, g: int
) -> tuple[FloatArray, float, FloatArray, tuple[FloatArray, FloatArray]]:
    """One generation as the paper's summary reads, one candidate at a time; `x` is sorted, the best first."""
    n, p = len(m), cma_parameters(len(m), len(x))
    eigenvalues, b = np.linalg.eigh(big_c)
    root = b @ np.diag(1 / np.sqrt(eigenvalues)) @ b.T
    y = [(xi - m) / sigma for xi in x]
    y_w = sum((p.weights[i] * y[i] for i in range(p.mu)), np.zeros(n))
    p_sigma, p_c = paths
    p_sigma = (1 - p.c_sigma) * p_sigma + math.sqrt(p.c_sigma * (2 - p.c_sigma) * p.mu_eff) * (root @ y_w)
    norm = float(np.linalg.norm(p_sigma))
    h = float(norm / math.sqrt(1 - (1 - p.c_sigma) ** (2 * (g + 1))) < (1.4 + 2 / (n + 1)) * p.chi_n)
    p_c = (1 - p.c_c) * p_c + h * math.sqrt(p.c_c * (2 - p.c_c) * p.mu_eff) * y_w
    new_c = (1 + p.c_1 * (1 - h) * p.c_c * (2 - p.c_c) - p.c_1 - p.c_mu * sum(p.weights)) * big_c
    new_c = new_c + p.c_1 * np.outer(p_c, p_c)
    for w, yi in zip(p.weights, y, strict=True):
        scale = 1.0 if w >= 0 else n / float(np.linalg.norm(root @ yi)) ** 2
        new_c = new_c + p.c_mu * w * scale * np.outer(yi, yi)
    new_sigma = sigma * math.exp(p.c_sigma / p.d_sigma * (norm / p.chi_n - 1))
    return m + sigma * y_w, new_sigma, new_c, (p_sigma, p_c)


def test_a_plain_reading_of_the_paper_agrees() -> None:
    ours = make(3, sigma0=0.5)
    m, sigma, big_c, paths = np.zeros(3), 0.5, np.eye(3), (np.zeros(3), np.zeros(3))
    for g in range(40):
        candidates = ours.ask()
        scores = rosenbrock(candidates)
        ours.tell(scores)
        m, sigma, big_c, paths = plain_generation(m, sigma, big_c, paths, candidates[np.argsort(-scores)], g)
        np.testing.assert_allclose(ours.center, m, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(ours.sigma, sigma, rtol=1e-9)
        np.testing.assert_allclose(ours.covariance, big_c, rtol=1e-7, atol=1e-9)
