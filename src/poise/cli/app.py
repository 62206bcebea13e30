"""The commands of `poise`. Each stands in a file of its own and imports what it needs when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from poise.cli import benchmark, certify, doctor, envs, evaluate, export, play, resume, studio, train, watch

app = typer.Typer(
    name="poise",
    help="Small policies for Gymnasium environments: found fast, proven honest, watched live.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: in half the time, on the width there is, and brackets stay
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"poise {version('poise')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks and log what happens. May stand anywhere.")
    ] = False,
) -> None:
    """Options that every command takes."""


app.command("train")(train.command)
app.command("resume")(resume.command)
app.command("evaluate")(evaluate.command)
app.command("certify")(certify.command)
app.command("benchmark")(benchmark.command)
app.command("studio")(studio.command)
app.command("watch")(watch.command)
app.command("play")(play.command)
app.command("export")(export.command)
app.command("envs")(envs.command)
app.command("doctor")(doctor.command)
