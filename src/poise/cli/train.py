"""`poise train`: searches for a policy, chooses one, and reports it on fresh episodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from poise.cli import options
from poise.cli.output import evaluation_lines, note, print_json, say
from poise.cli.progress import progress
from poise.words import counted

if TYPE_CHECKING:
    from poise.runs.report import Run

STOPPED_AND_RESUMABLE = 3


def command(
    context: typer.Context,
    env: Annotated[str, typer.Argument(metavar="ENV", help="Gymnasium's identifier, for instance CartPole-v1.")],
    seed: options.Seed = 0,
    out: Annotated[str | None, typer.Option(help="The run's directory. [default: runs/ENV/TIME-SEED]")] = None,
    policy: Annotated[
        str, typer.Option(help="auto, linear, linear+bias, quadratic, table, mlp:8, mlp:16,16, …")
    ] = "auto",
    optimizer: Annotated[str, typer.Option(help="What searches: auto, cma_es, snes, ars, …")] = "auto",
    optimizer_arg: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="An option of the optimizer. Repeatable.")
    ] = None,
    max_steps: Annotated[
        int | None, typer.Option(help="Environment steps of the search. [default: by the plan, if no limit is given]")
    ] = None,
    max_episodes: Annotated[int | None, typer.Option(help="Episodes of the search.")] = None,
    max_seconds: Annotated[float | None, typer.Option(help="Seconds of the search.")] = None,
    target: Annotated[float | None, typer.Option(help="Stop once fresh episodes confirm this mean return.")] = None,
    env_arg: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="An argument of the environment. Repeatable.")
    ] = None,
    episodes_per_candidate: Annotated[
        str | None,
        typer.Option(metavar="N[,N…]", help="Episodes a candidate; the next when scores stall. [default: 1,3,10]"),
    ] = None,
    normalize: Annotated[
        str, typer.Option(help="Scale of the observations: auto, none, probe (measured first), running (followed).")
    ] = "auto",
    common_episodes: Annotated[
        bool, typer.Option(help="Whether the candidates of a generation meet the same episodes.")
    ] = True,
    survival_bonus: Annotated[
        float, typer.Option(help="Reward of a step that the search is not told of; the result is told of all.")
    ] = 0.0,
    selection_episodes: Annotated[
        int | None,
        typer.Option(help="Fresh episodes the chosen policy must have played. [default: 100 to 200, 1,000 compiled]"),
    ] = None,
    confirmation_episodes: Annotated[
        int | None,
        typer.Option(help="Flawless fresh episodes that end the search. [default: 100, 100,000 compiled]"),
    ] = None,
    evaluation_episodes: Annotated[
        int | None, typer.Option(help="Fresh episodes of the evaluation. [default: 100 to 1,000, 10,000 compiled]")
    ] = None,
    engine: options.Engine = "auto",
    workers: options.Workers = None,
    step_seconds: options.StepSeconds = 300.0,
    frugal: Annotated[
        bool, typer.Option("--frugal", help="Learn a model while playing, in as few real steps as can be.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and why, and do nothing.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Then serve the page on which the policy is watched.")] = False,
    tensorboard: options.TensorBoard = False,
    studio: Annotated[bool, typer.Option("--studio", help="Train and watch it learn in the browser.")] = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> int:
    """Search for a small policy for ENV, and say honestly how good it is."""
    settings: dict[str, Any] = {
        "seed": seed,
        "policy": policy,
        "optimizer": optimizer,
        "optimizer_args": options.parse_pairs(optimizer_arg or [], "--optimizer-arg"),
        "env_args": options.parse_pairs(env_arg or [], "--env-arg"),
        "max_steps": max_steps,
        "max_episodes": max_episodes,
        "max_seconds": max_seconds,
        "target": target,
        "episodes_per_candidate": options.parse_integers(episodes_per_candidate, "--episodes-per-candidate"),
        "normalize": normalize,
        "common_episodes": common_episodes,
        "survival_bonus": survival_bonus,
        "selection_episodes": selection_episodes,
        "confirmation_episodes": confirmation_episodes,
        "evaluation_episodes": evaluation_episodes,
        "engine": engine,
        "frugal": frugal,
    }
    if dry_run:
        return _show_plan(env, settings, as_json)
    if studio:
        from poise.cli.studio import train_in_studio
        from poise.runs.config import TrainConfig
        from poise.runs.train import check

        check(TrainConfig(env, **settings))  # what cannot be done is said here, and not in the page
        return train_in_studio(context, env, seed, out)
    from poise.runs.train import train

    with progress(quiet) as observe:
        run = train(
            env,
            out=out,
            observe=observe,
            workers=workers,
            step_seconds=step_seconds,
            tensorboard=tensorboard,
            **settings,
        )
    code = report(run, as_json)
    if watch and not run.interrupted:
        from poise.cli.watch import watch as serve

        serve(run.policy, port=None, seed=None, browser=True, as_json=False)
    return code


def _show_plan(env: str, settings: dict[str, Any], as_json: bool) -> int:
    from poise.runs.train import dry_run

    lines = dry_run(env, **settings)
    if as_json:
        print_json({"plan": [" ".join(line.split()) for line in lines]})
    else:
        for line in lines:
            say(line)
    return 0


def report(run: Run, as_json: bool) -> int:
    """Prints how a run ended, and returns the exit code."""
    if as_json:
        print_json(dict(run.result))
    else:
        for line in _lines(run):
            say(line)
    if run.interrupted:
        note(f"stopped; nothing is lost. Go on with: poise resume {run.path}")
        return STOPPED_AND_RESUMABLE
    return 0


def _lines(run: Run) -> list[str]:
    result = run.result
    lines = [f"{result['env']}  {result['policy']} policy, {counted(len(result['parameters']), 'number')}"]
    if len(result["parameters"]) <= 8:
        lines.append("  parameters  " + "  ".join(f"{value:.4g}" for value in result["parameters"]))
    if result["evaluation"] is not None:
        lines += evaluation_lines(result["evaluation"], indent="  ")
    steps, episodes = result["steps"], result["episodes"]
    lines.append(
        "  paid        "
        + ", ".join(
            f"{phase} {counted(episodes[phase], 'episode')} ({counted(steps[phase], 'step')})" for phase in steps
        )
    )
    failures = result.get("failed_episodes", {})  # runs of before these were counted have none
    if any(failures.values()):
        failed = ", ".join(f"{phase} {counted(count, 'episode')}" for phase, count in failures.items() if count)
        lines.append(f"  failed      {failed}; each has the worst score. The first: {result['first_failure']}")
    if result.get("time_limit_is_ours"):
        limit = result["max_episode_steps"]
        lines.append(
            f"  limit       {counted(limit, 'step')} an episode, set by poise: the environment has none of its own"
        )
    lines.append(f"  stopped     {result['stopped_because']}")
    seconds = f" in {result['seconds']:.1f} s" if "seconds" in result else ""
    lines.append(f"  run         {result['run']}{seconds}, engine {result['engine']}")
    return lines
