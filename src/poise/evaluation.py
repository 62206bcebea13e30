"""The honest figure: what a policy does on episodes that nothing was ever chosen by.

`evaluate` plays a number of fresh episodes fixed in advance; `certify` plays until it can answer one question.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from poise.errors import EnvironmentFailureError, InvalidValueError
from poise.policies.architecture import Architecture
from poise.rollouts.base import Engine
from poise.seeding import SeedStream
from poise.statistics.intervals import Interval, check_confidence, clopper_pearson, figures_so_far, mean_interval
from poise.statistics.sequential import SequentialTest, confidence_sequence
from poise.statistics.summary import summarize
from poise.types import EpisodeBatch, Event, Failures, FloatArray, Json, Observer, SeedArray, Usage

PROGRESS_STEPS = 50
"""An evaluation is played in about this many parts, so that its progress can be shown."""

EPISODES_A_WORKER = 4
"""But no part is so small that those who play at once would wait for each other."""


@dataclass(frozen=True)
class Evaluation:
    """What a policy is reported with.

    Attributes:
        mean: mean return over the episodes.
        low, high: interval for the mean return.
        confidence: of both intervals, for instance 0.95.
        method: how the interval for the mean was made.
        episodes: fresh episodes it rests on.
        standard_deviation: of the returns.
        min, max: smallest and largest return.
        quantiles: of the returns, by their level.
        length_mean: mean length of an episode in steps.
        threshold: the return at which an episode counts as a success; ``None`` if there is none.
        success_rate: share of episodes that reached it.
        success_low, success_high: exact interval for the success rate.
        success_method: how that interval was made.
        first_seed: seed of the first episode; the others follow it.
        failed_episodes: in how many the environment failed. They have no return: none of them counts as a success, and
            all other figures are of the others.
        first_failure: what went wrong in the first of them.
    """

    mean: float
    low: float
    high: float
    confidence: float
    method: str
    episodes: int
    standard_deviation: float
    min: float
    max: float
    quantiles: dict[str, float]
    length_mean: float
    threshold: float | None
    success_rate: float | None
    success_low: float | None
    success_high: float | None
    success_method: str | None
    first_seed: int
    failed_episodes: int = 0
    first_failure: str | None = None

    def to_json(self) -> Json:
        """As plain data, for ``evaluation.json`` and ``--json``."""
        return asdict(self)


@dataclass(frozen=True)
class Certificate:
    """The answer to: is the probability of a return of at least X at least P?

    Attributes:
        certified: the answer; ``None`` if `max_episodes` were played without one.
        return_at_least: X.
        probability: P.
        confidence: an answer is wrong with probability of at most 1 - confidence, whenever it is given.
        episodes: how many it took.
        successes: how many of them returned X or more.
        failed_episodes: in how many the environment failed; none of them is a success.
        success_rate: their share.
        low, high: bounds for the probability; each alone holds at every moment of the test at once with `confidence`.
        method: of the test.
        first_seed: seed of the first episode.
    """

    certified: bool | None
    return_at_least: float
    probability: float
    confidence: float
    episodes: int
    successes: int
    success_rate: float
    low: float
    high: float
    method: str
    first_seed: int
    failed_episodes: int = 0

    def to_json(self) -> Json:
        """As plain data."""
        return asdict(self)


@dataclass(frozen=True)
class EpisodeRows:
    """The single episodes behind an evaluation: row by row what plain Gymnasium gives under the same seeds.

    Attributes:
        seeds: shape (episodes,).
        batch: one candidate × episodes.
    """

    seeds: SeedArray
    batch: EpisodeBatch


def evaluate(
    engine: Engine,
    architecture: Architecture,
    parameters: FloatArray,
    seeds: SeedStream,
    *,
    episodes: int,
    threshold: float | None = None,
    confidence: float = 0.95,
    observe: Observer | None = None,
) -> tuple[Evaluation, EpisodeRows]:
    """Plays fresh episodes of one policy and says what they show.

    Args:
        engine: plays the episodes.
        architecture: the policy.
        parameters: its parameters, shape (parameters,).
        seeds: gives out the evaluation episodes.
        episodes: how many; at least 2, for one episode has no interval.
        threshold: the return at which an episode is a success.
        confidence: of the intervals, between 0 and 1.
        observe: told as the episodes go by.

    Raises:
        InvalidValueError: for fewer than 2 episodes, a confidence outside of (0, 1), or a threshold that is not finite.
        EnvironmentFailureError: the environment failed in all episodes, or in all but one.
    """
    if episodes < 2:
        raise InvalidValueError(f"expected at least 2 evaluation episodes, for an interval needs two; got {episodes}")
    check_confidence(confidence)  # before anything is paid for
    if threshold is not None and not np.isfinite(threshold):
        raise InvalidValueError(f"expected a finite threshold, got {threshold}; leave it out for no success rate")
    all_seeds = seeds.take(episodes)
    part = max(-(-episodes // PROGRESS_STEPS), EPISODES_A_WORKER * engine.width if engine.width > 1 else 1)
    batches: list[EpisodeBatch] = []
    usage = Usage()
    for begin in range(0, episodes, part):
        batches.append(engine.run(architecture, parameters[np.newaxis], all_seeds[begin : begin + part]))
        usage += batches[-1].usage
        if observe is not None:
            returns = np.concatenate([played.returns[0][~played.failed[0]] for played in batches])
            figures = figures_so_far(returns, confidence) if returns.size else {}
            observe(Event("evaluation", usage, usage.episodes / episodes, figures))
    rows = EpisodeRows(all_seeds, _joined(batches))
    return _report(rows, threshold, confidence), rows


def _joined(batches: list[EpisodeBatch]) -> EpisodeBatch:
    return EpisodeBatch(
        returns=np.concatenate([batch.returns for batch in batches], axis=1),
        lengths=np.concatenate([batch.lengths for batch in batches], axis=1),
        terminated=np.concatenate([batch.terminated for batch in batches], axis=1),
        truncated=np.concatenate([batch.truncated for batch in batches], axis=1),
        first_failure=sum((batch.failures for batch in batches), Failures()).first,
    )


def _report(rows: EpisodeRows, threshold: float | None, confidence: float) -> Evaluation:
    returns, failures = rows.batch.returns[0], rows.batch.failures
    ended = ~rows.batch.failed[0]
    if ended.sum() < 2:
        raise EnvironmentFailureError(
            f"the environment failed in {failures.episodes} of {returns.size} episodes. The first: {failures.first}; "
            "expected an environment that keeps Gymnasium's contract (gymnasium.utils.env_checker can check it)"
        )
    interval = mean_interval(returns[ended], confidence)
    summary = summarize(returns[ended])
    rate = None
    if threshold is not None:
        rate = clopper_pearson(int((returns >= threshold).sum()), returns.size, confidence)
    return Evaluation(
        mean=summary.mean,
        low=interval.low,
        high=interval.high,
        confidence=confidence,
        method=interval.method,
        episodes=returns.size,
        standard_deviation=summary.standard_deviation,
        min=summary.minimum,
        max=summary.maximum,
        quantiles={
            "0.05": summary.quantile_05,
            "0.25": summary.quantile_25,
            "0.5": summary.median,
            "0.75": summary.quantile_75,
            "0.95": summary.quantile_95,
        },
        length_mean=float(rows.batch.lengths[0][ended].mean()),
        threshold=threshold,
        success_rate=None if threshold is None else float((returns >= threshold).mean()),
        success_low=None if rate is None else rate.low,
        success_high=None if rate is None else rate.high,
        success_method=None if rate is None else rate.method,
        first_seed=int(rows.seeds[0]),
        failed_episodes=failures.episodes,
        first_failure=failures.first,
    )


def certify(
    engine: Engine,
    architecture: Architecture,
    parameters: FloatArray,
    seeds: SeedStream,
    *,
    return_at_least: float,
    probability: float,
    confidence: float = 0.99,
    max_episodes: int = 10_000_000,
    max_batch: int = 100,
    observe: Observer | None = None,
) -> tuple[Certificate, Usage]:
    """Plays until it is proven, one way or the other, whether the return reaches a value often enough.

    The test may look at every batch of episodes and stop at once when it knows: its guarantee holds at all moments
    together, so that stopping early costs nothing of it.

    Args:
        engine: plays the episodes.
        architecture: the policy.
        parameters: its parameters, shape (parameters,).
        seeds: gives out the certification episodes.
        return_at_least: the return that counts as a success.
        probability: the share of successes that is to be proven, between 0 and 1.
        confidence: an answer is right with at least this probability.
        max_episodes: where to give up.
        max_batch: most episodes between two looks.
        observe: told as the episodes go by.

    Raises:
        InvalidValueError: for a probability or confidence outside of (0, 1), or a return that is not finite.
    """
    if not np.isfinite(return_at_least):
        raise InvalidValueError(f"expected a finite return, got {return_at_least}")
    if max_episodes < 1:
        raise InvalidValueError(f"expected at least one episode, got {max_episodes}")
    test = SequentialTest(probability, confidence)
    # The answer is one-sided, so is its interval: its lower end reaches the probability just when the answer is yes.
    both_sides = 2 * confidence - 1 if confidence > 0.5 else confidence

    def bounds() -> Interval:
        return confidence_sequence(test.successes, test.failures, both_sides)

    usage, successes, failed, first_seed = Usage(), 0, 0, None
    while test.decision is None and usage.episodes < max_episodes:
        # Short looks at first, for a bad policy is known after a few episodes.
        count = min(max_batch, max(1, usage.episodes), max_episodes - usage.episodes)
        taken = seeds.take(count)
        first_seed = int(taken[0]) if first_seed is None else first_seed
        batch = engine.run(architecture, parameters[np.newaxis], taken)
        won = int((batch.returns >= return_at_least).sum())
        failed += batch.failures.episodes
        test.update(won, count - won)
        successes += won
        usage += batch.usage
        if observe is not None:
            so_far = bounds()
            metrics = {"successes": successes, "low": so_far.low, "high": so_far.high}
            observe(Event("evaluation", usage, max(test.evidence, usage.episodes / max_episodes), metrics))
    interval = bounds()
    return Certificate(
        certified=test.decision,
        return_at_least=return_at_least,
        probability=probability,
        confidence=confidence,
        episodes=usage.episodes,
        successes=successes,
        success_rate=successes / usage.episodes,
        low=interval.low,
        high=interval.high,
        method=interval.method,
        first_seed=first_seed or 0,
        failed_episodes=failed,
    ), usage
