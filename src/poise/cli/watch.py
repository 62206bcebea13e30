"""`poise watch`: serves a page on which a policy can be watched."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from poise.cli import options
from poise.cli.output import note, print_json, say

if TYPE_CHECKING:
    from poise.rollouts.recording import Recording
    from poise.runs.policy import Policy

RUNS = Path("runs")
"""Where `poise train` puts its runs, seen from where one is."""

Port = Annotated[
    int | None, typer.Option(min=0, max=65535, help="Where to serve. [default: 3000, or a free one if that is taken]")
]


def command(
    run_or_policy: options.RunOrPolicy,
    port: Port = None,
    seed: Annotated[
        int | None, typer.Option(help="The episode shown first. [default: the first of the evaluation, or of --frugal]")
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser where there is a screen.")] = True,
    env: options.Named = None,
    as_json: options.AsJson = False,
) -> int:
    """Serve a page on which the policy can be watched; Ctrl-C ends it."""
    options.import_named(env)
    from poise.runs.lived import lived_episodes
    from poise.runs.policy import load

    policy = load(run_or_policy)
    lived = lived_episodes(run_or_policy, policy)
    watch(policy, port=port, seed=seed, browser=browser, as_json=as_json, lived=lived)
    return 0


def watch(
    policy: Policy,
    *,
    port: int | None,
    seed: int | None,
    browser: bool,
    as_json: bool,
    lived: Mapping[int, Recording] | None = None,
) -> None:
    """Serves the page until Ctrl-C."""
    from poise.rollouts.environments import close
    from poise.studio.app import create_app
    from poise.studio.server import open_browser_if_possible, serve
    from poise.studio.source import Watched

    close(policy.make_env())  # what cannot be played is said now, and not in the page

    def ready(address: str) -> None:
        if as_json:
            print_json({"address": address, "env": policy.environment.id})
        else:
            say(f"watch it at {address}  (Ctrl-C ends)")
        if browser:
            open_browser_if_possible(address)

    serve(create_app(Watched.of(policy, seed, lived), runs=RUNS), port, on_ready=ready, on_notice=note)
