"""`poise benchmark`: runs a suite of searches on all cores, and puts them side by side."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from poise.cli import options
from poise.cli.output import note, print_json, say

if TYPE_CHECKING:
    from poise.suites.benchmark import Benchmark

STOPPED_AND_RESUMABLE = 3
"""Exit code of a benchmark that the same command goes on with."""


def command(
    suite: Annotated[str, typer.Argument(metavar="SUITE", help="The suite file, for instance suite.toml.")],
    out: Annotated[str | None, typer.Option(help="The benchmark's directory. [default: runs/suites/NAME]")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes at a time. [default: one a core]")] = None,
    env: options.Named = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> int:
    """Run every environment × method × seed of a suite, and compare; the same command goes on where it was stopped."""
    options.import_named(env)
    from poise.cli.benchmark_progress import benchmark_progress
    from poise.suites.benchmark import run
    from poise.suites.suite import read

    directory = out or str(Path("runs") / "suites" / Path(suite).stem)
    with benchmark_progress(quiet) as observe:
        done = run(read(suite), directory, workers=workers, observe=observe)
    again = shlex.join(["poise", "benchmark", suite, *(["--out", out] if out else [])])
    return report(done, again, as_json)


def report(done: Benchmark, again: str, as_json: bool) -> int:
    """Prints what a benchmark has come to, and returns the exit code."""
    from poise.suites import tables

    results, total = done.results, len(done.results.suite.cells)
    if as_json:
        print_json(
            {
                "benchmark": str(done.path),
                "runs": total,
                "finished": len(results.lines),
                "failed": dict(results.failures),
                "spoiled": results.spoiled,
                "interrupted": done.interrupted,
                **({} if done.interrupted else tables.to_json(results)),
            }
        )
    elif not done.interrupted:
        for line in tables.text(results):
            say(line)
        say(f"written to {done.path}: table.md, results.jsonl, profiles.svg, curves/")
    if done.interrupted:
        note(f"stopped with {len(results.lines)} of {total} runs finished; nothing is lost. Go on with: {again}")
        return STOPPED_AND_RESUMABLE
    for name, reason in results.spoiled.items():
        note(f"spoiled: {name}: {reason}")
    for name, reason in results.failures.items():
        note(f"failed: {name}: {reason}")
    if results.failures:
        note(f"{len(results.failures)} of {total} runs have no result; the same command tries them again")
        return 1 if done.faults else 2
    return 0
