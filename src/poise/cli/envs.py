"""`poise envs`: which environments are installed, and what poise can do with each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from poise.cli import options
from poise.cli.output import print_json, say
from poise.words import counted

if TYPE_CHECKING:
    from poise.types import Json


def command(
    name: Annotated[str | None, typer.Argument(metavar="[TEXT]", help="Only those whose name contains this.")] = None,
    as_json: options.AsJson = False,
) -> int:
    """List the environments that are installed, and what poise can do with each."""
    from poise.rollouts.environments import installed

    rows = [_row(identifier) for identifier in installed() if (name or "").lower() in identifier.lower()]
    if as_json:
        print_json({"environments": rows})
        return 0
    width = max((len(row["env"]) for row in rows), default=0)
    for row in rows:
        say(f"{row['env']:<{width}}  {_words(row)}")
    if not rows:
        say(f"no environment has {name!r} in its name")
    return 0


def _row(identifier: str) -> dict[str, Json]:
    from poise.rollouts.environments import describe

    info, reason = describe(identifier)
    row: dict[str, Json] = {"env": identifier, "supported": info is not None, "reason": reason or None}
    if info is not None:
        row |= {
            "features": info.observation.size,
            "action": info.action.kind,
            "outputs": info.action.outputs,
            "max_episode_steps": info.max_episode_steps,
            "time_limit_is_ours": info.time_limit_is_ours,
            "reward_threshold": info.reward_threshold,
        }
    return row


def _words(row: dict[str, Json]) -> str:
    if not row["supported"]:
        return f"no   {row['reason']}"
    limit = counted(row["max_episode_steps"], "step") + (" (set by poise)" if row["time_limit_is_ours"] else "")
    solved = "" if row["reward_threshold"] is None else f", solved at {row['reward_threshold']:g}"
    features, outputs = counted(row["features"], "feature"), counted(row["outputs"], "output")
    return f"yes  {features}, {row['action']} action ({outputs}), {limit}{solved}"
