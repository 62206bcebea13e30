"""Feeds every loader bytes that atheris finds by coverage, for ten minutes or as long as you say.

    pip install atheris
    python benchmarks/fuzz.py [--minutes 10] [--only KIND] [--keep FOLDER]

Each kind of file has its share of the time, in a process of its own, and begins with the files of real runs. A
checkpoint's checksum is reckoned anew, so that its body is what is tried. An error other than poise's own, an answer
that takes longer than ten seconds and more than a gibibyte of memory are findings: the input is left in the folder, and
belongs into tests/runs/inputs once it is mended.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

SUITE = b'seeds = 2\nenvironments = ["CartPole-v1"]\noptimizers = ["snes"]\nbudgets = [200]\n[train]\nworkers = 1\n'
FEW: dict[str, Any] = {"selection_episodes": 2, "evaluation_episodes": 2, "workers": 1}


def main() -> None:
    """Fuzzes one kind after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, help="for all kinds together")
    parser.add_argument("--only", default="", help="kinds whose name contains this")
    parser.add_argument("--keep", type=Path, default=Path("findings"), help="where findings go")
    parser.add_argument("--child", nargs=2, metavar=("KIND", "FOLDER"), help=argparse.SUPPRESS)
    arguments, rest = parser.parse_known_args()
    if arguments.child:
        kind, corpus_folder = arguments.child
        fuzz(kind, corpus_folder, rest)
        return
    arguments.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        kinds = [kind for kind in corpus(Path(folder)) if arguments.only in kind]
        failed = [kind for kind in kinds if not started(kind, Path(folder), arguments, 60 / len(kinds))]
    print(f"findings in: {', '.join(failed) or 'none'}")
    raise SystemExit(bool(failed))


def started(kind: str, folder: Path, arguments: argparse.Namespace, share: float) -> bool:
    """Fuzzes one kind in a process of its own; whether nothing was found."""
    command = [sys.executable, __file__, "--child", kind, str(folder / kind)]
    limits = [f"-max_total_time={arguments.minutes * share:.0f}", "-timeout=10", "-rss_limit_mb=1024", "-max_len=20000"]
    prefix = f"-artifact_prefix={arguments.keep}/{kind}-"
    done = subprocess.run([*command, *limits, prefix], capture_output=True, text=True, check=False)
    last = [line for line in done.stderr.splitlines() if line.startswith(("Done", "stat::", "#"))][-1:]
    print(f"{kind:<11} {'nothing found' if done.returncode == 0 else 'FOUND'}; {' '.join(last)}", flush=True)
    if done.returncode:
        print(done.stdout[-3_000:], done.stderr[-3_000:])
    return done.returncode == 0


def corpus(folder: Path) -> list[str]:
    """Writes the files of real runs into a folder for each kind."""
    import poise
    from poise.testing.loaders import CHECKPOINTS, LOADERS

    for kind in LOADERS:
        (folder / kind).mkdir()
    searched = {"engine": "gymnasium", "policy": "linear", "max_episodes": 20}
    runs: dict[str, tuple[str, dict[str, Any]]] = {
        "checkpoint": ("CartPole-v1", {**searched, "optimizer": "cma_es"}),
        "frugal": ("CartPole-v1", {"frugal": True, "max_steps": 60, "engine": "gymnasium"}),
        "table": ("FrozenLake-v1", {"max_episodes": 60}),
    }
    for name, (env, settings) in runs.items():
        path = poise.train(env, out=folder / "runs" / name, **{**FEW, **settings}).path
        for kind, file in (("policy", "policy.json"), ("config", "config.json"), ("metrics", "metrics.jsonl")):
            (folder / kind / name).write_bytes((path / file).read_bytes())
        (folder / name / "seed").write_bytes((path / "checkpoint").read_bytes().partition(b"\n")[2])
    (folder / "suite" / "seed").write_bytes(SUITE)
    assert set(CHECKPOINTS) == set(runs)
    return list(LOADERS)


def fuzz(kind: str, folder: str, rest: list[str]) -> None:
    """Does not come back."""
    import atheris

    with atheris.instrument_imports(include=["poise", "tomllib", "jsonschema"]):
        from poise.testing.loaders import CHECKPOINTS, load_bytes, sealed

    def once(data: bytes) -> None:
        said = load_bytes(kind, sealed(data) if kind in CHECKPOINTS else data)
        if said is not None and not 0 < len(said) < 3_000:
            raise AssertionError(f"an error of {len(said)} letters")

    atheris.Setup([sys.argv[0], folder, *rest], once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
