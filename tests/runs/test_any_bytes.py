"""Files of any bytes: one clear error or success, whoever wrote them, in bounded memory and without running code."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import poise
from poise.errors import PoiseError
from poise.optimizers import OPTIMIZERS
from poise.policies.candidate import Candidate
from poise.runs import checkpoint, files
from poise.runs.checkpoint import Progress
from poise.runs.config import TrainConfig
from poise.runs.directory import RunDirectory
from poise.runs.plan import Plan
from poise.search import SearchState
from poise.seeding import Purpose, SeedStream, generator
from poise.suites import suite

POLICY = poise.Policy.create("CartPole-v1", "mlp:2")
BASE = POLICY.architecture


def _checkpoint(file: Path) -> object:
    return checkpoint.load(file, BASE)


def _config(file: Path) -> object:
    data = files.read_json(file)
    config, plan = TrainConfig.from_json(data), Plan.from_json(data.get("plan"))
    assert isinstance(config.env, str)  # as all that uses it takes for granted
    return config, [stage.policy + stage.optimizer for stage in plan.stages]


def _metrics(file: Path) -> object:
    directory = RunDirectory(file.parent)
    directory.metrics = file
    directory.whole_lines(file)
    return directory.read_metrics()


LOADERS: dict[str, Callable[[Path], object]] = {
    "policy": poise.load,
    "config": _config,
    "checkpoint": _checkpoint,
    "metrics": _metrics,
    "suite": suite.read,
}

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
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "file"
        file.write_bytes(content)
        said = "nothing"
        try:
            LOADERS[kind](file)
        except PoiseError as error:
            said = str(error)
        assert 0 < len(said) < 3_000


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
    optimizer = OPTIMIZERS.get("cma_es")(BASE.parameter_count, generator(5, "optimizer"))
    optimizer.ask()
    state = SearchState(optimizer, BASE, SeedStream(5, Purpose.SEARCH))
    state.archive = [Candidate(BASE, POLICY.parameters, 1.0)]
    with tempfile.TemporaryDirectory() as folder:
        checkpoint.save(Path(folder) / "file", Progress(state, SeedStream(5, Purpose.SELECTION)))
        return dict(json.loads((Path(folder) / "file").read_text().split("\n")[1]))


GOOD = {kind: _good(kind) for kind in ("policy", "config", "checkpoint")}


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
    if kind == "checkpoint":  # whoever changes it can reckon its checksum too
        header = {"format": checkpoint.FORMAT, "version": 2, "sha256": hashlib.sha256(body.encode()).hexdigest()}
        body = json.dumps(header) + "\n" + body + "\n"
    _load(kind, body.encode())


@pytest.mark.parametrize("kind", ["policy", "config", "checkpoint", "metrics"])
@pytest.mark.parametrize(
    "content",
    [b"[" * 200_000, b'{"a":' * 200_000, b"[" + b"[]," * 3_000_000 + b"0]\n", b"1" * 5_000 + b"\n", b"\0" * 1_000],
    ids=["deep list", "deep object", "many values", "a huge number", "zeros"],
)
def test_files_that_want_too_much_are_refused(kind: str, content: bytes) -> None:
    _load(kind, content)
