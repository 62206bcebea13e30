"""The loader of each kind of file that poise reads, for tests that feed it any bytes."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import poise
from poise.errors import PoiseError
from poise.rollouts.environments import inspect
from poise.runs import checkpoint, checkpoint_file, files, frugal_run, table_run
from poise.runs.config import TrainConfig
from poise.runs.directory import RunDirectory
from poise.runs.plan import Plan
from poise.suites import suite
from poise.types import EnvironmentSpec

CARTPOLE, FROZEN_LAKE = inspect(EnvironmentSpec("CartPole-v1")), inspect(EnvironmentSpec("FrozenLake-v1"))
BASE = poise.Policy.create("CartPole-v1", "mlp:2").architecture


def _config(file: Path) -> object:
    data = files.read_json(file)
    config, plan = TrainConfig.from_json(data), Plan.from_json(data.get("plan"))
    assert isinstance(config.env, str)
    return config, [stage.policy + stage.optimizer for stage in plan.stages]


def _metrics(file: Path) -> object:
    directory = RunDirectory(file.parent)
    directory.metrics = file
    directory.whole_lines(file)
    return directory.read_metrics()


LOADERS: dict[str, Callable[[Path], object]] = {
    "policy": poise.load,
    "config": _config,
    "checkpoint": lambda file: checkpoint.load(file, BASE),
    "frugal": lambda file: frugal_run.policy_so_far(file, CARTPOLE),
    "table": lambda file: table_run.policy_so_far(file, FROZEN_LAKE),
    "metrics": _metrics,
    "suite": suite.read,
}
"""From a file's kind to what reads it; `frugal` and `table` are the checkpoints of such runs."""

CHECKPOINTS = ("checkpoint", "frugal", "table")


def load_bytes(kind: str, content: bytes) -> str | None:
    """Loads a file of this kind; what a `PoiseError` said, if that is how it ended. No other error is in order."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "file"
        file.write_bytes(content)
        try:
            LOADERS[kind](file)
        except PoiseError as error:
            return str(error)
    return None


def sealed(body: bytes) -> bytes:
    """A checkpoint with this body: whoever changes one can reckon its checksum too."""
    checksum = hashlib.sha256(body.rstrip(b"\n")).hexdigest()
    header = {"format": checkpoint_file.FORMAT, "version": checkpoint_file.VERSION, "sha256": checksum}
    return json.dumps(header).encode() + b"\n" + body
