"""The real episodes that a run learnt a model from, as they were lived: the policy changed while they were played."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from poise.errors import InvalidFileError
from poise.rollouts.recording import Recording
from poise.runs.directory import RunDirectory
from poise.runs.files import read_json
from poise.runs.policy import Policy


def lived_episodes(run: str | Path, policy: Policy) -> dict[int, Recording]:
    """The episodes that a run keeps of its learning, by their seeds, the first one first.

    Args:
        run: a run's directory; anything else has no such episodes.
        policy: the policy of the run.

    Raises:
        InvalidFileError: a file of the run is damaged.
    """
    directory = RunDirectory(Path(run))
    if not directory.evaluation.is_file():
        return {}
    lived = read_json(directory.evaluation).get("real_episodes") or []
    files = [directory.episodes / f"{int(episode['seed'])}.json" for episode in lived]
    return {int(file.stem): _read(file, policy) for file in files if file.exists()}


def _read(file: Path, policy: Policy) -> Recording:
    data = read_json(file)
    discrete = policy.architecture.action.kind == "discrete"

    def action(value: Any) -> Any:
        return int(value) if discrete else np.array(value, dtype=policy.architecture.action.dtype)

    try:
        spec = policy.environment
        if data["truncated"]:  # it may have been left before its end
            spec = replace(spec, max_episode_steps=int(data["length"]))
        return Recording(
            environment=spec,
            seed=int(data["seed"]),
            observations=tuple(np.array(observation) for observation in data["observations"]),
            actions=tuple(action(value) for value in data["actions"]),
            rewards=tuple(float(reward) for reward in data["rewards"]),
            terminated=bool(data["terminated"]),
            truncated=bool(data["truncated"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidFileError(f"{file} is damaged: {error!r}") from error
