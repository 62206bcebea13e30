"""Evaluating and certifying a policy that was kept, on fresh episodes."""

from __future__ import annotations

from pathlib import Path

from poise.evaluation import Certificate, EpisodeRows, Evaluation
from poise.evaluation import certify as certify_parameters
from poise.evaluation import evaluate as evaluate_parameters
from poise.rollouts.choice import make_engine
from poise.rollouts.environments import EnvironmentLike, close, inspect
from poise.rollouts.time_limit import DEFAULT_SECONDS
from poise.runs.defaults import Scale
from poise.runs.policy import Policy, load
from poise.seeding import Purpose, SeedStream
from poise.types import Observer


def evaluate(
    policy: Policy | str | Path,
    episodes: int | None = None,
    *,
    seed: int = 0,
    threshold: float | None = None,
    confidence: float = 0.95,
    env: EnvironmentLike | None = None,
    engine: str = "auto",
    workers: int | None = None,
    step_seconds: float = DEFAULT_SECONDS,
    observe: Observer | None = None,
) -> Evaluation:
    """What a policy does on fresh episodes: others than those of its search, its selection and its certificate.

    Args:
        policy: a policy, or the path of its file or run.
        episodes: how many; ``None`` for 1,000, or fewer where episodes are long.
        seed: which fresh episodes; equal seeds give equal episodes.
        threshold: the return at which an episode is a success; ``None`` for the environment's own.
        confidence: of the intervals.
        env: the environment, where the policy's has no name, or another one; as for `Policy.with_env`.
        engine: what plays them.
        workers: how many play at once; ``None`` for one a processor. No result depends on it.
        step_seconds: how long an environment that Gymnasium plays may take for one ``reset`` or ``step``.
        observe: told as the episodes go by.

    Raises:
        PoiseError: the policy cannot be read, or its environment not be made.
    """
    return evaluate_with_rows(
        policy,
        episodes,
        seed=seed,
        threshold=threshold,
        confidence=confidence,
        env=env,
        engine=engine,
        workers=workers,
        step_seconds=step_seconds,
        observe=observe,
    )[0]


def evaluate_with_rows(
    policy: Policy | str | Path,
    episodes: int | None = None,
    *,
    seed: int = 0,
    threshold: float | None = None,
    confidence: float = 0.95,
    env: EnvironmentLike | None = None,
    engine: str = "auto",
    workers: int | None = None,
    step_seconds: float = DEFAULT_SECONDS,
    observe: Observer | None = None,
) -> tuple[Evaluation, EpisodeRows, str]:
    """`evaluate`, with the single episodes and the name of the engine that played them."""
    policy = _open(policy, env)
    info = inspect(policy.environment)
    with make_engine(
        policy.environment, policy.architecture, engine, workers=workers, step_seconds=step_seconds
    ) as chosen:
        scale = Scale.of(info, compiled=chosen.name == "kernel")
        evaluation, rows = evaluate_parameters(
            chosen.exact(),
            policy.architecture,
            policy.parameters,
            SeedStream(seed, Purpose.REEVALUATION),
            episodes=episodes if episodes is not None else scale.evaluation_episodes,
            threshold=info.reward_threshold if threshold is None else threshold,
            confidence=confidence,
            observe=observe,
        )
        return evaluation, rows, chosen.name


def certify(
    policy: Policy | str | Path,
    *,
    return_at_least: float,
    probability: float,
    confidence: float = 0.99,
    max_episodes: int = 10_000_000,
    seed: int = 0,
    env: EnvironmentLike | None = None,
    engine: str = "auto",
    workers: int | None = None,
    step_seconds: float = DEFAULT_SECONDS,
    observe: Observer | None = None,
) -> Certificate:
    """Whether the return is at least `return_at_least` with at least the given probability.

    Args:
        policy: a policy, or the path of its file or run.
        return_at_least: the return that counts as a success.
        probability: the share of successes that is to be proven, between 0 and 1.
        confidence: an answer is right with at least this probability.
        max_episodes: where to give up.
        seed: which fresh episodes.
        env: the environment, where the policy's has no name, or another one; as for `Policy.with_env`.
        engine: what plays them.
        workers: how many play at once; ``None`` for one a processor. No result depends on it.
        step_seconds: how long an environment that Gymnasium plays may take for one ``reset`` or ``step``.
        observe: told as the episodes go by.

    Raises:
        PoiseError: the policy cannot be read, its environment not be made, or a number is out of range.
    """
    policy = _open(policy, env)
    with make_engine(
        policy.environment, policy.architecture, engine, workers=workers, step_seconds=step_seconds
    ) as chosen:
        return certify_parameters(
            chosen,
            policy.architecture,
            policy.parameters,
            SeedStream(seed, Purpose.CERTIFICATION),
            return_at_least=return_at_least,
            probability=probability,
            confidence=confidence,
            max_episodes=max_episodes,
            max_batch=10_000 if chosen.name == "kernel" else 100,
            observe=observe,
        )[0]


def _open(policy: Policy | str | Path, env: EnvironmentLike | None) -> Policy:
    """The policy, once its environment here is known to be the one it was made for."""
    opened = policy if isinstance(policy, Policy) else load(policy)
    if env is not None:
        return opened.with_env(env)
    close(opened.make_env())
    return opened
