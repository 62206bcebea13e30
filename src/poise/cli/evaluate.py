"""`poise evaluate`: what a policy does on fresh episodes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from poise.cli import options
from poise.cli.output import evaluation_lines, note, print_json, say
from poise.cli.progress import progress

if TYPE_CHECKING:
    from poise.evaluation import EpisodeRows


def command(
    run_or_policy: options.RunOrPolicy,
    episodes: Annotated[int | None, typer.Option(help="How many. [default: 1,000, fewer where they are long]")] = None,
    seed: options.Seed = 0,
    threshold: Annotated[
        float | None, typer.Option(help="The return of a success. [default: the environment's own]")
    ] = None,
    confidence: Annotated[float, typer.Option(help="Of the intervals, between 0 and 1.")] = 0.95,
    episodes_out: Annotated[
        str | None, typer.Option(metavar="FILE.csv", help="Write a row an episode: seed, return, length, how it ended.")
    ] = None,
    engine: options.Engine = "auto",
    workers: options.Workers = None,
    step_seconds: options.StepSeconds = 300.0,
    env: options.Named = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> int:
    """Play fresh episodes of a policy: others than it was searched for, chosen or reported with."""
    options.import_named(env)
    from poise.runs.assess import evaluate_with_rows
    from poise.runs.files import check_writable
    from poise.runs.policy import load

    if episodes_out is not None:
        check_writable(Path(episodes_out))
    policy = load(run_or_policy)
    with progress(quiet) as observe:
        evaluation, rows, engine_name = evaluate_with_rows(
            policy,
            episodes,
            seed=seed,
            threshold=threshold,
            confidence=confidence,
            engine=engine,
            workers=workers,
            step_seconds=step_seconds,
            observe=observe,
        )
    if episodes_out is not None:
        _write_rows(Path(episodes_out), rows)
    usage = rows.batch.usage
    result = {
        "policy": policy.architecture.name,
        "env": policy.environment.id,
        "parameters": policy.parameters.tolist(),
        "evaluation": evaluation.to_json(),
        "steps": {"evaluation": usage.steps},
        "episodes": {"evaluation": usage.episodes},
        "engine": engine_name,
        "seed": seed,
    }
    if as_json:
        print_json(result)
        return 0
    say(f"{policy.environment.id}  {policy.architecture.name} policy")
    for line in evaluation_lines(result["evaluation"], indent="  "):
        say(line)
    if episodes_out is not None:
        note(f"episodes written to {episodes_out}")
    return 0


def _write_rows(path: Path, rows: EpisodeRows) -> None:
    from poise.runs.files import write_atomic

    batch = rows.batch
    lines = ["seed,return,length,terminated,truncated"]
    for seed, value, length, terminated, truncated in zip(
        rows.seeds.tolist(),
        batch.returns[0].tolist(),
        batch.lengths[0].tolist(),
        batch.terminated[0].tolist(),
        batch.truncated[0].tolist(),
        strict=True,
    ):
        lines.append(f"{seed},{value!r},{length},{terminated},{truncated}")
    write_atomic(path, "\n".join(lines) + "\n")
