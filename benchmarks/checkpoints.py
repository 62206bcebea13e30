"""What checkpoints cost: the share of a run's time that goes into saving it.

    python benchmarks/checkpoints.py [--busy] [--only TEXT]

Every call that saves is timed inside of otherwise ordinary runs, fsync and all. The goal is less than 3% of a run. With
--busy, other processes write to the same disk all the while and wait for it, so that a single save takes a while.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import poise
from poise.runs.saver import Saver

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
    "FrozenLake8x8, table": ("FrozenLake8x8-v1", {}),
}


WRITERS, BLOCK_BYTES, LARGEST_BYTES = 8, 16 * 2**20, 2**28


def main() -> None:
    """Prints a line for each run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--busy", action="store_true", help="with a disk that others keep busy")
    parser.add_argument("--only", default="", help="runs whose name contains this")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder, busy_disk(Path(folder), arguments.busy):
        print(f"{'run':<40} {'seconds':>8} {'saved':>6} {'ms each':>8} {'longest':>8} {'share':>7} {'kB':>6}")
        for name, (env, settings) in RUNS.items():
            if arguments.only in name:
                measure(name, Path(folder) / name, env, settings)


def measure(name: str, path: Path, env: str, settings: dict[str, Any]) -> None:
    """Times all that is saved in one run."""
    spent: list[float] = []
    save = Saver.save

    def timed(saver: Saver) -> None:
        began = time.perf_counter()
        save(saver)
        spent.append(time.perf_counter() - began)

    Saver.save = timed  # type: ignore[method-assign, assignment]
    try:
        began = time.perf_counter()
        poise.train(env, out=path, **{"evaluation_episodes": 100, **settings})
        seconds = time.perf_counter() - began
    finally:
        Saver.save = save  # type: ignore[method-assign]
    each, longest = 1000 * sum(spent) / len(spent), 1000 * max(spent)
    size = (path / "checkpoint").stat().st_size / 1000
    print(
        f"{name:<40} {seconds:8.2f} {len(spent):6} {each:8.1f} {longest:8.1f} {sum(spent) / seconds:7.2%} {size:6.0f}",
        flush=True,
    )


@contextmanager
def busy_disk(folder: Path, busy: bool) -> Iterator[None]:
    """While the block runs, processes write to the folder's disk and wait for it."""
    writers = [
        multiprocessing.get_context("spawn").Process(target=write_on, args=(folder / f"busy-{number}",), daemon=True)
        for number in range(WRITERS * busy)
    ]
    for writer in writers:
        writer.start()
    time.sleep(3.0 * busy)
    try:
        yield
    finally:
        for writer in writers:
            writer.kill()
            writer.join()


def write_on(file: Path) -> None:
    """Does not come back."""
    block = os.urandom(BLOCK_BYTES)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT)
    while True:
        if os.lseek(handle, 0, os.SEEK_CUR) > LARGEST_BYTES:
            os.lseek(handle, 0, os.SEEK_SET)
        os.write(handle, block)
        os.fsync(handle)


if __name__ == "__main__":
    main()
