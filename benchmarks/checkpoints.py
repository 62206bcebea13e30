"""What checkpoints cost: the share of a run's time that goes into saving it.

    python benchmarks/checkpoints.py

Every call that saves is timed inside of otherwise ordinary runs, fsync and all. The goal is less than 3% of a run.
"""

from __future__ import annotations

import logging
import tempfile
import time
from pathlib import Path
from typing import Any

import poise
from poise.runs import checkpoint
from poise.runs.checkpoint import Progress
from poise.runs.directory import RunDirectory

RUNS: dict[str, tuple[str, dict[str, Any]]] = {
    "CartPole, compiled, all defaults": ("CartPole-v1", {}),
    "Pendulum, compiled, 30 million steps": ("Pendulum-v1", {"max_steps": 30_000_000}),
    "Pendulum, Gymnasium, mlp:16 by cma_es": (
        "Pendulum-v1",
        {"engine": "gymnasium", "policy": "mlp:16", "optimizer": "cma_es", "max_seconds": 10, "selection_episodes": 3},
    ),
    "Acrobot, compiled, mlp:8 by snes": (
        "Acrobot-v1",
        {"policy": "mlp:8", "optimizer": "snes", "max_seconds": 10, "selection_episodes": 100},
    ),
}


def main() -> None:
    """Prints a line for each run."""
    logging.basicConfig(level=logging.ERROR)
    spent: list[float] = []
    save, sync = checkpoint.save, RunDirectory.sync

    def timed_save(path: Path, progress: Progress) -> None:
        began = time.perf_counter()
        save(path, progress)
        spent.append(time.perf_counter() - began)

    def timed_sync(directory: RunDirectory) -> None:
        began = time.perf_counter()
        sync(directory)
        spent[-1:] = [spent[-1] + time.perf_counter() - began] if spent else []

    checkpoint.save = timed_save
    RunDirectory.sync = timed_sync  # type: ignore[method-assign, assignment]
    print(f"{'run':<40} {'seconds':>8} {'saved':>6} {'ms each':>8} {'share':>7} {'kB':>6}")
    for name, (env, settings) in RUNS.items():
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            spent.clear()
            began = time.perf_counter()
            poise.train(env, out=Path(folder) / "run", **{"evaluation_episodes": 100, **settings})
            seconds = time.perf_counter() - began
            size = (Path(folder) / "run" / "checkpoint").stat().st_size / 1000
        total = sum(spent)
        each = 1000 * total / len(spent)
        print(f"{name:<40} {seconds:8.2f} {len(spent):6} {each:8.1f} {total / seconds:7.2%} {size:6.0f}")


if __name__ == "__main__":
    main()
