"""Starting is quick because nothing heavy is imported before it is needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("numpy", "gymnasium", "numba", "starlette", "uvicorn", "jsonschema")


def _loaded(code: str) -> set[str]:
    program = f"{code}\nimport sys; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    found: set[str] = set(eval(done.stdout.splitlines()[-1]))
    return found


def test_importing_poise_loads_nothing_heavy() -> None:
    assert _loaded("import poise") == set()


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    assert _loaded(f"from poise.__main__ import run; run({arguments!r})") == set()
