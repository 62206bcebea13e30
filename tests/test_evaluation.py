"""The honest figure rests on fresh episodes alone, and a certificate answers when it can and not before."""

from __future__ import annotations

import json

import numpy as np
import pytest
from gymnasium import spaces

from poise.errors import InvalidValueError
from poise.evaluation import Certificate, Evaluation, certify, evaluate
from poise.optimizers.cma_es import CmaEs
from poise.policies.architecture import Architecture
from poise.policies.spaces import decode_space, encode_space
from poise.search import search
from poise.search_state import SearchState
from poise.seeding import Purpose, SeedStream, generator, purpose_of
from poise.selection import race
from poise.testing.fake_engine import FakeEngine
from poise.types import Budget, Effort, Event, FloatArray, Usage

ARCHITECTURE = Architecture("linear", encode_space(spaces.Box(-1, 1, (2,))), decode_space(spaces.Discrete(2)))
PARAMETERS = np.zeros(2)


def _evaluate(rate: float = 0.9, **options: object) -> tuple[Evaluation, FakeEngine]:
    engine = FakeEngine(lambda p, rng: 500.0 if rng.random() < rate else 100.0 * rng.random())
    seeds = SeedStream(3, Purpose.EVALUATION)
    arguments = {"episodes": 200, "threshold": 475.0} | options
    return evaluate(engine, ARCHITECTURE, PARAMETERS, seeds, **arguments)[0], engine  # type: ignore[arg-type]


def test_it_plays_the_asked_number_of_evaluation_episodes_each_once() -> None:
    evaluation, engine = _evaluate()
    assert len(engine.seen) == len(set(engine.seen)) == evaluation.episodes == 200
    assert {purpose_of(seed) for seed in engine.seen} == {Purpose.EVALUATION}
    assert evaluation.first_seed == engine.seen[0]


def test_those_who_play_at_once_all_have_something_to_do_and_find_the_same() -> None:
    class Wide(FakeEngine):
        width = 8

    def played(kind: type[FakeEngine]) -> tuple[Evaluation, list[int]]:
        told: list[Event] = []
        engine, seeds = kind(lambda p, rng: float(rng.random())), SeedStream(3, Purpose.EVALUATION)
        evaluation, _ = evaluate(engine, ARCHITECTURE, PARAMETERS, seeds, episodes=100, observe=told.append)
        return evaluation, [event.usage.episodes for event in told]

    (evaluation, parts), (same, larger) = played(FakeEngine), played(Wide)
    assert same == evaluation
    assert parts == list(range(2, 101, 2))
    assert larger == [32, 64, 96, 100]


def test_what_it_says_is_what_was_played() -> None:
    evaluation, engine = _evaluate()
    returns = []
    for seed in engine.seen:
        rng = np.random.default_rng(seed)
        returns.append(500.0 if rng.random() < 0.9 else 100.0 * rng.random())
    assert evaluation.mean == pytest.approx(np.mean(returns))
    assert (evaluation.min, evaluation.max) == (min(returns), max(returns))
    assert evaluation.success_rate == np.mean([value >= 475 for value in returns])
    assert evaluation.low < evaluation.mean < evaluation.high
    assert evaluation.success_low is not None
    assert evaluation.success_high is not None
    assert evaluation.success_rate is not None
    assert evaluation.success_low < evaluation.success_rate < evaluation.success_high
    assert evaluation.success_method == "clopper-pearson"
    assert json.loads(json.dumps(evaluation.to_json(), allow_nan=False))["episodes"] == 200


def test_perfect_returns_leave_no_doubt_of_the_mean_but_some_of_the_rate() -> None:
    evaluation, _ = _evaluate(rate=1.0)
    assert (evaluation.low, evaluation.mean, evaluation.high) == (500.0, 500.0, 500.0)
    assert evaluation.success_low is not None
    assert 0.98 < evaluation.success_low < 1.0 == evaluation.success_high


def test_who_reaches_the_threshold_exactly_has_succeeded() -> None:
    evaluation, _ = _evaluate(rate=1.0, threshold=500.0)
    assert evaluation.success_rate == evaluation.success_high == 1.0


def test_without_a_threshold_there_is_no_rate() -> None:
    evaluation, _ = _evaluate(threshold=None)
    assert evaluation.success_rate is None


@pytest.mark.parametrize("episodes", [1, 0, -5])
def test_fewer_than_two_episodes_are_refused(episodes: int) -> None:
    with pytest.raises(InvalidValueError, match="at least 2 evaluation episodes"):
        _evaluate(episodes=episodes)


@pytest.mark.parametrize(
    "options", [{"confidence": 0.0}, {"confidence": 1.0}, {"confidence": 95.0}, {"threshold": np.nan}]
)
def test_a_question_that_makes_no_sense_is_refused_before_an_episode_is_played(options: dict[str, float]) -> None:
    engine, seeds = FakeEngine(lambda p, rng: 1.0), SeedStream(0, Purpose.EVALUATION)
    with pytest.raises(InvalidValueError):
        evaluate(engine, ARCHITECTURE, PARAMETERS, seeds, episodes=10, **options)  # type: ignore[arg-type]
    assert engine.seen == []
    assert seeds.position == 0


def _nothing_is_better(parameters: FloatArray, rng: np.random.Generator) -> float:
    """Returns are luck alone: whoever looks good was lucky."""
    return float(rng.normal(2.5))


