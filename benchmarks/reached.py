"""What does `poise train ENV`, with no flags, reach? The table of the README.

Runs the command once for each environment and seed, as a user would, one after another on all cores, and prints the
table: the mean return on fresh episodes with its 95% interval, of every seed. Baseline: the return at which an
environment counts as solved. Runs are kept; the same command goes on where it was stopped, and plays nothing again that
is finished.

    python benchmarks/reached.py runs/reached [--seeds 3] [--only CartPole-v1 ...]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SOLVED = {
    "CartPole-v1": "475",
    "MountainCar-v0": "-110",
    "MountainCarContinuous-v0": "90",
    "Pendulum-v1": "none",
    "Acrobot-v1": "-100",
    "FrozenLake-v1": "0.70",
    "FrozenLake8x8-v1": "0.85",
    "CliffWalking-v1": "none",
    "Taxi-v4": "8",
    "Blackjack-v1": "none",
    "LunarLanderContinuous-v3": "200",
    "LunarLander-v3": "200",
    "BipedalWalker-v3": "300",
    "Swimmer-v5": "360",
    "InvertedPendulum-v5": "950",
    "InvertedDoublePendulum-v5": "9100",
    "Hopper-v5": "3800",
    "Walker2d-v5": "none",
    "Ant-v5": "6000",
    "HalfCheetah-v5": "4800",
    "Reacher-v5": "-3.75",
    "Pusher-v5": "none",
}


def command(env: str, seed: int, folder: Path) -> list[str]:
    """What a user types for a run that is to begin, or to go on."""
    if (folder / "config.json").exists():
        return ["resume", str(folder)]
    return ["train", env, "--seed", str(seed), "--out", str(folder)]


def reach(env: str, seed: int, folder: Path) -> dict[str, Any]:
    """The result of one run, which is kept in the folder."""
    words = [sys.executable, "-m", "poise", *command(env, seed, folder), "--json", "--quiet"]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def cell(result: dict[str, Any]) -> str:
    """Mean and interval; small returns with one digit more."""
    mean, low, high = (result["evaluation"][name] for name in ("mean", "low", "high"))
    digits = 1 if abs(mean) >= 10 else 2
    return f"{mean:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def main() -> None:
    """Runs what is not finished yet, and prints a line of the table whenever one is complete."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, help="the folder that keeps the runs")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=list(SOLVED), metavar="ENV", choices=list(SOLVED))
    options = parser.parse_args()

    print("| environment | solved at | reached |\n|---|---|---|", flush=True)
    for env in options.only:
        results = [reach(env, seed, options.runs / f"{env}-{seed}") for seed in range(options.seeds)]
        print(f"| {env} | {SOLVED[env]} | {', '.join(map(cell, results))} |", flush=True)


if __name__ == "__main__":
    main()
