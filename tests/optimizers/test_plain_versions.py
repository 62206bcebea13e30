"""Each update against a plain reading of its paper, one candidate and one number at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from cmaes import SepCMA  # type: ignore[import-untyped]

from poise.errors import InvalidValueError
from poise.optimizers import OPTIMIZERS
from poise.optimizers._ascent import Adam, ClipUp
from poise.optimizers.ars import winsorized
from poise.optimizers.base import Optimizer
from poise.optimizers.sep_cma_es import SepCmaEs, sep_cma_parameters
from poise.optimizers.snes import utilities
from poise.testing.landscapes import rosenbrock
from poise.types import FloatArray

N = 3


def make(name: str, **options: Any) -> Optimizer:
    kind = OPTIMIZERS.get(name)
    return kind(N, np.random.default_rng(8), kind.make_options(options))


def generations(optimizer: Optimizer, count: int) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Candidates and scores, before they are told; all scores differ."""
    for _ in range(count):
        candidates = optimizer.ask()
        scores = rosenbrock(candidates)
        yield candidates, scores
        optimizer.tell(scores)


def test_ars() -> None:
    optimizer = make("ars", directions=5, top=3, step_size=0.1, noise=0.2)
    expected = np.zeros(N)
    for x, r in generations(optimizer, 10):
        np.testing.assert_allclose(optimizer.center, expected, rtol=1e-9, atol=1e-12)
        best = sorted(range(5), key=lambda k: -max(r[k], r[k + 5]))[:3]
        sigma = np.std([r[k] for k in best] + [r[k + 5] for k in best])
        step = sum(((r[k] - r[k + 5]) * (x[k] - expected) / 0.2 for k in best), np.zeros(N))
        expected = expected + 0.1 / (3 * sigma) * step


def test_ars_halves_noise_and_step_size_as_often_as_it_may() -> None:
    closer, plain = make("ars", step_size=0.1, noise=0.2, halvings=1), make("ars", step_size=0.05, noise=0.1)
    able = [closer.can_look_closer]
    for _ in range(2):
        closer.look_closer()
        able.append(closer.can_look_closer)
    assert able == [True, False, False]
    for x, r in generations(closer, 5):
        np.testing.assert_array_equal(x, plain.ask())
        plain.tell(r)


def test_ars_settles_by_its_first_halving_where_it_was_asked_for() -> None:
    settled, halved, plain = make("ars", halvings=2, settles=True), make("ars", halvings=2), make("ars", halvings=2)
    settled.settle()
    halved.look_closer()
    np.testing.assert_array_equal(settled.ask(), halved.ask())
    assert settled.can_look_closer
    unasked = make("ars", halvings=2)
    unasked.settle()
    np.testing.assert_array_equal(unasked.ask(), plain.ask())


def test_ars_that_winsorizes_does_not_see_how_deep_a_fall_is() -> None:
    shallow, deep = make("ars", winsorize=2.0), make("ars", winsorize=2.0)
    start = shallow.center
    for optimizer, depth in (shallow, -100.0), (deep, -1e6):
        optimizer.ask()
        scores = np.linspace(0.0, 1.0, optimizer.population)
        scores[optimizer.population // 2 - 1] = depth  # opposite the best
        optimizer.tell(scores)
    np.testing.assert_allclose(shallow.center, deep.center, rtol=1e-9)
    assert not np.array_equal(shallow.center, start)


def test_ars_may_see_how_deep_a_fall_is_once_candidates_play_more() -> None:
    seeing, plain = make("ars", winsorize=2.0, winsorize_means=False, halvings=1), make("ars", halvings=1)
    still, before = (
        make("ars", winsorize=2.0, halvings=1),
        make("ars", winsorize=2.0, winsorize_means=False, halvings=1),
    )
    scores = np.linspace(0.0, 1.0, seeing.population)
    scores[seeing.population // 2 - 1] = -100.0  # opposite the best
    for optimizer in (seeing, plain, still):
        optimizer.average_more()
    for optimizer in (seeing, plain, still, before):
        optimizer.look_closer()
        optimizer.ask()
        optimizer.tell(scores)
    np.testing.assert_array_equal(seeing.center, plain.center)
    np.testing.assert_array_equal(still.center, before.center)
    assert not np.array_equal(still.center, plain.center)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([-100.0, 0.0, 1.0, 2.0, 3.0], [-1.0, 0.0, 1.0, 2.0, 3.0]),  # median 1, upper quartile 2
        ([-1.0, 0.0, 1.0, 2.0, 30.0], [-1.0, 0.0, 1.0, 2.0, 30.0]),  # the best are never touched
        ([-100.0, 5.0, 5.0, 5.0, 5.0], [-100.0, 5.0, 5.0, 5.0, 5.0]),  # most at the ceiling: falls are all there is
    ],
)
def test_winsorized(scores: list[float], expected: list[float]) -> None:
    np.testing.assert_array_equal(winsorized(np.array(scores), 2.0), expected)


