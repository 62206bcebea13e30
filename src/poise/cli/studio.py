"""`poise studio`: serves the page on which runs are listed, watched and understood."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from poise.cli import options
from poise.cli.output import note, print_json, say
from poise.cli.watch import RUNS, Port
from poise.errors import InvalidValueError


def command(
    runs: Annotated[Path, typer.Argument(metavar="[RUNS]", help="The folder of the runs.")] = RUNS,
    port: Port = None,
    host: Annotated[
        str, typer.Option(help="Where to listen. Others than this machine need the token in the address shown.")
    ] = "127.0.0.1",
    browser: Annotated[bool, typer.Option(help="Open the page in a browser where there is a screen.")] = True,
    as_json: options.AsJson = False,
) -> int:
    """Serve the studio: runs, their curves and policies, in a browser. Ctrl-C ends it."""
    import secrets

    from poise.studio.app import create_app
    from poise.studio.server import LOOPBACK_ADDRESSES, open_browser_if_possible, serve

    if runs.exists() and not runs.is_dir():
        raise InvalidValueError(
            f"expected a folder of runs, got the file {runs}; to watch one policy: poise watch {runs}"
        )
    token = None if host in LOOPBACK_ADDRESSES else secrets.token_urlsafe(16)

    def ready(address: str) -> None:
        if as_json:
            print_json({"address": address, "runs": str(runs)})
        else:
            say(f"the studio is at {address}  (Ctrl-C ends)")
        if browser:
            open_browser_if_possible(address)

    serve(create_app(runs=runs, token=token), port, host, on_ready=ready, on_notice=note, token=token)
    return 0
