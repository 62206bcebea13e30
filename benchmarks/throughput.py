"""Environment steps a second with a linear policy in the loop: poise and its peers, in one run, on one processor.

    python benchmarks/peers/make.py
    python benchmarks/throughput.py [--repeats 3] [--seconds 2] [--json throughput.json]

Machines are noisy, so every contestant is measured in every repeat, one after another, and its best counts, by the time
of the processor (by the wall clock where all processors play). The figures to look at are the ratios. Peers whose
virtual environment is missing are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import TypeAlias

from peers.make import DEFAULT_PLACE, python_of  # type: ignore[import-not-found]
from peers.workload import FEATURES  # type: ignore[import-not-found]

HERE = Path(__file__).parent / "peers"
Rates: TypeAlias = dict[str, float | None]

POISE = "poise, lanes"


def contestants(place: Path) -> dict[str, list[str]]:
    """A command for each, to which seconds and environments are added."""
    own = sys.executable
    commands = {
        POISE: [own, str(HERE / "poise_steps.py"), "lanes", "1"],
        "poise, lanes, short": [own, str(HERE / "poise_steps.py"), "short", "1"],
        "poise, lanes, all processors": [own, str(HERE / "poise_steps.py"), "lanes", str(os.cpu_count() or 1)],
        "poise, exact": [own, str(HERE / "poise_steps.py"), "exact", "1"],
        "Gymnasium": [own, str(HERE / "gymnasium_steps.py")],
        "Gymnasium, vectorised": [own, str(HERE / "gymnasium_vector_steps.py")],
    }
    for peer in ("envpool", "gymnax"):
        if python_of(place, peer).exists():
            commands[peer] = [str(python_of(place, peer)), str(HERE / f"{peer}_steps.py")]
        else:
            print(f"{peer} is left out: benchmarks/peers/make.py has not made it", file=sys.stderr)
    return commands


def measure(commands: dict[str, list[str]], repeats: int, seconds: float) -> dict[str, Rates]:
    """The best rate of each contestant in each environment."""
    best: dict[str, Rates] = {name: dict.fromkeys(FEATURES) for name in commands}
    for repeat in range(repeats):
        for name, command in commands.items():
            done = subprocess.run([*command, str(seconds), *FEATURES], capture_output=True, text=True)
            if done.returncode != 0:
                print(f"{name} failed: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
                continue
            for identifier, found in json.loads(done.stdout.splitlines()[-1]).items():
                best[name][identifier] = max(filter(None, (found, best[name][identifier])), default=None)
        print(f"repeat {repeat + 1} of {repeats} done", file=sys.stderr)
    return best


def table(best: dict[str, Rates]) -> str:
    """Millions of steps a second, and in brackets how many times as fast poise's lanes are."""
    lines = ["| steps a second, millions | " + " | ".join(FEATURES) + " |", "|---" * (len(FEATURES) + 1) + "|"]
    for name, rates in best.items():
        cells = []
        for identifier, found in rates.items():
            ours = best[POISE][identifier]
            ratio = f" ({ours / found:.3g} ×)" if ours and found and name != POISE else ""
            cells.append("—" if found is None else f"{found / 1e6:.3g}{ratio}")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def machine() -> dict[str, object]:
    """What was measured on."""
    model = platform.processor()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return {"processor": model, "processors": os.cpu_count(), "python": platform.python_version()}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--peers", type=Path, default=DEFAULT_PLACE, help="where peers/make.py put them")
    parser.add_argument("--json", type=Path, help="also write the rates here")
    options = parser.parse_args()
    best = measure(contestants(options.peers), options.repeats, options.seconds)
    print(table(best))
    if options.json is not None:
        found = {"machine": machine(), "steps_per_second": best}
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
