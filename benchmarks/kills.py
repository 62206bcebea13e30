"""Kills runs at random moments with SIGKILL, resumes them, and compares the bytes with those of an undisturbed run.

python benchmarks/kills.py [--kills 500] [--faults] [--workers] [--seed 0] [--only TEXT] [--json kills.json]

Kills are spread over optimizers, kinds of policies, engines and a suite. With --faults, too, every single call that
writes goes wrong once: the disk is full, or the process ends just before or just after it. With --workers, a worker of
the pool is killed every second during whole runs, too. The goal is 0 differences, 0 unreadable.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from poise.errors import PoiseError
from poise.optimizers import OPTIMIZERS
from poise.testing.crashes import (
    Died,
    Disk,
    Fault,
    begin_or_resume,
    contents,
    kill_and_resume,
    one_run,
    one_suite,
    saved_at_every_generation,
    trouble_in,
    workers_killed,
)

FEW = {"selection_episodes": 3, "confirmation_episodes": 3, "evaluation_episodes": 10, "workers": 1}
GYMNASIUM: dict[str, Any] = {**FEW, "engine": "gymnasium", "max_episodes": 60, "policy": "linear"}
NEGATIVE = {"env_args": {"sutton_barto_reward": True}}  # no return is above 0: the search does not end early

RUNS: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: ("CartPole-v1", {**GYMNASIUM, **NEGATIVE, "optimizer": name}) for name in OPTIMIZERS.names()},
    "auto, compiled": ("Pendulum-v1", {**FEW, "max_steps": 500_000, "selection_episodes": 100}),
    "mlp:8 running, compiled": (
        "Acrobot-v1",
        {**FEW, "policy": "mlp:8", "optimizer": "cma_es", "normalize": "running", "max_steps": 500_000},
    ),
    **{
        f"policy {kind}": ("CartPole-v1", {**GYMNASIUM, **NEGATIVE, "policy": kind, "optimizer": "snes"})
        for kind in ("linear+bias", "quadratic", "mlp:8", "mlp:8,4")
    },
    "policy mlp:8, two processes": (
        "Pendulum-v1",
        {**GYMNASIUM, "policy": "mlp:8", "optimizer": "ars", "max_episodes": 400, "workers": 2},
    ),
    "auto, confirmed": ("CartPole-v1", {**FEW, "engine": "gymnasium"}),
    "frugal": ("CartPole-v1", {**FEW, "frugal": True, "max_steps": 600, "engine": "gymnasium"}),
    "table": ("FrozenLake-v1", {**FEW, "max_episodes": 300}),
    "table, cliff": ("CliffWalking-v1", {**FEW, "max_episodes": 300}),
    "two processes": (
        "CartPole-v1",
        {**GYMNASIUM, **NEGATIVE, "optimizer": "snes", "max_episodes": 2_000, "workers": 2},
    ),
}

SUITE = """
seeds = 2
environments = ["CartPole-v1", "FrozenLake-v1"]
optimizers = ["snes", "cma_es"]
[train]
max_episodes = 100
engine = "gymnasium"
selection_episodes = 3
confirmation_episodes = 3
evaluation_episodes = 5
"""


def main() -> None:
    """Kills, and prints a line for each kind of run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--faults", action="store_true")
    parser.add_argument("--workers", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="kinds of runs whose name contains this")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)  # falling back to the checkpoint before the last is said, and expected here
    chosen = [name for name in [*RUNS, "suite, two workers"] if arguments.only in name]
    rng, results = random.Random(arguments.seed), {}
    print(f"{'run':<26} {'kills':>5} {'runs':>5} {'different':>9} {'unreadable':>10} {'errors':>6} {'seconds':>7}")
    for name in chosen:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "suite.toml"
            file.write_text(SUITE, encoding="utf-8")
            work = one_run(*RUNS[name]) if name in RUNS else one_suite(file, workers=2)
            outcome = kill_and_resume(Path(folder), work, -(-arguments.kills // len(chosen)), rng)
        counts = [len(outcome.different), len(outcome.unreadable), len(outcome.errors)]
        print(
            f"{name:<26} {outcome.kills:5} {outcome.runs:5} {counts[0]:9} {counts[1]:10} {counts[2]:6} "
            f"{time.monotonic() - began:7.1f}",
            flush=True,
        )
        for said in outcome.different + outcome.unreadable + outcome.errors:
            print("   ", said)
        results[name] = asdict(outcome)
    print("in all", sum(outcome["kills"] for outcome in results.values()), "kills")
    if arguments.faults:
        results["faults"] = faults(arguments.only)
    if arguments.workers:
        results["workers"] = workers(rng)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def faults(only: str) -> dict[str, dict[str, int]]:
    """Fails every call that writes, one a run, in three ways."""
    results = {}
    for name in (name for name in ("cma_es", "frugal", "table", "table, cliff") if only in name):
        env, settings = RUNS[name]
        settings = {**settings, "max_episodes": 40, "evaluation_episodes": 3}
        settings = {**settings, "max_episodes": None, "max_steps": 600} if name == "frugal" else settings
        with tempfile.TemporaryDirectory() as folder, saved_at_every_generation():
            results[name] = _every_call_fails(Path(folder), env, settings)
        print(f"{name:<26}", ", ".join(f"{count} {what}" for what, count in results[name].items()), flush=True)
    return results


POOLED: dict[str, tuple[str, dict[str, Any]]] = {
    "Pendulum, cma_es": ("Pendulum-v1", {**GYMNASIUM, "optimizer": "cma_es", "max_episodes": 1_500, "workers": 2}),
    "Acrobot, mlp:8, snes": (
        "Acrobot-v1",
        {**GYMNASIUM, "policy": "mlp:8", "optimizer": "snes", "max_episodes": 200, "workers": 2},
    ),
}


def workers(rng: random.Random) -> dict[str, dict[str, int]]:
    """Kills a worker every second, for as long as a run takes."""
    results = {}
    for name, (env, settings) in POOLED.items():
        with tempfile.TemporaryDirectory() as folder:
            undisturbed, disturbed = Path(folder) / "undisturbed", Path(folder) / "disturbed"
            begin_or_resume(undisturbed, env, {**settings, "workers": 1})
            began = time.monotonic()
            with workers_killed(1.0, rng) as killed:
                begin_or_resume(disturbed, env, settings)
            seconds, differs = time.monotonic() - began, contents(undisturbed) != contents(disturbed)
        results[name] = {"workers killed": len(killed), "different": int(differs)}
        print(f"{name:<26} {len(killed)} workers killed in {seconds:.0f} s, {int(differs)} different", flush=True)
    return results


def _every_call_fails(folder: Path, env: str, settings: dict[str, Any]) -> dict[str, int]:
    with (disk := Disk()).in_use():
        begin_or_resume(folder / "whole", env, settings)
    expected, counts = contents(folder / "whole"), {"calls": disk.calls, "different": 0, "unreadable": 0}
    kinds: tuple[Fault, ...] = ("error", "die before", "die after")
    for fault in kinds:
        for at in range(1, disk.calls + 1):
            path = folder / f"{fault}-{at}"
            try:
                with Disk(at, fault).in_use():
                    begin_or_resume(path, env, settings)
            except (PoiseError, Died):
                pass
            counts["unreadable"] += trouble_in(path) is not None
            begin_or_resume(path, env, settings)
            counts["different"] += contents(path) != expected
    return counts


if __name__ == "__main__":
    main()
