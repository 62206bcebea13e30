"""In how few real steps does `poise train ENV --frugal` learn? Every seed is printed.

    python benchmarks/frugal.py cartpole-first --seeds 200
    python benchmarks/frugal.py --list
    python benchmarks/frugal.py pendulum --seeds 20 --peer      # beside it the default search with the same steps

Steps and episodes of the search are counted from the first reset on; resets without a step (16, or twice the features)
are no episodes. `final` is the mean over fresh episodes of the policy that the run reports, not of the best one it met.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from peers.make import DEFAULT_PLACE, python_of  # type: ignore[import-not-found]

import poise
from poise.errors import PoiseError

DISTURBED = "poise.testing.disturbed:poise-probe/DisturbedCartPole-v0"


@dataclass(frozen=True)
class Case:
    """What is asked of one environment.

    Attributes:
        env: its identifier.
        reach: what is to be reached, in words.
        reached: whether a result reaches it; ``None`` where the median is asked for.
        settings: of `poise.train`.
        episodes: fresh episodes of the evaluation.
        varied: arguments of the environment that depend on the seed.
    """

    env: str
    reach: str
    reached: Callable[[Mapping[str, Any]], bool] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    episodes: int = 1_000
    varied: Callable[[int], Mapping[str, Any]] = lambda seed: {}


def within(count: int, best: float) -> Callable[[Mapping[str, Any]], bool]:
    """Whether one of the first episodes reached the best return there is."""
    return lambda result: max(episode["return"] for episode in result["real_episodes"][:count]) >= best


def perfect(result: Mapping[str, Any]) -> bool:
    """Whether every fresh episode returned 500."""
    return bool(result["evaluation"]["min"] == 500)


def goal_within(steps: int, limit: float) -> Callable[[Mapping[str, Any]], bool]:
    """Whether an episode that ended before its time limit did so within some steps."""

    def reached(result: Mapping[str, Any]) -> bool:
        return any(e["steps"] <= steps and e["length"] < limit for e in result["real_episodes"])

    return reached


def _transformed(kind: str) -> Callable[[int], Mapping[str, Any]]:
    return lambda seed: {"transformation": kind, "transformation_seed": seed}


CASES: dict[str, Case] = {
    "cartpole-first": Case("CartPole-v1", "first episode 500 in ≥ 99%", within(1, 500)),
    "cartpole-frozen": Case("CartPole-v1", "after 40 steps perfect in ≥ 99%", perfect, {"max_steps": 40}),
    **{
        f"cartpole-{kind}": Case(DISTURBED, "first episode 500 in ≥ 99%", within(1, 500), {}, 20, _transformed(kind))
        for kind in ("permuted", "flipped", "scaled", "rotated")
    },
    "cartpole-noise": Case(
        DISTURBED, "500 within two episodes in ≥ 95%", within(2, 500), {"env_args": {"noise": 0.01}}, 20
    ),
    "cartpole-flips": Case(
        DISTURBED, "500 within two episodes in ≥ 95%", within(2, 500), {"env_args": {"flip": 0.05}}, 20
    ),
    "inverted-pendulum": Case("InvertedPendulum-v5", "1,000 within two episodes in ≥ 95%", within(2, 1000), {}, 10),
    "pendulum": Case("Pendulum-v1", "median ≥ -200", None, {"max_steps": 2_000}),
    "mountain-car-goal": Case("MountainCar-v0", "goal within 800 in ≥ 95%", goal_within(800, 200), {"max_steps": 800}),
    "mountain-car": Case("MountainCar-v0", "median ≥ -115", None, {"max_steps": 2_000}),
    "mountain-car-continuous": Case("MountainCarContinuous-v0", "median ≥ 90", None, {"max_steps": 3_000}),
    "acrobot": Case("Acrobot-v1", "median ≥ -100", None, {"max_steps": 10_000}),
    "inverted-double-pendulum": Case("InvertedDoublePendulum-v5", "report", None, {"max_steps": 3_000}, 100),
    "swimmer": Case("Swimmer-v5", "report", None, {"max_steps": 3_000}, 50),
    "reacher": Case("Reacher-v5", "report", None, {"max_steps": 3_000}, 100),
}


def run(case: Case, seed: int, **settings: Any) -> dict[str, Any]:
    """One run; settings given here go before those of the case."""
    arguments = {**case.settings, **settings}
    arguments["env_args"] = {**case.settings.get("env_args", {}), **case.varied(seed)}
    began = time.process_time()
    with tempfile.TemporaryDirectory() as scratch:
        found = poise.train(
            case.env, out=Path(scratch) / "run", seed=seed, workers=1, evaluation_episodes=case.episodes, **arguments
        )
        return {**found.result, "cpu_seconds": time.process_time() - began}


def gaussian_process(seed: int, steps: int) -> dict[str, Any] | None:
    """Gaussian-process search on CartPole with as many steps; ``None`` without its virtual environment."""
    python = python_of(DEFAULT_PLACE, "gaussian-process")
    if not python.exists():
        return None
    script = Path(__file__).parent / "peers" / "gaussian_process.py"
    told = subprocess.run(
        [python, script, "--seed", str(seed), "--steps", str(steps)], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def line(case: Case, result: Mapping[str, Any]) -> str:
    """One seed in words."""
    returns = " ".join(f"{episode['return']:.0f}" for episode in result["real_episodes"][:12])
    more = " …" if len(result["real_episodes"]) > 12 else ""
    verdict = "" if case.reached is None else ("  reached" if case.reached(result) else "  MISSED")
    return (
        f"seed {result['seed']:>4}{verdict}  final {result['evaluation']['mean']:9.2f}  "
        f"search {result['steps']['search']:>6,} steps, choosing {result['steps']['selection']:>6,}  "
        f"{result['cpu_seconds']:5.0f} s CPU  episodes {returns}{more}"
    )


def main() -> None:
    """Reads the arguments, runs the seeds, prints the sum of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", nargs="?", choices=[*CASES])
    parser.add_argument("--list", action="store_true", help="list the cases and what each is to reach")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=1_000)
    parser.add_argument(
        "--peer",
        action="store_true",
        help="also the default search with as many steps, and on CartPole Gaussian-process search (peers/make.py)",
    )
    parser.add_argument("--json", type=Path, help="where to write every single result")
    options = parser.parse_args()
    if options.list or options.case is None:
        for name, case in CASES.items():
            print(f"{name:<26} {case.env.rpartition(':')[2]:<38} {case.reach}")
        return
    case, rows, peers, processes = CASES[options.case], [], [], list[dict[str, Any]]()
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        rows.append(run(case, seed, frugal=True))
        print(line(case, rows[-1]), flush=True)
        if options.peer:
            try:
                peers.append(run(case, seed, max_steps=rows[-1]["steps"]["search"])["evaluation"]["mean"])
                print(f"          the default search with as many steps: {peers[-1]:.2f}", flush=True)
            except PoiseError as error:
                print(f"          the default search: {error}", flush=True)
            if case.env == "CartPole-v1" and (peer := gaussian_process(seed, rows[-1]["steps"]["search"])):
                processes.append(peer)
                first = peer["first_500"] or {"episodes": "more than 40", "steps": f"more than {peer['steps']}"}
                print(
                    f"          Gaussian-process search: {peer['mean']:.2f}; its first 500 took "
                    f"{first['episodes']} episodes, {first['steps']} steps",
                    flush=True,
                )
    finals = [row["evaluation"]["mean"] for row in rows]
    print(f"\n{options.case}, {case.reach}; {platform.processor() or platform.machine()}")
    if case.reached is not None:
        print(f"reached by {sum(map(case.reached, rows))} of {len(rows)} seeds")
    print(f"final policy: median {statistics.median(finals):.2f}, worst {min(finals):.2f}, best {max(finals):.2f}")
    if peers:
        print(f"default search, same steps: median {statistics.median(peers):.2f}, worst {min(peers):.2f}")
    if processes:
        means, firsts = [p["mean"] for p in processes], [p["first_500"] for p in processes if p["first_500"]]
        print(f"Gaussian-process search, same steps: median {statistics.median(means):.2f}, worst {min(means):.2f}")
        print(f"it saw 500 within 40 episodes in {len(firsts)} of {len(processes)} seeds")
    if options.json is not None:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