def test_what_is_reported_comes_from_episodes_that_nothing_was_chosen_by() -> None:
    found, claimed = [], []
    for seed in range(20):
        engine = FakeEngine(_nothing_is_better)
        seeds = {purpose: SeedStream(seed, purpose) for purpose in Purpose}
        state = SearchState(CmaEs(2, generator(seed, "optimizer")), ARCHITECTURE, seeds[Purpose.SEARCH])
        search(
            state, engine, Budget(max_episodes=60), Effort(common_episodes=False), confirm=_no, observe=lambda _: None
        )
        searched = len(engine.seen)
        result = race(engine, state.archive, seeds[Purpose.SELECTION], limit=10)
        selected = len(engine.seen)
        winner = state.archive[result.winner or 0]
        evaluation, rows = evaluate(
            engine, winner.architecture, winner.parameters, seeds[Purpose.EVALUATION], episodes=100
        )
        before, after = set(engine.seen[:selected]), engine.seen[selected:]
        assert not before & set(after)
        assert after == rows.seeds.tolist()
        paid = state.usage + result.usage + rows.batch.usage
        assert paid == Usage(10 * len(engine.seen), len(engine.seen))
        assert (state.usage.episodes, result.usage.episodes) == (searched, selected - searched)
        found.append(evaluation.mean)
        claimed.append(state.archive[0].claim)
    assert np.mean(found) == pytest.approx(2.5, abs=0.1), "the honest figure has no winner's curse"
    assert np.mean(claimed) > 4.0, "which the search's best score has"


def _no(_: object) -> bool:
    return False


def test_its_progress_is_told_and_adds_up() -> None:
    events: list[Event] = []
    found, _ = _evaluate(observe=events.append)
    assert events[-1].usage == Usage(2000, 200)
    assert events[-1].done == 1.0
    assert 10 < len(events) <= 60
    last = events[-1].metrics
    assert last["mean"] == pytest.approx(found.mean)
    assert last["high"] - last["low"] == pytest.approx(found.high - found.low, rel=0.1)


def _certify(rate: float, probability: float, seed: int = 4, **options: object) -> tuple[Certificate, FakeEngine]:
    engine = FakeEngine(lambda p, rng: float(rng.random() < rate))
    seeds = SeedStream(seed, Purpose.CERTIFICATION)
    found, usage = certify(
        engine,
        ARCHITECTURE,
        PARAMETERS,
        seeds,
        return_at_least=1.0,
        probability=probability,
        **options,  # type: ignore[arg-type]
    )
    assert usage.episodes == found.episodes == len(engine.seen) == len(set(engine.seen))
    assert found.low <= found.success_rate <= found.high
    return found, engine


def test_a_certificate_says_yes_no_or_that_it_does_not_know() -> None:
    assert _certify(1.0, 0.95)[0].certified is True
    assert _certify(0.5, 0.95)[0].certified is False
    undecided, engine = _certify(0.95, 0.95, max_episodes=50)
    assert undecided.certified is None
    assert len(engine.seen) == 50
    assert {purpose_of(seed) for seed in engine.seen} == {Purpose.CERTIFICATION}


@pytest.mark.parametrize("rate", [0.0, 0.3, 0.8, 0.999])
def test_a_certificate_counts_what_was_played(rate: float) -> None:
    certificate, engine = _certify(rate, 0.9)
    successes = sum(np.random.default_rng(seed).random() < rate for seed in engine.seen)
    assert certificate.certified is (rate > 0.9)
    assert (certificate.episodes, certificate.successes) == (len(engine.seen), successes)
    assert certificate.success_rate == successes / len(engine.seen)
    assert certificate.first_seed == engine.seen[0]


@pytest.mark.parametrize(("rate", "wrong"), [(0.88, True), (0.92, False)])
def test_a_certificate_is_seldom_wrong_however_often_it_looks(rate: float, wrong: bool) -> None:
    answers = [_certify(rate, 0.9, confidence=0.9, max_episodes=200, seed=seed)[0].certified for seed in range(30)]
    assert answers.count(wrong) <= 8, "at most one in ten, and three standard deviations"


def test_the_lower_bound_reaches_the_probability_just_when_the_answer_is_yes() -> None:
    certificate, _ = _certify(1.0, 0.95, max_batch=1)
    assert certificate.low >= 0.95
    assert certificate.low == pytest.approx(0.95, abs=2e-3)


def test_a_certificates_progress_tells_the_evidence_and_the_bounds_so_far() -> None:
    events: list[Event] = []
    certificate, _ = _certify(1.0, 0.95, observe=events.append)
    assert events[-1].done == 1.0, "the answer is there"
    assert [event.metrics["successes"] for event in events] == [event.usage.episodes for event in events]
    assert (events[-1].metrics["low"], events[-1].metrics["high"]) == (certificate.low, certificate.high)
    shares = [event.done or 0.0 for event in events]
    assert shares == sorted(shares)
    undecided: list[Event] = []
    _certify(0.95, 0.95, max_episodes=50, observe=undecided.append)
    assert undecided[-1].done == 1.0, "it has given up"


def test_a_bad_policy_is_refused_after_a_few_episodes() -> None:
    assert _certify(0.0, 0.999)[0].episodes < 10


@pytest.mark.parametrize(
    "options",
    [{"probability": 1.0}, {"probability": 0.0}, {"confidence": 1.0}, {"max_episodes": 0}],
)
def test_a_question_that_cannot_be_answered_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(InvalidValueError):
        _certify(1.0, **({"probability": 0.9} | options))  # type: ignore[arg-type]
