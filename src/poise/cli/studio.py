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
    env: options.Named = None,
    as_json: options.AsJson = False,
) -> int:
    """Serve the studio: runs, their curves and policies, in a browser. Ctrl-C ends it."""
    options.import_named(env)
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


def train_in_studio(context: typer.Context, env: str, seed: int, out: str | None, browser: bool = True) -> int:
    """Begins the training of a command line in a process of its own, and serves the page on which it is followed.

    Args:
        context: of the command `poise train`, whose other options the training is given.
        env: the environment.
        seed: of the run.
        out: the run's directory, if one was named.
        browser: whether to open the page where there is a screen.
    """
    from poise.studio.app import create_app
    from poise.studio.server import open_browser_if_possible, serve
    from poise.studio.trainings import Order

    root = RUNS if out is None else Path(out).resolve().parent
    app = create_app(runs=root)
    trainings = app.state.trainings
    name = trainings.free_name(Order(env, seed)) if out is None else Path(out).name
    given = _words_of(context, without={"studio", "watch", "as_json", "quiet", "out"})

    def ready(address: str) -> None:
        trainings.begin(name, ["train", *given, "--out", str(root / name)])
        say(f"watch it learn at {address}runs/{name}  (Ctrl-C ends, and keeps everything)")
        if browser:
            open_browser_if_possible(f"{address}runs/{name}")

    serve(app, None, on_ready=ready, on_notice=note)
    return 0


def _words_of(context: typer.Context, without: set[str]) -> list[str]:
    """What was given on the command line, as words that give the same again."""
    words: list[str] = []
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if name in without or source is None or source.name != "COMMANDLINE":
            continue
        value = context.params[name]
        if parameter.param_type_name == "argument":
            words.append(str(value))
        elif getattr(parameter, "is_flag", False):
            words.append((parameter.opts if value else parameter.secondary_opts)[0])
        else:
            for one in value if parameter.multiple else [value]:
                words += [parameter.opts[0], str(one)]
    return words
