"""The tables of a benchmark: in Markdown to be kept, and as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from poise.suites.results import CONFIDENCE, REPLICATES, Figure, Results
from poise.types import Json
from poise.words import number

NONE = "–"


def markdown(results: Results, pictures: Mapping[str, str]) -> str:
    """The file ``table.md``.

    Args:
        results: of the runs.
        pictures: caption of each SVG file, by its path beside the table.
    """
    suite = results.suite
    names = [method.name for method in suite.methods]
    rows = [[task.name, *(_bold(results, task.name, name) for name in names)] for task in suite.tasks]
    if results.scales:
        rows.append([f"**{_all(results)}, as a score**", *(figure_text(results.overall(name)) for name in names)])
    steps = [[task.name, *(_steps(results.steps(task.name, name)) for name in names)] for task in suite.tasks]
    scales = [
        [name, number(scale.low), scale.low_is, number(scale.high), scale.high_is]
        for name, scale in results.scales.items()
    ]
    parts = [
        f"# {suite.title}",
        _caption(results),
        _table(["environment", *names], rows),
        "Environment steps of the search, the median over the runs:",
        _table(["environment", *names], steps),
    ]
    if scales:
        parts += ["The score puts returns on one scale:", _table(["environment", "0 is", "", "1 is", ""], scales)]
    for words, runs in (
        ("Without a result:", results.failures),
        ("With episodes that the environment failed, which count in no mean:", results.spoiled),
    ):
        if runs:
            parts += [words, _table(["run", "why"], [[name, why] for name, why in runs.items()])]
    parts += [f"![{caption}]({path})" for path, caption in pictures.items()]
    return "\n\n".join(parts) + "\n"


def _all(results: Results) -> str:
    """Over which environments the last line goes."""
    there, asked = len(results.scales), len(results.suite.tasks)
    return "all" if there == asked else f"{there} of {asked} environments"


def _caption(results: Results) -> str:
    runs = len(results.suite.seeds)
    middle = (
        f"Mean return on fresh episodes: interquartile mean of {runs} runs, with its {CONFIDENCE:.0%} interval "
        f"(stratified bootstrap, {REPLICATES:,} replicates)."
        if runs > 1
        else "Mean return on fresh episodes of a single run: there is no interval without a second seed."
    )
    return f"{middle} Bold: the interval lies above that of random search with the same policy and budget."


def _bold(results: Results, task: str, method: str) -> str:
    text = figure_text(results.figure(task, method), len(results.suite.seeds))
    return f"**{text}**" if results.beats(task, method) else text


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [[_cell(text) for text in head], ["---"] * len(head), *([_cell(text) for text in row] for row in rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _cell(text: str) -> str:
    """Text that may stand in a cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")


def text(results: Results) -> list[str]:
    """The lines for a terminal: an environment at a time, a method a line."""
    suite = results.suite
    width = max(len(method.name) for method in suite.methods)
    lines = []
    for task in suite.tasks:
        lines.append(task.name)
        for method in suite.methods:
            steps = results.steps(task.name, method.name)
            shown = figure_text(results.figure(task.name, method.name), len(suite.seeds))
            paid = "" if steps is None else f"{_steps(steps)} steps"
            beats = "  beats random search" if results.beats(task.name, method.name) else ""
            lines.append(f"  {method.name:<{width}}  {shown:<32}  {paid:>18}{beats}".rstrip())
    if results.scales:
        lines.append(f"{_all(results)}, as a score: 0 is a random policy, 1 is enough")
    for method in suite.methods if results.scales else ():
        lines.append(f"  {method.name:<{width}}  {figure_text(results.overall(method.name))}")
    return lines


def to_json(results: Results) -> Json:
    """The same figures for programs."""
    return {
        "environments": {
            task.name: {
                method.name: _json(results.figure(task.name, method.name))
                | {
                    "search_steps": results.steps(task.name, method.name),
                    "beats_random_search": results.beats(task.name, method.name),
                }
                for method in results.suite.methods
            }
            for task in results.suite.tasks
        },
        "overall": {method.name: _json(results.overall(method.name)) for method in results.suite.methods},
        "scales": {name: {"low": scale.low, "high": scale.high} for name, scale in results.scales.items()},
    }


def _json(figure: Figure | None) -> dict[str, Json]:
    if figure is None:
        return {"interquartile_mean": None, "low": None, "high": None, "runs": 0}
    interval = figure.interval
    return {
        "interquartile_mean": figure.value,
        "low": None if interval is None else interval.low,
        "high": None if interval is None else interval.high,
        "runs": figure.runs,
    }


def figure_text(figure: Figure | None, expected: int | None = None) -> str:
    """A figure with its interval; with the number of runs where some are missing."""
    if figure is None:
        return NONE
    interval = "" if figure.interval is None else f" [{number(figure.interval.low)}, {number(figure.interval.high)}]"
    runs = f" ({figure.runs} of {expected} runs)" if expected is not None and figure.runs < expected else ""
    return number(figure.value) + interval + runs


def _steps(steps: float | None) -> str:
    return NONE if steps is None else f"{steps:,.0f}"