def test_snes() -> None:
    optimizer = make("snes", population=8)
    mu, sigma = [0.0] * N, [1.0] * N
    raw = [max(0.0, math.log(8 / 2 + 1) - math.log(k)) for k in range(1, 9)]
    u = [value / sum(raw) - 1 / 8 for value in raw]
    np.testing.assert_allclose(utilities(8), u, atol=1e-15)
    eta = (3 + math.log(N)) / (5 * math.sqrt(N))
    for x, scores in generations(optimizer, 15):
        np.testing.assert_allclose(optimizer.center, mu, rtol=1e-9, atol=1e-12)
        order = sorted(range(8), key=lambda k: -scores[k])
        s = [[(x[k][i] - mu[i]) / sigma[i] for i in range(N)] for k in order]
        mu = [mu[i] + sigma[i] * sum(u[k] * s[k][i] for k in range(8)) for i in range(N)]
        sigma = [sigma[i] * math.exp(eta / 2 * sum(u[k] * (s[k][i] ** 2 - 1) for k in range(8))) for i in range(N)]


def test_openai_es() -> None:
    optimizer = make("openai_es", population=6, noise=0.3, step_size=0.1, weight_decay=0.01)
    theta, m, v = np.zeros(N), np.zeros(N), np.zeros(N)
    for t, (x, scores) in enumerate(generations(optimizer, 15), start=1):
        np.testing.assert_allclose(optimizer.center, theta, rtol=1e-9, atol=1e-12)
        ranks = np.empty(6)
        ranks[np.argsort(scores)] = np.arange(6) / 5 - 0.5
        gradient = sum((ranks[k] * (x[k] - theta) / 0.3 for k in range(6)), np.zeros(N)) / (6 * 0.3) - 0.01 * theta
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        theta = theta + 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)


def test_pgpe() -> None:
    optimizer = make("pgpe", population=6, sigma0=0.5)
    mu, sigma, velocity = np.zeros(N), np.full(N, 0.5), np.zeros(N)
    max_speed = 0.5 * math.sqrt(N) / 15
    for x, scores in generations(optimizer, 15):
        np.testing.assert_allclose(optimizer.center, mu, rtol=1e-9, atol=1e-12)
        ranks = np.empty(6)
        ranks[np.argsort(scores)] = np.arange(6) / 5 - 0.5
        towards, wider = np.zeros(N), np.zeros(N)
        for k in range(3):
            epsilon = x[k] - mu
            towards += (ranks[k] - ranks[k + 3]) / 2 * epsilon / 3
            wider += (ranks[k] + ranks[k + 3]) / 2 * (epsilon**2 - sigma**2) / sigma / 3
        velocity = 0.9 * velocity + max_speed / 2 * towards / np.linalg.norm(towards)
        velocity = velocity * min(1.0, max_speed / float(np.linalg.norm(velocity)))
        mu = mu + velocity
        sigma = sigma + np.maximum(-0.2 * sigma, np.minimum(0.2 * sigma, 0.1 * wider))


