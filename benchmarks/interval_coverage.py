"""How often the intervals and tests of `poise.statistics` are right: the tables of `docs/statistics.md`.

Everything is drawn from laws whose true values are known, with a fixed seed; nothing of an environment is needed.

    python benchmarks/interval_coverage.py [--repetitions 20000] [--seed 0]
        [--only mean rate test weights looking curse]
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from poise.statistics.beta import log_kernel, log_tails, student_t_quantile
from poise.statistics.intervals import clopper_pearson, mean_interval
from poise.statistics.sequential import SHAPE, episodes_needed

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Draw = Callable[[np.random.Generator, tuple[int, int]], FloatArray]

MOST_FAILURES = 400


def mixture(usual: float, share: float) -> Draw:
    """Returns of `usual` in that share of the episodes, and uniform below it in the others."""
    return lambda random, shape: np.where(random.random(shape) < share, usual, usual * random.random(shape))


LAWS: dict[str, tuple[Draw, float]] = {
    "normal": (lambda random, shape: random.normal(size=shape), 0.0),
    "uniform": (lambda random, shape: random.random(shape), 0.5),
    "500, or below in 1 of 2": (mixture(500.0, 0.5), 375.0),
    "500, or below in 1 of 10": (mixture(500.0, 0.9), 475.0),
    "500, or below in 1 of 100": (mixture(500.0, 0.99), 497.5),
    "0 or 1, 9 of 10 are 1": (lambda random, shape: (random.random(shape) < 0.9).astype(np.float64), 0.9),
    "landings, 1 crash in 10": (
        lambda random, shape: np.where(
            random.random(shape) < 0.9, random.normal(270.0, 20.0, shape), random.normal(0.0, 100.0, shape)
        ),
        243.0,
    ),
    "exponential": (lambda random, shape: random.exponential(size=shape), 1.0),
    "log-normal": (lambda random, shape: random.lognormal(0.0, 1.0, shape), math.exp(0.5)),
}


def intervals_of_a_mean(repetitions: int, seed: int) -> None:
    """95% intervals of a mean: share that hold it, and that lie wholly below or above it."""
    print("\n95% intervals of the mean: % that hold it (below it / above it)\n")
    print("| returns | episodes | all equal | Student's t | poise: skewness-corrected t | width, of Student's |")
    print("|---|---|---|---|---|---|")
    for name, (draw, mean) in LAWS.items():
        for episodes in (20, 50, 100, 200, 1000):
            count = repetitions if episodes <= 200 else max(1, repetitions // 2)
            returns = draw(np.random.default_rng(seed), (count, episodes))
            ends = np.array([(i.low, i.high) for i in map(mean_interval, returns)])
            middle, error = returns.mean(axis=1), returns.std(axis=1, ddof=1) / math.sqrt(episodes)
            half = student_t_quantile(0.975, episodes - 1) * error
            varied = np.ptp(returns, axis=1) > 0.0
            wider = np.median((ends[varied, 1] - ends[varied, 0]) / (2.0 * half[varied]))
            print(
                f"| {name} | {episodes} | {100 * np.mean(~varied):.0f}% | {hits(middle - half, middle + half, mean)} | "
                f"{hits(ends[:, 0], ends[:, 1], mean)} | {wider:.2f} |",
                flush=True,
            )


def hits(low: FloatArray, high: FloatArray, truth: float) -> str:
    """Coverage in words; a rounding error is no miss."""
    slack = 1e-9 * max(1.0, abs(truth))
    below, above = 100 * np.mean(high < truth - slack), 100 * np.mean(low > truth + slack)
    return f"{100 - below - above:.1f} ({below:.1f} / {above:.1f})"


def intervals_of_a_rate() -> None:
    """Clopper and Pearson's interval: the exact least and mean coverage over all rates."""
    print("\nClopper-Pearson, exact coverage of a 95% interval over 2,001 rates and both sides of every end\n")
    print("| episodes | least | mean | for rates of 0.99 and more, mean |")
    print("|---|---|---|---|")
    for trials in (10, 20, 50, 100, 1000):
        made = [clopper_pearson(successes, trials) for successes in range(trials + 1)]
        low, high = np.array([i.low for i in made]), np.array([i.high for i in made])
        ends = np.concatenate([low, high])
        rates = np.unique(np.clip(np.concatenate([ends - 1e-9, ends + 1e-9, np.linspace(0.0, 1.0, 2001)]), 0.0, 1.0))
        coverage = np.array([binomial(trials, rate)[(low <= rate) & (rate <= high)].sum() for rate in rates])
        even = np.array([binomial(trials, r)[(low <= r) & (r <= high)].sum() for r in np.linspace(0.0, 1.0, 2001)])
        print(f"| {trials} | {100 * coverage.min():.2f} | {100 * even.mean():.1f} | {100 * even[1980:-1].mean():.1f} |")


