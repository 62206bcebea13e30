"""Runs written by hand: directories as `poise train` leaves them, made in a millisecond."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

from poise.runs.config import TrainConfig
from poise.runs.policy import Policy

GOOD = (0.059, 0.112, 0.959, 0.253)
"""Weights that keep the pole up in every episode tried."""


def generation(number: int, mean: float) -> dict[str, object]:
    """A line of ``metrics.jsonl``."""
    scores = [mean - 10.0, mean, mean + 10.0]
    return {
        "generation": number,
        "steps": 100 * number,
        "episodes": 3 * number,
        "best": mean + 10.0,
        "mean": mean,
        "best_so_far": mean + 10.0,
        "scores": scores,
        "lengths_mean": mean,
    }


def evaluation(mean: float) -> dict[str, object]:
    """A certificate that says `mean`, give or take one."""
    return {
        "mean": mean,
        "low": mean - 1.0,
        "high": mean + 1.0,
        "confidence": 0.95,
        "method": "student-t",
        "episodes": 1000,
        "standard_deviation": 16.0,
        "min": mean - 50.0,
        "max": mean + 50.0,
        "quantiles": dict.fromkeys(("0.05", "0.25", "0.5", "0.75", "0.95"), mean),
        "length_mean": mean,
        "threshold": 475.0,
        "success_rate": 1.0,
        "success_low": 0.99,
        "success_high": 1.0,
        "success_method": "clopper-pearson",
        "first_seed": 1_073_741_824,
    }


def write_run(
    root: Path,
    name: str,
    *,
    env: str = "CartPole-v1",
    means: Sequence[float] = (),
    result: float | None = None,
    weights: Sequence[float] | None = None,
    age_seconds: float = 3600.0,
    seed: int = 0,
    running: bool = False,
) -> Path:
    """A run of some generations, with a policy if there are weights, and an evaluation if there is a result.

    One that is running has this process at work on it.
    """
    path = root / name
    path.mkdir(parents=True)
    plan = {"stages": [{"policy": "linear", "optimizer": "snes", "optimizer_args": {}}], "open_ended": True}
    config = TrainConfig(env, seed=seed, max_steps=1_000_000, normalize="none").to_json(plan)
    (path / "config.json").write_text(json.dumps(config))
    lines = [json.dumps(generation(number, mean)) + "\n" for number, mean in enumerate(means, start=1)]
    timings = [
        json.dumps({"generation": n, "seconds": n / 10, "generation_seconds": 0.1}) + "\n"
        for n in range(1, len(means) + 1)
    ]
    if means:
        (path / "metrics.jsonl").write_text("".join(lines))
        (path / "timings.jsonl").write_text("".join(timings))
    certificate = None if result is None else evaluation(result)
    if weights is not None:
        policy = Policy.create(env, "linear", weights)
        Policy(policy.environment, policy.architecture, policy.parameters, certificate).save(path / "policy.json")
    if result is not None:
        account = {
            "evaluation": certificate,
            "best_score_in_search": max(means, default=0.0),
            "generations": len(means),
            "steps": {"search": 100 * len(means), "selection": 50, "evaluation": 40},
            "episodes": {"search": 3 * len(means), "selection": 5, "evaluation": 4},
            "engine": "kernel",
            "stopped_because": "the budget of steps is used",
        }
        (path / "evaluation.json").write_text(json.dumps(account))
    if running:
        (path / "lock").write_text(f"{os.getpid()}\n")
    age(path, age_seconds)
    return path


def age(path: Path, seconds: float) -> None:
    """Makes every file of a run look as if it was written so long ago."""
    moment = time.time() - seconds
    for file in path.iterdir():
        os.utime(file, (moment, moment))
