"""One episode with a policy, to look at: the tutorial's ``play(env, policy)``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from poise.rollouts.environments import EnvironmentLike, import_named
from poise.rollouts.recording import Recording, record
from poise.runs.policy import Policy, load
from poise.types import FloatArray


def play(
    env: EnvironmentLike, policy: Policy | str | Path | Sequence[float] | FloatArray, *, seed: int = 0
) -> Recording:
    """Plays one episode and returns it: its ``score`` and the recorded ``observations``, step by step.

    Args:
        env: Gymnasium's identifier of the environment; or a `gymnasium.Env`, or a function that makes one.
        policy: the numbers of a linear policy, or a policy, or the path of one.
        seed: of the episode, as ``env.reset(seed=...)`` takes it.

    Raises:
        PoiseError: the environment cannot be made, or the policy does not fit it.
    """
    if isinstance(env, str):
        import_named(env)
    if isinstance(policy, str | Path):
        policy = load(policy)
    if not isinstance(policy, Policy):
        policy = Policy.create(env, "linear", np.asarray(policy))
    elif not isinstance(env, str):
        policy = policy.with_env(env)
    return record(policy.environment, policy.act, seed)
