"""Makes a virtual environment for each peer that poise is measured against, with the versions named here.

    python benchmarks/peers/make.py [--into ~/.cache/poise-peers]

Takes some minutes and about a gigabyte. `benchmarks/throughput.py` and `frugal.py` then find them.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import venv
from pathlib import Path

# six: gymnax imports it without saying so in its requirements.
PEERS = {
    "envpool": ["envpool==1.2.5"],
    "gymnax": ["gymnax==1.0.1", "jax[cpu]==0.10.2", "six"],
    "gaussian-process": ["bayesian-optimization==3.4.0", "gymnasium==1.4.0"],
}
DEFAULT_PLACE = Path.home() / ".cache" / "poise-peers"


def python_of(place: Path, peer: str) -> Path:
    """The interpreter of a peer's virtual environment."""
    return place / peer / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def main() -> None:
    """Makes what is missing; says what cannot be installed, and goes on."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", type=Path, default=DEFAULT_PLACE)
    place = parser.parse_args().into
    for peer, packages in PEERS.items():
        if not python_of(place, peer).exists():
            venv.create(place / peer, with_pip=True)
        done = subprocess.run([python_of(place, peer), "-m", "pip", "install", "--quiet", *packages])
        print(f"{peer}: {'ready' if done.returncode == 0 else 'cannot be installed here'}")


if __name__ == "__main__":
    main()