def binomial(trials: int, rate: float) -> FloatArray:
    """Chance of 0, 1, ... successes."""
    if rate in (0.0, 1.0):
        return np.asarray(np.eye(trials + 1)[round(rate) * trials], dtype=np.float64)
    wins = np.arange(trials + 1)
    logs = np.array([math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1) for k in wins])
    return np.asarray(np.exp(logs + wins * math.log(rate) + (trials - wins) * math.log1p(-rate)), dtype=np.float64)


def log_evidence(successes: int, failures: int, probability: float, shape: float) -> tuple[float, float]:
    """As `poise.statistics.sequential.log_e_values`, with weights Beta(shape, shape)."""
    sides = []
    for side in (0, 1):
        now = log_tails(probability, successes + shape, failures + shape)[side]
        before = log_tails(probability, shape, shape)[side]
        kernel = log_kernel(probability, successes + shape, failures + shape) - log_kernel(probability, shape, shape)
        sides.append(now - before - kernel)
    return sides[0], sides[1]


def boundaries(probability: float, confidence: float, shape: float = SHAPE) -> tuple[IntArray, IntArray]:
    """For each number of failures: the fewest episodes that say yes, the most that say no (0 for none)."""
    goal = -math.log1p(-confidence)
    fewest: list[int] = []
    most: list[int] = []
    for failures in range(MOST_FAILURES + 1):
        start = fewest[-1] if fewest else 0
        fewest.append(
            turn(lambda n, f=failures: log_evidence(n - f, f, probability, shape)[1] >= goal, max(start, failures))  # type: ignore[misc]
        )
        start = max(most[-1] if most else 0, failures)
        if log_evidence(start - failures, failures, probability, shape)[0] < goal:
            most.append(0)
        else:
            most.append(
                turn(lambda n, f=failures: log_evidence(n - f, f, probability, shape)[0] < goal, start) - 1  # type: ignore[misc]
            )
    return np.array(fewest), np.array(most)


