"""`poise resume`: goes on with a run that was stopped."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from poise.cli import options
from poise.cli.output import note
from poise.cli.progress import progress
from poise.cli.train import report


def command(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's directory.")],
    max_steps: Annotated[int | None, typer.Option(help="A larger budget of steps.")] = None,
    max_episodes: Annotated[int | None, typer.Option(help="A larger budget of episodes.")] = None,
    max_seconds: Annotated[float | None, typer.Option(help="A larger budget of seconds.")] = None,
    target: Annotated[float | None, typer.Option(help="Another target.")] = None,
    workers: options.Workers = None,
    step_seconds: options.StepSeconds = 300.0,
    tensorboard: options.TensorBoard = False,
    env: options.Named = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> int:
    """Go on with a run that was stopped, to the result it would have had."""
    options.import_named(env)
    from poise.runs.train import is_finished, resume

    changes: dict[str, Any] = {
        "max_steps": max_steps,
        "max_episodes": max_episodes,
        "max_seconds": max_seconds,
        "target": target,
    }
    if is_finished(run) and not any(value is not None for value in changes.values()):
        note("this run is finished; a larger budget (--max-steps, …) lets its search go on")
    with progress(quiet) as observe:
        resumed = resume(
            run, observe=observe, workers=workers, step_seconds=step_seconds, tensorboard=tensorboard, **changes
        )
    return report(resumed, as_json)
