"""Which optimizer and which kind of policy should `poise train` take when nothing is said? The table behind `auto`.

Every cell is `poise train` with that optimizer, that policy and one budget, on several seeds; its figure is the mean
return of the chosen policy on fresh evaluation episodes. Random search is the line to beat; `auto` is all that poise
chooses by itself, with the same budget. On environments with compiled kernels, so that a cell takes about a second.

    python benchmarks/choosing.py [--seeds 8] [--steps 1000000] [--json choosing.jsonl]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import poise

ENVIRONMENTS = ("MountainCar-v0", "MountainCarContinuous-v0", "Pendulum-v1", "Acrobot-v1")
POLICIES = ("linear+bias", "quadratic", "mlp:8")
SEARCHERS: dict[str, dict[str, Any]] = {
    "random_search": {},
    "hill_climbing": {},
    "cma_es": {},
    "cma_es, population 64": {"population": 64},
    "sep_cma_es, population 64": {"population": 64},
    "snes, population 64": {"population": 64},
    "fisher_snes, population 64": {"population": 64},
    "cem, population 64": {"population": 64},
    "ars": {},
    "pgpe": {},
    "openai_es": {},
}


def train(env: str, seed: int, steps: int, **settings: Any) -> dict[str, Any]:
    """One cell on one seed."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        run = poise.train(
            env, seed=seed, max_steps=steps, out=Path(scratch) / "run", evaluation_episodes=2_000, **settings
        )
    mean = run.result["evaluation"]["mean"]
    return {"env": env, "seed": seed, **settings, "mean": mean, "seconds": time.monotonic() - began}


def cells(environments: list[str], seeds: int, steps: int) -> list[dict[str, Any]]:
    """What is to be trained: every optimizer with every policy, and `auto`."""
    ways: list[dict[str, Any]] = [
        {"optimizer": name.partition(",")[0], "optimizer_args": args, "policy": policy}
        for name, args in SEARCHERS.items()
        for policy in POLICIES
    ]
    ways.append({"optimizer": "auto", "policy": "auto"})
    return [
        {"env": env, "seed": s, "steps": steps, **way} for env in environments for way in ways for s in range(seeds)
    ]


def table(rows: list[dict[str, Any]]) -> list[str]:
    """Markdown: for each way and environment the median over the seeds, and the worst and the best."""
    environments = list(dict.fromkeys(row["env"] for row in rows))
    ways = list(dict.fromkeys((row["optimizer"], str(row.get("optimizer_args")), row["policy"]) for row in rows))
    lines = ["| optimizer | policy | " + " | ".join(environments) + " |", "|---" * (2 + len(environments)) + "|"]
    for way in ways:
        found = []
        for env in environments:
            key = (env, *way)
            means = [
                row["mean"]
                for row in rows
                if (row["env"], row["optimizer"], str(row.get("optimizer_args")), row["policy"]) == key
            ]
            found.append(f"{np.median(means):.1f} ({min(means):.1f} to {max(means):.1f})" if means else "")
        size = " 64" if "64" in way[1] else ""
        lines.append(f"| {way[0]}{size} | {way[2]} | " + " | ".join(found) + " |")
    return lines


def main() -> None:
    """Trains all cells and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--environments", nargs="+", default=ENVIRONMENTS)
    parser.add_argument("--optimizers", nargs="+", help="only these, by their names")
    parser.add_argument("--json", type=Path, help="where to write every result, a line each")
    options = parser.parse_args()
    rows = []
    for cell in cells(options.environments, options.seeds, options.steps):
        if options.optimizers and cell["optimizer"] not in options.optimizers:
            continue
        rows.append(train(**cell))
        if options.json:
            with options.json.open("a") as file:
                file.write(json.dumps(rows[-1]) + "\n")
    print("\n".join(table(rows)))


if __name__ == "__main__":
    main()
