"""Does `poise train CartPole-v1`, with no flags, find a perfect policy, and what does it take?

Runs the command once for each seed, as a user would, and asks of each policy whether all fresh evaluation episodes
returned 500. Baseline: the tutorial's best of 100 random policies, whose winner is perfect in a third of the tries.

    python benchmarks/cartpole.py --seeds 20 [--engine gymnasium] [--json results.json]
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


def train(seed: int, engine: str, episodes: int) -> dict[str, Any]:
    """The result of one command, with the wall time of the whole process."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "poise", "train", "CartPole-v1", "--seed", str(seed), "--json", "--quiet"]
        command += ["--engine", engine, "--evaluation-episodes", str(episodes), "--out", str(Path(scratch) / "run")]
        began = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        result: dict[str, Any] = json.loads(done.stdout)
        result["process_seconds"] = time.monotonic() - began
        return result


def spread(name: str, values: list[float], unit: str) -> str:
    """Median and worst of a column, in words."""
    return f"{name:<38} median {statistics.median(values):>10,.2f}   worst {max(values):>10,.2f} {unit}"


def main() -> None:
    """Runs all seeds and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--episodes", type=int, default=1_000, help="fresh evaluation episodes of each policy")
    parser.add_argument("--json", type=Path, help="where to write every single result")
    options = parser.parse_args()

    rows = []
    for seed in range(options.seeds):
        rows.append(train(seed, options.engine, options.episodes))
        row = rows[-1]
        print(
            f"seed {seed:>3}  mean {row['evaluation']['mean']:.2f}  lowest {row['evaluation']['min']:.0f}  "
            f"search {row['episodes']['search']} episodes, {row['steps']['search']} steps  "
            f"{row['process_seconds']:.1f} s",
            flush=True,
        )
    perfect = sum(row["evaluation"]["min"] == 500 for row in rows)
    machine = platform.processor() or platform.machine()
    print(f"\n{machine}, Python {platform.python_version()}, engine {rows[0]['engine']}")
    print(f"perfect on {options.episodes:,} of {options.episodes:,} fresh episodes: {perfect} of {len(rows)} seeds")
    for phase in ("search", "selection"):
        print(spread(f"episodes of {phase}", [row["episodes"][phase] for row in rows], ""))
        print(spread(f"steps of {phase}", [row["steps"][phase] for row in rows], ""))
    print(spread("whole process", [row["process_seconds"] for row in rows], "s"))
    print(spread("  start, imports, exit", [row["process_seconds"] - row["seconds"] for row in rows], "s"))
    for phase in ("search", "selection", "evaluation"):
        print(spread(f"  {phase}", [row["phase_seconds"].get(phase, 0.0) for row in rows], "s"))
    if options.json is not None:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
