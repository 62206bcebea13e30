"""A file from a stranger that names an environment by its module does not get that module imported."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import poise
from poise.__main__ import run as command
from poise.errors import InvalidFileError
from poise.suites import suite

ENVIRONMENT = "strangers_module:Stranger-v0"
MODULE = """
import gymnasium
from gymnasium.envs.classic_control.cartpole import CartPoleEnv
gymnasium.register("Stranger-v0", entry_point=CartPoleEnv, max_episode_steps=20)
"""


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A run and a policy in an environment whose module is not imported, though it could be."""
    (tmp_path / "strangers_module.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    few: dict[str, Any] = {"selection_episodes": 2, "evaluation_episodes": 2, "workers": 1}
    poise.train(ENVIRONMENT, out=tmp_path / "run", optimizer="cma_es", policy="linear", max_episodes=10, **few)
    _forget()
    yield tmp_path
    _forget()


def _forget() -> None:
    import gymnasium

    sys.modules.pop("strangers_module", None)
    gymnasium.registry.pop("Stranger-v0", None)


def test_reading_is_no_reason_to_import(stranger: Path) -> None:
    policy = poise.load(stranger / "run")
    assert policy.environment.id == ENVIRONMENT
    assert "strangers_module" not in sys.modules


@pytest.mark.parametrize(
    "use",
    [
        lambda run: poise.evaluate(run, 2, workers=1),
        lambda run: poise.certify(run, return_at_least=1, probability=0.5, workers=1),
        lambda run: poise.resume(run, max_episodes=100),
        lambda run: poise.load(run).make_env(),
        lambda run: poise.play("CartPole-v1", run),
    ],
)
def test_using_it_is_refused_until_the_user_names_it_too(stranger: Path, use: Any) -> None:
    with pytest.raises(InvalidFileError, match=f"If you trust it, name it too: --env {ENVIRONMENT}"):
        use(stranger / "run")
    assert "strangers_module" not in sys.modules
    sys.path_importer_cache.clear()
    __import__("strangers_module")
    use(stranger / "run")


def test_the_command_line_takes_the_name(stranger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate = ["evaluate", str(stranger / "run"), "--episodes", "3", "--workers", "1", "--quiet"]
    assert command(evaluate) == 2
    assert f"--env {ENVIRONMENT}" in capsys.readouterr().err
    assert "strangers_module" not in sys.modules
    assert command([*evaluate, "--env", ENVIRONMENT]) == 0
    _forget()
    assert command(["resume", str(stranger / "run"), "--max-episodes", "20", "--env", ENVIRONMENT, "--quiet"]) == 0
    assert command([*evaluate, "--env", "CartPole-v1"]) == 2
    assert "expected --env MODULE:ID" in capsys.readouterr().err
    assert command([*evaluate, "--env", "nowhere_at_all:X-v0"]) == 2
    assert "cannot be imported" in capsys.readouterr().err


def test_workers_play_what_the_user_named(stranger: Path) -> None:
    __import__("strangers_module")
    from poise.rollouts.pool import Pool

    policy = poise.load(stranger / "run")
    with Pool(policy.environment, 1, isolate=True) as engine:
        import numpy as np

        batch = engine.run(policy.architecture, policy.parameters[np.newaxis], np.arange(2, dtype=np.uint32))
    assert not batch.failed.any()


def test_a_suite_is_a_file_too(stranger: Path) -> None:
    file = stranger / "suite.toml"
    file.write_text(f'environments = ["{ENVIRONMENT}"]\nseeds = 1\n')
    with pytest.raises(InvalidFileError, match="If you trust it"):
        suite.read(file)
    assert "strangers_module" not in sys.modules
