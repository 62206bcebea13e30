"""`poise export`: an episode of a policy as a file to take along."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from poise.cli import options
from poise.cli.output import print_json, say
from poise.words import counted


def command(
    run_or_policy: options.RunOrPolicy,
    html: Annotated[
        Path | None, typer.Option("--html", help="A page that replays it, in one file: no server, no network.")
    ] = None,
    gif: Annotated[Path | None, typer.Option("--gif", help="A picture that moves.")] = None,
    mp4: Annotated[Path | None, typer.Option("--mp4", help="A film; needs poise[video].")] = None,
    webm: Annotated[Path | None, typer.Option("--webm", help="A film; needs poise[video].")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="Observations, actions and rewards, a row a step.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the episode. [default: the first one of the evaluation]")] = None,
    as_json: options.AsJson = False,
) -> int:
    """Write an episode of the policy as HTML, GIF, film or table; several at once if wanted."""
    from poise.errors import InvalidValueError, OutputError
    from poise.runs.files import check_writable
    from poise.runs.policy import load
    from poise.studio.episodes import play
    from poise.studio.source import Watched
    from poise.studio.take_along import file_of

    wanted = {"html": html, "gif": gif, "mp4": mp4, "webm": webm, "csv": csv}
    files = {kind: path for kind, path in wanted.items() if path is not None}
    if not files:
        raise InvalidValueError("expected at least one of --html, --gif, --mp4, --webm, --csv, each with a file")
    for path in files.values():
        check_writable(path)
    watched = Watched.of(load(run_or_policy), seed)
    episode = play(watched.record, watched.first_seed)
    written = []
    for kind, path in files.items():
        content = file_of(kind, episode, watched)
        try:
            path.write_bytes(content)
        except OSError as error:
            raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
        written.append({"file": str(path), "bytes": len(content)})
        if not as_json:
            say(f"{path}  {len(content) / 1000:,.0f} kB")
    score, steps = episode.recording.score, len(episode.recording.actions)
    if as_json:
        print_json({"seed": watched.first_seed, "return": score, "length": steps, "files": written})
    else:
        say(f"seed {watched.first_seed}: return {score:,.1f} in {counted(steps, 'step')}; {episode.check.lower()}")
    return 0