def turn(holds: Callable[[int], bool], start: int) -> int:
    """The smallest number from `start` on for which a statement that stays true holds."""
    low, step = start, 1
    if holds(start):
        return start
    while not holds(low + step):
        low, step = low + step, 2 * step
    high = low + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def play(
    bounds: tuple[IntArray, IntArray], rate: float, runs: int, random: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Many tests, looked at after each episode: which said yes, which said no, and after how many episodes.

    An answer can be yes only after a success and no only after a failure, so that it is enough to draw when the
    failures come. Runs with more than `MOST_FAILURES` failures are counted as undecided at the last of these.
    """
    fewest, most = bounds
    failed_at = np.cumsum(random.geometric(1.0 - rate, (runs, MOST_FAILURES)), axis=1)
    begun = np.concatenate([np.zeros((runs, 1), dtype=np.int64), failed_at[:, :-1]], axis=1)
    yes_at = np.maximum(fewest[:-1], begun)
    yes_at = np.where(yes_at < failed_at, yes_at, np.iinfo(np.int64).max).min(axis=1)
    no_at = np.where(failed_at <= most[1:], failed_at, np.iinfo(np.int64).max).min(axis=1)
    taken = np.minimum(np.minimum(yes_at, no_at), failed_at[:, -1])
    open_still = np.minimum(yes_at, no_at) > failed_at[:, -1]
    return (yes_at < no_at) & ~open_still, (no_at < yes_at) & ~open_still, taken.astype(np.float64)


def answers_of_the_test(repetitions: int, seed: int) -> None:
    """Errors and costs of the test that may be stopped at any time."""
    for probability, confidence in ((0.999, 0.99), (0.9, 0.95)):
        bounds = boundaries(probability, confidence)
        print(
            f"\nIs P >= {probability}, at {confidence:.0%}? {episodes_needed(probability, confidence):,} episodes "
            f"without a failure are a yes\n"
        )
        print("| true rate | says yes | says no | undecided | episodes: mean | median | 95th percentile |")
        print("|---|---|---|---|---|---|---|")
        for share in (0.1, 0.2, 0.5, 0.8, 1.0, 1.25, 2.0, 5.0, 10.0):
            rate = 1.0 - share * (1.0 - probability)
            if rate < 0.01:
                continue
            random = np.random.default_rng(seed)
            parts = [play(bounds, rate, 2000, random) for _ in range(max(1, repetitions // 2000))]
            yes, no, taken = (np.concatenate([part[i] for part in parts]) for i in range(3))
            undecided = 100 * (~yes & ~no).mean()
            print(
                f"| {rate:.6g} | {100 * yes.mean():.2f}% | {100 * no.mean():.2f}% | {undecided:.1f}% "
                f"| {taken.mean():,.0f} | {np.median(taken):,.0f} | {np.quantile(taken, 0.95):,.0f} |",
                flush=True,
            )


def other_weights(repetitions: int, seed: int) -> None:
    """What other shapes of the mixture cost."""
    print("\nP >= 0.999 at 99% with weights Beta(c, c): mean episodes to the answer\n")
    print("| c | no failure | failures at 1/10 of what is allowed | at 1/2 | at 2 times | at 10 times |")
    print("|---|---|---|---|---|---|")
    for shape in (1.0, 0.5, 0.25, 0.1, 0.05):
        bounds = boundaries(0.999, 0.99, shape)
        means = []
        for share in (0.1, 0.5, 2.0, 10.0):
            random = np.random.default_rng(seed)
            parts = [play(bounds, 1.0 - share * 0.001, 2000, random)[2] for _ in range(max(1, repetitions // 10_000))]
            means.append(f"{np.concatenate(parts).mean():,.0f}")
        print(f"| {shape} | {bounds[0][0]:,} | {' | '.join(means)} |", flush=True)


def looking_all_the_time(repetitions: int, seed: int) -> None:
    """What becomes of a fixed-number interval if somebody looks after each episode and stops when it suits them."""
    rate, episodes = 0.9, 1000
    table = np.zeros((episodes + 1, episodes + 1), dtype=bool)  # does the interval of s of n miss the rate?
    for n in range(1, episodes + 1):
        chances = binomial(n, rate)
        low, high = np.cumsum(chances), np.cumsum(chances[::-1])[::-1]
        table[n, : n + 1] = (low < 0.025) | (high < 0.025)
    random = np.random.default_rng(seed)
    won = np.cumsum(random.random((min(repetitions, 5000), episodes)) < rate, axis=1)
    missed = table[np.arange(1, episodes + 1), won]
    print("\nClopper-Pearson at 95%, rate 0.9, looked at after each episode: runs in which it has missed\n")
    print("| within episodes | runs |\n|---|---|")
    for n in (10, 100, 1000):
        print(f"| {n} | {100 * missed[:, :n].any(axis=1).mean():.0f}% |")


def winners_curse(repetitions: int, seed: int) -> None:
    """The best of 100 policies by the very episodes it was chosen by, and by fresh ones."""
    random = np.random.default_rng(seed)
    print("\nThe best of 100 policies, true means normal(0, 1), returns about them normal(0, 3)\n")
    print(
        "| episodes each | mean it was chosen by | true mean | held by the interval of those episodes | of fresh ones |"
    )
    print("|---|---|---|---|---|")
    for episodes in (2, 5, 20, 100):
        chosen, true, hit, fresh = [], [], [], []
        for _ in range(max(200, repetitions // 20)):
            means = random.normal(size=100)
            returns = means[:, None] + random.normal(0.0, 3.0, (100, episodes))
            best = int(returns.mean(axis=1).argmax())
            chosen.append(returns[best].mean())
            true.append(means[best])
            interval = mean_interval(returns[best])
            hit.append(interval.low <= means[best] <= interval.high)
            interval = mean_interval(means[best] + random.normal(0.0, 3.0, episodes))
            fresh.append(interval.low <= means[best] <= interval.high)
        print(
            f"| {episodes} | {np.mean(chosen):.2f} | {np.mean(true):.2f} | {100 * np.mean(hit):.0f}% | "
            f"{100 * np.mean(fresh):.0f}% |",
            flush=True,
        )


def main() -> None:
    """Prints all tables, or those asked for."""
    tables: dict[str, Callable[[int, int], None]] = {
        "mean": intervals_of_a_mean,
        "rate": lambda repetitions, seed: intervals_of_a_rate(),
        "test": answers_of_the_test,
        "weights": other_weights,
        "looking": looking_all_the_time,
        "curse": winners_curse,
    }
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=20_000, help="samples a row, where a row is drawn")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=tables, default=list(tables), help="tables to print")
    options = parser.parse_args()
    for name in options.only:
        tables[name](options.repetitions, options.seed)


if __name__ == "__main__":
    main()
