"""Machine code is compiled once on a machine, is found by later processes, and is never half a file."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from poise.kernels import _cache

PLAY = """
import sys
import numpy as np
from poise.kernels import kernels
from poise.kernels._program import Program
from poise.kernels._variant import PolicyShape, Variant
said = []
program = Program(Variant(kernels()["MountainCar-v0"], PolicyShape("linear")), said.append)
seeds = np.arange(5, dtype=np.uint32)[np.newaxis]
weights = np.array([[0.0, -1.0, 0.0, 0.0, 0.0, 1.0]])
print(len(said), "numba" in sys.modules, program.play(weights, seeds, 200, (0.0,), None, 1).lengths.tolist())
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POISE_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "kernels"


def code(label: str = "x", content: bytes = b"code", said: list[str] | None = None) -> bytes:
    return _cache.code_for(label, [label], lambda: content, (said if said is not None else []).append)


def play() -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", PLAY], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_compiles_once_and_says_so(cache: Path) -> None:
    said: list[str] = []
    assert code(said=said) == code(content=b"never compiled", said=said) == b"code"
    assert [line.split()[0] for line in said] == ["Compiling", "Compiled"]
    assert [path.suffix for path in cache.iterdir()] == [".o"]


@pytest.mark.parametrize("damage", [b"", b"short", b"\0" * 100])
def test_compiles_again_what_is_damaged(cache: Path, damage: bytes) -> None:
    code()
    (path,) = cache.iterdir()
    path.write_bytes(damage)
    assert code(content=b"again") == b"again"


def test_many_at_once_leave_whole_files(cache: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: code(content=b"c" * 100_000), range(40)))
    assert set(found) == {b"c" * 100_000}
    assert len(list(cache.iterdir())) == 1


def test_a_directory_that_cannot_be_made_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("POISE_CACHE_DIR", str(tmp_path / "file" / "cache"))
    said: list[str] = []
    assert code(said=said) == b"code"
    assert "could not be kept" in said[-1]


def test_code_of_another_user_is_not_run(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code()
    monkeypatch.setattr(os, "getuid", lambda: 12_345)
    assert code(content=b"mine") == b"mine"


NUMBA_MISSING = """
import logging, sys
sys.modules["numba"] = None
logging.basicConfig(format="%(message)s")
from poise.kernels import KernelUnavailableError, kernels
from poise.kernels._program import Program
from poise.kernels._variant import PolicyShape, Variant
try:
    Program(Variant(kernels()["CartPole-v1"], PolicyShape("linear")), lambda line: None)
except KernelUnavailableError as error:
    print(error)
from poise.policies.architecture import Architecture
from poise.rollouts.choice import make_engine
from poise.rollouts.environments import inspect
from poise.types import EnvironmentSpec
info = inspect(EnvironmentSpec("CartPole-v1"))
print(make_engine(info.spec, Architecture("linear", info.observation, info.action)).name)
"""


def test_where_numba_does_not_work_gymnasium_plays_after_one_warning(cache: Path) -> None:
    done = subprocess.run([sys.executable, "-c", NUMBA_MISSING], capture_output=True, text=True, check=True)
    error, engine = done.stdout.strip().splitlines()
    assert "numba" in error
    assert engine == "gymnasium"
    assert done.stderr.count("Gymnasium plays instead") == 1


@pytest.mark.slow
def test_two_processes_compile_at_once_and_a_third_loads_without_numba(cache: Path) -> None:
    results = [process.communicate(timeout=300) for process in (play(), play())]
    third, _ = play().communicate(timeout=60)
    assert {out.split(" ", 2)[2] for out, _ in results} == {third.split(" ", 2)[2]}
    assert third.startswith("0 False ")
    assert len(list(cache.glob("*.o"))) == 2
    assert not list(cache.glob("*.part"))
