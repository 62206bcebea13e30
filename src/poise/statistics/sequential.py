"""A test of a success rate that may be stopped at any time: what `certify` plays episodes for.

Each side keeps an e-value: a bet against the other side's claim, fair or worse if the claim is true. By Ville's
inequality a true claim is ever bet down to 1 - confidence with at most that probability, however often one looks and
whenever one stops (Ville 1939; Ramdas, Grünwald, Vovk and Shafer 2023, arXiv:2210.01948).

The bet against ``P <= p`` is a mixture of the likelihood ratios L(q) / L(p) with q > p, L(q) = q^s (1-q)^f after s
successes and f failures. For each q it is a supermartingale under every true rate r <= p, since its expected factor
r q/p + (1-r) (1-q)/(1-p) is 1 at r = p and grows with r. The bet against ``P >= p`` is its mirror image. The weights of
q are Beta(1/4, 1/4) cut off at p, which puts much weight near 1 without giving up the rest. With R(a, b) the tail of
Beta(a, b) beyond p over its kernel p^a (1-p)^b / B(a, b), both e-values are

    e = R(s + 1/4, f + 1/4) / R(1/4, 1/4)
"""

from __future__ import annotations

import math

from poise.errors import InvalidValueError
from poise.statistics.beta import log_kernel, log_tails
from poise.statistics.intervals import Interval, check_confidence

SHAPE = 0.25
"""Both parameters of the mixture's beta weights; see `docs/statistics.md` for what other values cost."""

_BISECTIONS = 40
_MAX_LOG_ODDS = 700.0


class SequentialTest:
    """Decides whether a success rate is at least `probability`, with episodes given in batches of any size.

    If the rate is at least `probability`, the answer "no" is ever given with a probability of at most 1 - confidence;
    if it is less, the same holds for "yes". An answer once given stands.

    Attributes:
        probability: the rate p in question.
        confidence: how sure an answer must be.
        successes: successful episodes so far.
        failures: the others.
        decision: True (the rate is at least p), False (it is not), None (undecided as yet).
        log_e_yes: natural logarithm of the evidence for "at least p".
        log_e_no: natural logarithm of the evidence for "less than p".

    Args:
        probability: between 0 and 1.
        confidence: between 0 and 1.

    Raises:
        InvalidValueError: an argument is outside its range.
    """

    def __init__(self, probability: float, confidence: float = 0.99) -> None:
        _check_probability(probability)
        check_confidence(confidence)
        self.probability = probability
        self.confidence = confidence
        self.successes = 0
        self.failures = 0
        self.decision: bool | None = None
        self.log_e_yes = 0.0
        self.log_e_no = 0.0

    @property
    def episodes(self) -> int:
        """Episodes so far."""
        return self.successes + self.failures

    @property
    def evidence(self) -> float:
        """How much of the evidence that an answer takes there is for the likelier one, 0 to 1."""
        return min(max(self.log_e_yes, self.log_e_no, 0.0) / _log_threshold(self.confidence), 1.0)

    def update(self, successes: int, failures: int) -> bool | None:
        """Adds a batch of episodes. Its size may depend on anything that was seen before it.

        Args:
            successes: successful episodes of the batch.
            failures: the others.

        Returns:
            The decision after it.

        Raises:
            InvalidValueError: a count is negative.
        """
        _check_counts(successes, failures)
        self.successes += successes
        self.failures += failures
        self.log_e_no, self.log_e_yes = log_e_values(self.successes, self.failures, self.probability)
        if self.decision is None:
            threshold = _log_threshold(self.confidence)
            if self.log_e_yes >= threshold:
                self.decision = True
            elif self.log_e_no >= threshold:
                self.decision = False
        return self.decision

    @property
    def interval(self) -> Interval:
        """The rates that the episodes so far do not contradict; see `confidence_sequence`."""
        return confidence_sequence(self.successes, self.failures, self.confidence)


