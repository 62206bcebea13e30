"""A checkpoint that was made up, with a checksum that holds, is refused in words before a run goes on from it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import poise
from poise.errors import InvalidFileError
from poise.optimizers import OPTIMIZERS
from poise.runs import form
from poise.seeding import generator
from poise.testing.loaders import sealed

FEW: dict[str, Any] = {"selection_episodes": 2, "evaluation_episodes": 2, "workers": 1}
RUNS: dict[str, tuple[str, dict[str, Any]]] = {
    "search": ("CartPole-v1", {**FEW, "engine": "gymnasium", "optimizer": "cma_es", "max_episodes": 16}),
    "frugal": ("CartPole-v1", {**FEW, "frugal": True, "max_steps": 30}),
    "table": ("FrozenLake-v1", {**FEW, "max_episodes": 40}),
}
MADE_UP: list[tuple[str, tuple[str | int, ...]]] = [
    ("search", ("generation",)),
    ("search", ("usage", "steps")),
    ("search", ("archive", 0, "claim")),
    ("search", ("state", "generation")),
    ("search", ("state", "own", "shape", "stale")),
    ("search", ("state", "own", "history")),
    ("search", ("before_race", "position")),
    ("frugal", ("starts",)),
    ("frugal", ("episodes", 0, "score")),
    ("frugal", ("before_choice", "usage", "episodes")),
    ("table", ("known_after",)),
    ("table", ("seconds",)),
]


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, dict[str, Any]]]:
    """A run of each kind that is to go on, and what its checkpoint holds."""
    made = {}
    for kind, (env, settings) in RUNS.items():
        path = poise.train(env, out=tmp_path_factory.mktemp(kind) / "run", **settings).path
        (path / "evaluation.json").unlink()
        (path / "checkpoint.previous").unlink(missing_ok=True)
        made[kind] = path, json.loads((path / "checkpoint").read_text().split("\n")[1])
    return made


@pytest.mark.parametrize("value", [["x"], {"dtype": "float64", "shape": [1, 1, 1], "base64": "AAAAAAAA8D8="}])
@pytest.mark.parametrize(("kind", "place"), MADE_UP, ids=lambda part: part if isinstance(part, str) else str(part[-1]))
def test_what_was_made_up_is_refused_in_words(
    states: dict[str, tuple[Path, dict[str, Any]]], kind: str, place: tuple[str | int, ...], value: Any
) -> None:
    path, state = states[kind]
    state = copy.deepcopy(state)
    inside: Any = state
    for key in place[:-1]:
        inside = inside[key]
    assert inside[place[-1]] != value
    inside[place[-1]] = value
    (path / "checkpoint").write_bytes(sealed(json.dumps(state).encode()))
    with pytest.raises(InvalidFileError, match="is damaged"):
        poise.resume(path, workers=1)


@pytest.mark.parametrize("name", OPTIMIZERS.names())
def test_every_optimizer_keeps_the_form_that_it_began_with(name: str) -> None:
    optimizer = OPTIMIZERS.get(name)(3, generator(1, "form"))
    beginning = form.like(optimizer.state()["own"])
    for _ in range(3):
        optimizer.tell(np.arange(len(optimizer.ask()), dtype=np.float64))
        form.check(json.loads(json.dumps(optimizer.state()["rng"])), form.like(optimizer.state()["rng"]))
        form.check(optimizer.state()["own"], beginning)


def test_nothing_is_asked_of_what_was_not_there_at_first() -> None:
    form.check({"best": 1.5, "rows": "any"}, form.like({"best": None, "rows": []}))
    form.check({"best": 1.5}, form.like({"best": 0}))
    with pytest.raises(ValueError, match="best: expected a number"):
        form.check({"best": "x"}, form.like({"best": 0}))
