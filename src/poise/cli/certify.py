"""`poise certify`: proves, or disproves, that a policy reaches a return often enough."""

from __future__ import annotations

from typing import Annotated

import typer

from poise.cli import options
from poise.cli.output import percent, print_json, say
from poise.cli.progress import progress
from poise.words import number


def command(
    run_or_policy: options.RunOrPolicy,
    return_at_least: Annotated[float, typer.Option(help="The return that counts as a success.")],
    probability: Annotated[float, typer.Option(help="The share of successes to be proven, between 0 and 1.")],
    confidence: Annotated[float, typer.Option(help="How sure the answer must be, between 0 and 1.")] = 0.99,
    max_episodes: Annotated[int, typer.Option(help="Where to give up.")] = 10_000_000,
    seed: options.Seed = 0,
    engine: options.Engine = "auto",
    workers: options.Workers = None,
    step_seconds: options.StepSeconds = 300.0,
    env: options.Named = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> int:
    """Play fresh episodes until it is proven whether a return is reached with a probability, yes or no."""
    options.import_named(env)
    from poise.runs.assess import certify

    with progress(quiet) as observe:
        certificate = certify(
            run_or_policy,
            return_at_least=return_at_least,
            probability=probability,
            confidence=confidence,
            max_episodes=max_episodes,
            seed=seed,
            engine=engine,
            workers=workers,
            step_seconds=step_seconds,
            observe=observe,
        )
    if as_json:
        print_json(certificate.to_json())
        return 0
    answer = {True: "yes", False: "no", None: "undecided"}[certificate.certified]
    say(
        f"{answer}: P(return ≥ {number(return_at_least)}) ≥ {probability:g} "
        + ("was not settled" if certificate.certified is None else f"is {'proven' if answer == 'yes' else 'refuted'}")
        + f" at {confidence:.4g} confidence after {certificate.episodes:,} fresh episodes"
    )
    say(
        f"  {certificate.successes:,} successes, {percent(certificate.success_rate)}; "
        f"the probability is in [{certificate.low:.6f}, {certificate.high:.6f}] ({certificate.method})"
    )
    return 0