def log_e_values(successes: int, failures: int, probability: float) -> tuple[float, float]:
    """Evidence for each side of the question whether a success rate is at least `probability`.

    Args:
        successes: successful episodes, 0 or more.
        failures: the others, 0 or more.
        probability: the rate in question, between 0 and 1.

    Returns:
        Natural logarithms of the e-values for "less" and for "at least"; 0 where there are no episodes.

    Raises:
        InvalidValueError: an argument is outside its range.
    """
    _check_probability(probability)
    _check_counts(successes, failures)
    below, above = _log_tail_ratios(successes + SHAPE, failures + SHAPE, probability)
    prior_below, prior_above = _log_tail_ratios(SHAPE, SHAPE, probability)
    return below - prior_below, above - prior_above


def confidence_sequence(successes: int, failures: int, confidence: float) -> Interval:
    """Interval of a success rate that holds at all times together.

    With the given confidence the true rate is in every one of the intervals made as episodes are added one by one,
    hence in the one at which somebody stops. It holds the rates that the tests of this module, each with half of
    1 - confidence, answer neither "less" nor "more" for. That they are an interval follows from the evidence for "at
    least p" growing as p falls, wherever it is at least 2 (shown in `docs/statistics.md`).

    One end alone holds with (1 + confidence) / 2. The low end at 2 C - 1 is therefore the bound that goes with a test
    at C: it reaches p just when the answer is yes.

    Args:
        successes: successful episodes, 0 or more.
        failures: the others, 0 or more.
        confidence: between 0 and 1.

    Returns:
        The interval, within [0, 1].

    Raises:
        InvalidValueError: an argument is outside its range.
    """
    check_confidence(confidence)
    _check_counts(successes, failures)
    low, high = _lower_end(successes, failures, confidence), 1.0 - _lower_end(failures, successes, confidence)
    return Interval(low, high, confidence, "confidence-sequence")


def episodes_needed(probability: float, confidence: float) -> int:
    """Episodes after which `SequentialTest` says yes if not one of them fails.

    Args:
        probability: the rate in question, between 0 and 1.
        confidence: how sure the answer must be, between 0 and 1.

    Returns:
        The smallest such number, at least 1.

    Raises:
        InvalidValueError: an argument is outside its range.
    """
    _check_probability(probability)
    check_confidence(confidence)
    threshold = _log_threshold(confidence)
    high = 1
    while log_e_values(high, 0, probability)[1] < threshold:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        if log_e_values(middle, 0, probability)[1] < threshold:
            low = middle
        else:
            high = middle
    return high


def _log_threshold(confidence: float) -> float:
    """Logarithm of the evidence that an answer takes, 1 / (1 - confidence)."""
    return -math.log1p(-confidence)


def _log_tail_ratios(a: float, b: float, x: float) -> tuple[float, float]:
    """Logarithms of both tails of Beta(a, b) at x, divided by x^a (1-x)^b / B(a, b)."""
    lower, upper = log_tails(x, a, b)
    kernel = log_kernel(x, a, b)
    return lower - kernel, upper - kernel


def _lower_end(successes: int, failures: int, confidence: float) -> float:
    """The largest p for which half the doubt is enough to say "at least p"; by bisection of the log-odds."""
    if successes == 0:
        return 0.0
    threshold = math.log(2.0) + _log_threshold(confidence)

    def is_shown(log_odds: float) -> bool:
        return log_e_values(successes, failures, _rate(log_odds))[1] >= threshold

    unshown = math.log((successes + SHAPE) / (failures + SHAPE))
    reach = math.sqrt(1.0 / (successes + SHAPE) + 1.0 / (failures + SHAPE))  # about a standard error
    while not is_shown(unshown - reach):
        unshown, reach = unshown - reach, 2.0 * reach
        if unshown - reach < -_MAX_LOG_ODDS:
            return 0.0
    shown = unshown - reach
    for _ in range(_BISECTIONS):
        middle = 0.5 * (shown + unshown)
        shown, unshown = (middle, unshown) if is_shown(middle) else (shown, middle)
    return _rate(shown)


def _rate(log_odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-log_odds))


def _check_probability(probability: float) -> None:
    if not 0.0 < probability < 1.0:
        raise InvalidValueError(f"probability must be between 0 and 1, got {probability}; for instance 0.999")


def _check_counts(successes: int, failures: int) -> None:
    if successes < 0 or failures < 0:
        raise InvalidValueError(f"counts must be 0 or more, got {successes} successes and {failures} failures")
