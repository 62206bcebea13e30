"""`poise play`: the studio, opened on a game."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from poise.cli import options
from poise.cli.output import note, print_json, say
from poise.cli.watch import RUNS, Port


def command(
    env: Annotated[str, typer.Argument(metavar="ENV", help="Gymnasium's identifier of the environment.")],
    race: Annotated[
        str | None, typer.Option(metavar="RUN_OR_POLICY", help="A policy to race against: a run, or a policy's file.")
    ] = None,
    runs: Annotated[Path, typer.Option(help="The folder of the runs; their policies can be raced too.")] = RUNS,
    seed: Annotated[int | None, typer.Option(help="Of the first game. [default: any]")] = None,
    port: Port = None,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser where there is a screen.")] = True,
    as_json: options.AsJson = False,
) -> int:
    """Serve a page on which a person plays the environment, alone or against a policy; Ctrl-C ends it."""
    from urllib.parse import quote, urlencode

    from poise.errors import InvalidValueError
    from poise.rollouts.environments import close, make
    from poise.runs.policy import load
    from poise.seeding import check_seed
    from poise.studio.app import create_app
    from poise.studio.controls import controls_of
    from poise.studio.server import open_browser_if_possible, serve
    from poise.studio.source import Watched
    from poise.types import EnvironmentSpec

    environment = make(EnvironmentSpec(env))  # its module, if one is named before a colon, is imported here
    identifier = environment.spec.id if environment.spec is not None else env
    close(environment)
    controls_of(EnvironmentSpec(identifier))  # what cannot be played is said now, and not in the page
    policy = None if race is None else load(race)
    if policy is not None and policy.environment.id != identifier:
        raise InvalidValueError(
            f"expected a policy for {identifier} to race against, {race} is for {policy.environment.id}"
        )
    query = {"seed": None if seed is None else check_seed(seed), "race": None if policy is None else "."}
    given = urlencode({name: value for name, value in query.items() if value is not None})

    def ready(address: str) -> None:
        page = f"{address}play/{quote(identifier)}{'?' if given else ''}{given}"
        if as_json:
            print_json({"address": page, "env": identifier})
        else:
            say(f"play at {page}  (Ctrl-C ends)")
        if browser:
            open_browser_if_possible(page)

    watched = None if policy is None else Watched.of(policy)
    serve(create_app(watched, runs=runs), port, on_ready=ready, on_notice=note)
    return 0