def test_cem() -> None:
    optimizer = make("cem", population=10, elite=0.3, extra_noise=0.5, noise_generations=4)
    mean, deviation = np.zeros(N), np.ones(N)
    for t, (x, scores) in enumerate(generations(optimizer, 8), start=1):
        np.testing.assert_allclose(optimizer.center, mean, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(optimizer.state()["own"]["deviation"], deviation, rtol=1e-9)
        elite = sorted(zip(scores, x.tolist(), strict=True), reverse=True)[:3]
        rows = [row for _, row in elite]
        mean = np.array([sum(row[i] for row in rows) / 3 for i in range(N)])
        variance = np.array([sum((row[i] - mean[i]) ** 2 for row in rows) / 3 for i in range(N)])
        deviation = np.sqrt(variance + 0.5**2 * max(0.0, 1 - t / 4))


def test_cem_fits_every_candidate_at_the_ceiling() -> None:
    optimizer = make("cem", population=10, elite=0.2, extra_noise=0.0)
    candidates = optimizer.ask()
    optimizer.tell(np.array([500.0] * 7 + [1.0] * 3))
    np.testing.assert_allclose(optimizer.center, candidates[:7].mean(axis=0))


def test_hill_climbing() -> None:
    optimizer = make("hill_climbing", population=4, sigma0=0.5)
    incumbent, sigma = np.zeros(N), 0.5
    target = 1 / (5 + math.sqrt(3) / 2)
    success, rate = target, target * 3 / (2 + target * 3)
    for x, scores in generations(optimizer, 30):
        np.testing.assert_allclose(optimizer.center, incumbent, rtol=1e-9, atol=1e-12)
        np.testing.assert_array_equal(x[0], optimizer.center)
        assert optimizer.state()["own"]["sigma"] == pytest.approx(sigma, rel=1e-9)
        success = (1 - rate) * success + rate * sum(score >= scores[0] for score in scores[1:]) / 3
        sigma *= math.exp((success - target / (1 - target) * (1 - success)) / (1 + N / 6))
        incumbent = x[int(np.argmax(scores))]


@pytest.mark.parametrize(("n", "population"), [(2, 6), (5, 9), (20, 12), (10, 64)])
def test_sep_cma_es_follows_the_cmaes_package(n: int, population: int) -> None:
    ours = SepCmaEs(n, np.random.default_rng(1), SepCmaEs.Options(population=population, sigma0=0.7))
    oracle = SepCMA(mean=np.zeros(n), sigma=0.7, population_size=population)
    # The package mixes the tutorial's rate of the rank-one update with the 2008 paper's rate of the whole.
    p = sep_cma_parameters(n, population)
    assert p.c_1 + p.c_mu == pytest.approx(min(1.0, oracle._cmu), rel=1e-12)
    np.testing.assert_allclose(p.weights[: p.mu], oracle._weights, rtol=1e-12)
    assert (p.c_sigma, p.d_sigma, p.c_c) == pytest.approx((oracle._c_sigma, oracle._d_sigma, oracle._cc), rel=1e-12)
    oracle._c1, oracle._cmu = p.c_1, p.c_mu
    for _ in range(60):
        candidates = ours.ask()
        scores = rosenbrock(candidates)
        ours.tell(scores)
        oracle._g -= 1  # its h_σ counts one generation too many
        oracle.tell([(x.copy(), -score) for x, score in zip(candidates, scores, strict=True)])
        oracle._g += 1
        np.testing.assert_allclose(ours.center, oracle.mean, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(ours.sigma, oracle._sigma, rtol=1e-7)
        np.testing.assert_allclose(ours.variances, oracle._C, rtol=1e-7, atol=1e-10)


def test_adam_first_steps_have_the_step_size() -> None:
    np.testing.assert_allclose(Adam(2, 0.1).step(np.array([1e-3, -5.0])), [0.1, -0.1], rtol=1e-4)


def test_clipup_never_exceeds_its_speed_and_coasts_without_a_gradient() -> None:
    clipup = ClipUp(2, 0.1, 0.15, 0.9)
    np.testing.assert_allclose(clipup.step(np.array([1e-9, 0.0])), [0.1, 0.0])
    assert np.linalg.norm(clipup.step(np.array([1e9, 0.0]))) == pytest.approx(0.15)
    np.testing.assert_allclose(clipup.step(np.zeros(2)), [0.135, 0.0])


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("random_search", {"low": 1.0, "high": 1.0}),
        ("random_search", {"low": -1e308, "high": 1e308}),
        ("ars", {"directions": 4, "top": 5}),
        ("openai_es", {"population": 7}),
        ("pgpe", {"population": 7}),
    ],
)
def test_options_that_do_not_go_together_are_refused(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError, match="expected"):
        OPTIMIZERS.get(name).make_options(options)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-0.5, 0.5)])
def test_random_search_has_the_tutorials_ranges(low: float, high: float) -> None:
    optimizer = make("random_search", low=low, high=high, population=2000)
    candidates = optimizer.ask()
    assert low <= candidates.min() < low + 0.01
    assert high - 0.01 < candidates.max() <= high


def test_random_search_keeps_the_first_of_the_best() -> None:
    optimizer = make("random_search", population=3)
    first = optimizer.ask()
    optimizer.tell(np.array([1.0, 5.0, 5.0]))
    np.testing.assert_array_equal(optimizer.center, first[1])
    optimizer.ask()
    optimizer.tell(np.array([5.0, 4.0, 5.0]))
    np.testing.assert_array_equal(optimizer.center, first[1])
