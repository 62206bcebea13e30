"""Files of any bytes: one clear error or success, whoever wrote them, in bounded memory and without running code."""

from __future__ import annotations

import copy
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import poise
from poise.optimizers import OPTIMIZERS
from poise.policies.candidate import Candidate
from poise.runs import checkpoint
from poise.runs.checkpoint import Progress
from poise.runs.config import TrainConfig
from poise.search_state import SearchState
from poise.seeding import Purpose, SeedStream, generator
from poise.testing.loaders import BASE, CHECKPOINTS, LOADERS, load_bytes, sealed

POLICY = poise.Policy.create("CartPole-v1", "mlp:2")


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text("ab:-θ", max_size=8),
    st.sampled_from([2**70, -1, "linear"]),
)
KEYS = st.text("ab:-θ", max_size=6)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4))
EXAMPLES = int(os.environ.get("POISE_FUZZ_EXAMPLES", "40"))
QUICK = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _load(kind: str, content: bytes) -> None:
    """Loads, or has one clear error."""
    said = load_bytes(kind, content)
    assert said is None or 0 < len(said) < 3_000


@pytest.mark.parametrize("kind", LOADERS)
@QUICK
@given(content=st.one_of(st.binary(max_size=60), VALUES.map(lambda value: json.dumps(value).encode())))
def test_any_bytes_are_an_error_in_words(kind: str, content: bytes) -> None:
    _load(kind, content)


def _good(kind: str) -> dict[str, Any]:
    if kind == "policy":
        return dict(POLICY.to_json())
    if kind == "config":
        stage = {"policy": "linear", "optimizer": "snes", "optimizer_args": {}}
        return dict(TrainConfig("CartPole-v1").to_json({"stages": [stage], "open_ended": True}))
    if kind in ("frugal", "table"):
        return _checkpoint_of(kind)
    optimizer = OPTIMIZERS.get("cma_es")(BASE.parameter_count, generator(5, "optimizer"))
    optimizer.ask()
    state = SearchState(optimizer, BASE, SeedStream(5, Purpose.SEARCH))
    state.archive = [Candidate(BASE, POLICY.parameters, 1.0)]
    with tempfile.TemporaryDirectory() as folder:
        checkpoint.save(Path(folder) / "file", Progress(state, SeedStream(5, Purpose.SELECTION)))
        return dict(json.loads((Path(folder) / "file").read_text().split("\n")[1]))


def _checkpoint_of(kind: str) -> dict[str, Any]:
    """Of a short run that learns a table, or is frugal."""
    few: dict[str, Any] = {"selection_episodes": 2, "evaluation_episodes": 2, "workers": 1}
    with tempfile.TemporaryDirectory() as folder:
        if kind == "table":
            run = poise.train("FrozenLake-v1", out=Path(folder) / "run", max_episodes=40, **few)
        else:
            run = poise.train("CartPole-v1", out=Path(folder) / "run", frugal=True, max_steps=30, **few)
        return dict(json.loads((run.path / "checkpoint").read_text().split("\n")[1]))


GOOD = {kind: _good(kind) for kind in ("policy", "config", *CHECKPOINTS)}


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inside for place in _places(item, (*path, key)))]


@pytest.mark.parametrize("kind", GOOD)
@QUICK
@given(data=st.data())
def test_a_good_file_with_any_value_changed_is_an_error_in_words(kind: str, data: st.DataObject) -> None:
    value = copy.deepcopy(GOOD[kind])
    place = data.draw(st.sampled_from(_places(value)[1:]))
    inside = value
    for key in place[:-1]:
        inside = inside[key]
    if isinstance(inside, dict) and data.draw(st.booleans()):
        del inside[place[-1]]
    else:
        inside[place[-1]] = data.draw(VALUES)
    body = json.dumps(value)
    _load(kind, sealed(body.encode()) if kind in CHECKPOINTS else body.encode())


@pytest.mark.parametrize("kind", LOADERS)
@pytest.mark.parametrize(
    "content",
    [b"[" * 200_000, b'{"a":' * 200_000, b"[" + b"[]," * 3_000_000 + b"0]\n", b"1" * 5_000 + b"\n", b"\0" * 1_000],
    ids=["deep list", "deep object", "many values", "a huge number", "zeros"],
)
def test_files_that_want_too_much_are_refused(kind: str, content: bytes) -> None:
    _load(kind, content)


@pytest.mark.parametrize("kind", CHECKPOINTS)
def test_what_is_no_text_is_an_error_that_does_not_repeat_the_file(kind: str) -> None:
    said = load_bytes(kind, sealed(b'{"run_seed": \xd4}' + b" " * 10_000))
    assert said is not None
    assert said.endswith("is damaged: it is not UTF-8 text")


FOUND = sorted(Path(__file__).with_name("inputs").iterdir())
"""What `benchmarks/fuzz.py` found, each by the kind of file that it was found with; of a checkpoint the body only."""


@pytest.mark.parametrize("file", FOUND, ids=lambda file: file.name)
def test_what_fuzzing_found_is_an_error_in_words(file: Path) -> None:
    kind = file.name.partition("-")[0]
    content = file.read_bytes()
    _load(kind, sealed(content) if kind in CHECKPOINTS else content)
