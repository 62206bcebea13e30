"""The test that may be stopped at any time keeps its promise at all times, exactly and not only by simulation.

The chance of ever crossing a boundary within so many episodes is a finite sum, and is summed here episode by episode.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate
from scipy import stats as scipy_stats

from poise.errors import InvalidValueError
from poise.statistics.sequential import SequentialTest, confidence_sequence, episodes_needed, log_e_values
from poise.types import BoolArray, FloatArray, IntArray

counts = st.integers(0, 2000)
rates = st.floats(-7.0, 7.0).map(lambda log_odds: 1.0 / (1.0 + math.exp(-log_odds)))
confidences = st.sampled_from([0.5, 0.9, 0.99, 1.0 - 1e-6])

Stop = Callable[[int, IntArray], BoolArray]
"""Whether a test has ended after so many episodes with each of these numbers of failures."""


@lru_cache(maxsize=64)
def boundaries(probability: float, threshold: float, failures: int, episodes: int) -> tuple[IntArray, IntArray]:
    """For 0, 1, ... failures: the fewest episodes with evidence for yes, and the most with evidence for no (or 0).

    Both grow with the failures; beyond `episodes` they are not followed.
    """

    def no_yes(n: int) -> bool:
        return log_e_values(n - failed, failed, probability)[1] < threshold

    def enough_for_no(n: int) -> bool:
        return log_e_values(n - failed, failed, probability)[0] >= threshold

    fewest, most = [0], [0]
    for failed in range(failures + 1):
        fewest.append(first_false(no_yes, max(failed, fewest[-1]), episodes))
        most.append(first_false(enough_for_no, max(failed, most[-1]), episodes) - 1)
        if not enough_for_no(failed):
            most[-1] = 0
    return np.array(fewest[1:]), np.array(most[1:])


def first_false(holds: Callable[[int], bool], start: int, end: int) -> int:
    """The smallest number from `start` on for which a statement that stays false fails; `end` + 1 if none up to it."""
    if start > end or not holds(start):
        return start
    low, step = start, 1
    while low + step <= end and holds(low + step):
        low, step = low + step, 2 * step
    high = min(low + step, end + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return high


def chance_of_stopping(stop: Stop, rate: float, episodes: int) -> float:
    """The exact chance that a run with this success rate meets `stop` after 1, 2, ... or `episodes` episodes."""
    failures = np.arange(episodes + 1)
    weight = np.zeros(episodes + 1)
    weight[0] = 1.0
    stopped = 0.0
    for n in range(1, episodes + 1):
        weight[1:] = rate * weight[1:] + (1.0 - rate) * weight[:-1]
        weight[0] *= rate
        ended = stop(n, failures)
        stopped += float(weight[ended].sum())
        weight[ended] = 0.0
    return stopped


def says_yes(probability: float, threshold: float, episodes: int) -> Stop:
    fewest, _ = boundaries(probability, threshold, episodes, episodes)
    return lambda n, failures: fewest[failures] <= n


def says_no(probability: float, threshold: float, episodes: int) -> Stop:
    _, most = boundaries(probability, threshold, episodes, episodes)
    return lambda n, failures: n <= most[failures]


@pytest.mark.parametrize("probability", [0.3, 0.5, 0.9])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_a_wrong_answer_is_never_more_likely_than_stated_at_the_boundary_itself(
    probability: float, confidence: float
) -> None:
    doubt, threshold, episodes = 1.0 - confidence, -math.log(1.0 - confidence), 500
    for says in (says_yes, says_no):
        wrong = chance_of_stopping(says(probability, threshold, episodes), probability, episodes)
        assert 0.2 * doubt < wrong <= doubt  # and the promise is not kept by never answering


@pytest.mark.parametrize(("probability", "better", "worse"), [(0.5, 0.6, 0.4), (0.9, 0.97, 0.8)])
def test_away_from_the_boundary_a_wrong_answer_is_rarer_and_the_right_one_is_given(
    probability: float, better: float, worse: float
) -> None:
    threshold, episodes = math.log(20.0), 600
    yes, no = says_yes(probability, threshold, episodes), says_no(probability, threshold, episodes)
    for rate, right, wrong in ((better, yes, no), (worse, no, yes)):
        assert chance_of_stopping(wrong, rate, episodes) < 0.05 / 2
        assert chance_of_stopping(right, rate, episodes) > 0.9


def test_the_certificate_of_the_goals_is_wrong_in_fewer_than_one_run_of_a_hundred() -> None:
    """P >= 0.999 at 99%, looked at after every episode, by 20,000 simulated runs of up to a million episodes."""
    fewest, most = boundaries(0.999, math.log(100.0), 80, 10**6)
    random = np.random.default_rng(0)
    for rate, wrong_side in ((0.999, "yes"), (0.9985, "yes"), (0.999, "no"), (0.9995, "no")):
        failed_at = np.cumsum(random.geometric(1.0 - rate, (20_000, 81)), axis=1)
        reached_yes = fewest < failed_at  # before the next failure
        reached_no = failed_at[:, :-1] <= most[1:]  # the failures so far came soon enough
        wrong = (reached_yes if wrong_side == "yes" else reached_no).any(axis=1).mean()
        assert (0.001 if rate == 0.999 else 0.0) <= wrong <= 0.01


def test_runs_in_batches_of_any_size_are_wrong_no_more_often_than_stated() -> None:
    random = np.random.default_rng(1)
    wrong_yes = wrong_no = 0
    for _ in range(1000):
        test = SequentialTest(0.8, 0.9)
        while test.decision is None and test.episodes < 500:
            batch = int(random.integers(1, 60))
            won = int(random.binomial(batch, 0.8))
            test.update(won, batch - won)
        wrong_yes += test.decision is True
        wrong_no += test.decision is False
    assert 20 <= wrong_yes <= 100
    assert 2 <= wrong_no <= 100


@given(counts, counts, rates)
@settings(deadline=None)
def test_the_evidence_is_a_fair_game_at_the_boundary(successes: int, failures: int, probability: float) -> None:
    """A martingale: at the rate p itself, the evidence expected after one more episode is the evidence there is."""
    now = log_e_values(successes, failures, probability)
    won, lost = log_e_values(successes + 1, failures, probability), log_e_values(successes, failures + 1, probability)
    for before, after_win, after_loss in zip(now, won, lost, strict=True):
        expected = np.logaddexp(math.log(probability) + after_win, math.log1p(-probability) + after_loss)
        assert expected == pytest.approx(before, abs=1e-8)


@given(counts, counts, rates, st.floats(0.0, 1.0))
@settings(deadline=None)
def test_the_evidence_is_a_losing_game_beyond_the_boundary(
    successes: int, failures: int, probability: float, share: float
) -> None:
    now = log_e_values(successes, failures, probability)
    won, lost = log_e_values(successes + 1, failures, probability), log_e_values(successes, failures + 1, probability)
    for side, rate in ((1, share * probability), (0, probability + share * (1.0 - probability))):
        gain = rate * math.expm1(won[side] - now[side]) + (1.0 - rate) * math.expm1(lost[side] - now[side])
        assert gain <= 1e-8


@pytest.mark.parametrize(("successes", "failures"), [(0, 0), (1, 0), (0, 1), (5, 3), (40, 1), (2, 30)])
@pytest.mark.parametrize("probability", [0.1, 0.5, 0.95])
def test_the_closed_form_is_the_integral_of_likelihood_ratios(
    successes: int, failures: int, probability: float
) -> None:
    def integrated(low: float, high: float) -> float:
        """Over the log-odds u of q, in which the weights q^-3/4 (1-q)^-3/4 dq become (q (1-q))^1/4 du."""

        def log_rate(u: float) -> float:
            return -math.log1p(math.exp(-u))

        def weight(u: float) -> float:
            return math.exp(0.25 * (log_rate(u) + log_rate(-u)))

        def likelihood_ratio(u: float) -> float:
            return math.exp(
                successes * (log_rate(u) - math.log(probability)) + failures * (log_rate(-u) - math.log1p(-probability))
            )

        ratio = integrate.quad(lambda u: weight(u) * likelihood_ratio(u), low, high, limit=500)[0]
        return float(ratio / integrate.quad(weight, low, high, limit=500)[0])

    middle = math.log(probability / (1.0 - probability))
    log_no, log_yes = log_e_values(successes, failures, probability)
    assert math.exp(log_no) == pytest.approx(integrated(-120.0, middle), rel=1e-7)
    assert math.exp(log_yes) == pytest.approx(integrated(middle, 120.0), rel=1e-7)


@given(counts, counts, rates)
@settings(deadline=None)
def test_success_and_failure_are_treated_alike(successes: int, failures: int, probability: float) -> None:
    log_no, log_yes = log_e_values(successes, failures, probability)
    assert log_e_values(failures, successes, 1.0 - probability) == pytest.approx((log_yes, log_no), abs=1e-6)


@given(counts, counts, rates)
@settings(deadline=None)
def test_each_success_speaks_for_yes_and_each_failure_for_no(successes: int, failures: int, probability: float) -> None:
    log_no, log_yes = log_e_values(successes, failures, probability)
    won, lost = log_e_values(successes + 1, failures, probability), log_e_values(successes, failures + 1, probability)
    assert won[1] > log_yes > lost[1]
    assert won[0] < log_no < lost[0]


@given(st.integers(0, 300), st.integers(0, 300), rates, confidences)
@settings(deadline=None, max_examples=150)
def test_the_interval_leaves_out_just_the_rates_that_the_test_speaks_against(
    successes: int, failures: int, rate: float, confidence: float
) -> None:
    """With half of the doubt on each side. With the laws above this is its coverage at all times."""
    interval = confidence_sequence(successes, failures, confidence)
    threshold = math.log(2.0) - math.log1p(-confidence)
    log_no, log_yes = log_e_values(successes, failures, rate)
    if abs(log_no - threshold) > 1e-6 and abs(log_yes - threshold) > 1e-6:
        assert (log_yes >= threshold) == (rate < interval.low)
        assert (log_no >= threshold) == (rate > interval.high)


@pytest.mark.parametrize(("successes", "failures"), [(1, 0), (7, 3), (5000, 2), (10**6, 0), (10**9, 10**8)])
def test_the_ends_of_the_interval_are_where_the_evidence_is_just_enough(successes: int, failures: int) -> None:
    interval, threshold = confidence_sequence(successes, failures, 0.95), math.log(40.0)
    assert log_e_values(successes, failures, interval.low)[1] == pytest.approx(threshold, abs=1e-5)
    if failures:
        assert log_e_values(successes, failures, interval.high)[0] == pytest.approx(threshold, abs=1e-5)


@pytest.mark.parametrize("failures", [0, 1, 5])
def test_one_end_at_twice_the_doubt_goes_with_the_answer(failures: int) -> None:
    for successes in range(20, 250, 7):
        test = SequentialTest(0.9, 0.95)
        test.update(successes, failures)
        assert (confidence_sequence(successes, failures, 0.9).low >= 0.9) == (test.decision is True)


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.5, 0.9])
def test_the_true_rate_is_in_all_intervals_at_once_as_often_as_stated(rate: float) -> None:
    def outside(n: int, failures: IntArray) -> BoolArray:
        missed = np.zeros(failures.size, dtype=bool)
        for failed in range(n + 1):
            interval = confidence_sequence(n - failed, failed, 0.8)
            missed[failed] = not interval.low <= rate <= interval.high
        return missed

    assert 0.02 < chance_of_stopping(outside, rate, 40) <= 0.2


def test_a_fixed_interval_looked_at_all_the_time_would_break_the_promise() -> None:
    """Why certify does not use Clopper and Pearson: the same sum for it comes to well over the stated 5%."""
    rate, episodes = 0.9, 400

    def outside(n: int, failures: IntArray) -> BoolArray:
        low_tail: FloatArray = scipy_stats.binom.cdf(failures, n, 1.0 - rate)
        high_tail: FloatArray = scipy_stats.binom.sf(failures - 1, n, 1.0 - rate)
        return np.asarray((low_tail < 0.025) | (high_tail < 0.025))

    assert chance_of_stopping(outside, rate, episodes) > 0.1


def test_clean_episodes_certify_three_nines_far_sooner_than_a_plain_sequence_would() -> None:
    needed = episodes_needed(0.999, 0.99)
    assert needed == 5110  # 4,603 at a number fixed beforehand, 6,635 with a uniform mixture
    test = SequentialTest(0.999, 0.99)
    assert test.update(needed - 1, 0) is None
    assert test.update(1, 0) is True


@pytest.mark.parametrize("probability", [0.01, 0.5, 0.9, 0.99999, 1.0 - 2.0**-53])
@pytest.mark.parametrize("confidence", [0.6, 0.95, 0.99999])
def test_the_episodes_needed_are_the_fewest_clean_ones(probability: float, confidence: float) -> None:
    needed = episodes_needed(probability, confidence)
    threshold = -math.log1p(-confidence)
    assert log_e_values(needed, 0, probability)[1] >= threshold
    assert needed == 1 or log_e_values(needed - 1, 0, probability)[1] < threshold
    assert needed >= threshold / -math.log(probability)  # no test can do with fewer


def test_a_policy_that_fails_at_times_is_still_certified_and_a_poor_one_refused_soon() -> None:
    random = np.random.default_rng(2)
    for rate, answer, most in ((0.9998, True, 40_000), (0.99, False, 3_000), (0.5, False, 20)):
        test = SequentialTest(0.999, 0.99)
        while test.decision is None:
            won = int(random.binomial(10, rate))
            test.update(won, 10 - won)
        assert test.decision is answer
        assert test.episodes < most


def test_just_the_rate_in_question_is_left_undecided() -> None:
    test = SequentialTest(0.999, 0.99)
    assert test.update(999_000, 1_000) is None
    assert test.interval.low < 0.999 < test.interval.high


def test_an_answer_once_given_stands() -> None:
    test = SequentialTest(0.9, 0.95)
    assert test.update(100, 0) is True
    assert test.update(0, 1000) is True
    assert test.log_e_no > 100.0


def test_batches_add_up() -> None:
    once, often = SequentialTest(0.7), SequentialTest(0.7)
    once.update(30, 12)
    for _ in range(6):
        often.update(5, 2)
    assert (often.successes, often.failures, often.episodes) == (30, 12, 42)
    assert (often.log_e_yes, often.log_e_no) == (once.log_e_yes, once.log_e_no)
    assert often.interval == once.interval == confidence_sequence(30, 12, 0.99)


def test_nothing_is_known_before_the_first_episode() -> None:
    test = SequentialTest(0.999)
    assert (test.decision, test.log_e_yes, test.log_e_no, test.confidence) == (None, 0.0, 0.0, 0.99)
    assert (test.interval.low, test.interval.high, test.interval.method) == (0.0, 1.0, "confidence-sequence")
    test.update(0, 0)
    assert (test.log_e_yes, test.log_e_no) == pytest.approx((0.0, 0.0), abs=1e-15)


@pytest.mark.parametrize(
    ("successes", "failures", "answer"),
    [(10**9, 0, True), (0, 10**9, False), (10**9, 10**9, False), (10**9 - 10**5, 10**5, True)],
)
def test_a_thousand_million_episodes_are_no_more_work_than_ten(successes: int, failures: int, answer: bool) -> None:
    test = SequentialTest(0.999, 0.99)
    start = time.process_time()
    assert test.update(successes, failures) is answer
    interval = test.interval
    assert time.process_time() - start < 1.0
    assert math.isfinite(test.log_e_yes)
    assert math.isfinite(test.log_e_no)
    assert 0.0 <= interval.low <= successes / (successes + failures) <= interval.high <= 1.0
    assert interval.high - interval.low < 2e-4


@pytest.mark.parametrize("outside", [0.0, 1.0, -0.1, 1.5, math.nan])
def test_a_probability_or_confidence_outside_zero_to_one_is_refused(outside: float) -> None:
    calls: list[tuple[str, Callable[[], object]]] = [
        ("probability", lambda: SequentialTest(outside)),
        ("probability", lambda: episodes_needed(outside, 0.9)),
        ("probability", lambda: log_e_values(1, 1, outside)),
        ("confidence", lambda: SequentialTest(0.9, outside)),
        ("confidence", lambda: episodes_needed(0.9, outside)),
        ("confidence", lambda: confidence_sequence(1, 1, outside)),
    ]
    for name, call in calls:
        with pytest.raises(InvalidValueError, match=f"{name} must be between 0 and 1, got .*; "):
            call()


@pytest.mark.parametrize(("successes", "failures"), [(-1, 0), (0, -1)])
def test_counts_below_zero_are_refused(successes: int, failures: int) -> None:
    for call in (
        lambda: SequentialTest(0.9).update(successes, failures),
        lambda: log_e_values(successes, failures, 0.9),
        lambda: confidence_sequence(successes, failures, 0.9),
    ):
        with pytest.raises(InvalidValueError, match="0 or more"):
            call()
