"""Code on disk is found again only while everything that went into it is the same."""

from __future__ import annotations

import enum
import math
import subprocess
import sys
from collections import namedtuple
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numba import njit

from poise.kernels import cartpole, kernels, mountain_car
from poise.kernels._fingerprint import fingerprint

Physics = namedtuple("Physics", "gravity")
Turned = namedtuple("Turned", "g")


class Way(enum.Enum):
    """A choice that a step may have as a constant."""

    LEFT, RIGHT = 1.0, 2.0


def one(x: float) -> float:
    return x


def two(x: float) -> float:
    return 2.0 * x


def module(value: float) -> ModuleType:
    made = ModuleType("physics")
    vars(made)["G"] = value
    return made


def function(source: str, **names: Any) -> Any:
    """A function of a module with these globals."""
    scope = dict(names)
    exec(f"def step(state, action, settings): return {source}", scope)
    return scope["step"]


CHANGES = {
    "float": ("G", 1.0, 2.0),
    "sign of zero": ("G", 0.0, -0.0),
    "kind of number": ("G", 1, 1.0),
    "single precision": ("G", np.float32(1.0), np.float32(2.0)),
    "array": ("G[0]", np.array([1.0, 2.0]), np.array([2.0, 2.0])),
    "shape": ("G[0]", np.ones((1, 2)), np.ones((2, 1))),
    "tuple": ("G[0]", (1.0, 2.0), (2.0, 2.0)),
    "named tuple": ("G[0]", Physics(1.0), Turned(1.0)),
    "number of a module": ("G.G", module(1.0), module(2.0)),
    "function of a module": ("G.sin(1.0)", math, np),
    "called function": ("G(1.0)", one, two),
    "compiled function": ("G(1.0)", njit(one), njit(two)),
    "compiler's options": ("G(1.0)", njit(one), njit(fastmath=True)(one)),
    "function in a tuple": ("G[0](1.0)", (one,), (two,)),
    "choice": ("G.value", Way.LEFT, Way.RIGHT),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_constant_is_seen(what: str) -> None:
    source, before, after = CHANGES[what]
    assert fingerprint(function(source, G=before)) == fingerprint(function(source, G=before))
    assert fingerprint(function(source, G=before)) != fingerprint(function(source, G=after))


def test_changed_code_is_seen() -> None:
    assert fingerprint(function("1.0")) != fingerprint(function("2.0"))
    assert fingerprint(function("state[0]")) != fingerprint(function("state[1]"))
    assert fingerprint(function("[1.0 for _ in state]")) != fingerprint(function("[2.0 for _ in state]"))
    assert fingerprint(cartpole.step) != fingerprint(mountain_car.step)


def test_a_constant_of_a_called_function_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    step, reset = fingerprint(cartpole.step), fingerprint(cartpole.reset)
    monkeypatch.setattr(cartpole, "between", lambda low, high, draw: low)
    assert reset != fingerprint(cartpole.reset)
    monkeypatch.setattr(cartpole, "GRAVITY", 9.81)
    assert step != fingerprint(cartpole.step)


def test_recursion_ends() -> None:
    scope: dict[str, Any] = {}
    exec("def even(n): return n == 0 or odd(n - 1)\ndef odd(n): return n != 0 and even(n - 1)", scope)
    assert fingerprint(scope["even"]) != fingerprint(scope["odd"])


def test_another_process_names_the_code_alike() -> None:
    script = """
from poise.kernels import kernels
from poise.kernels._fingerprint import fingerprint
print([fingerprint(f) for _, kernel in sorted(kernels().items()) for f in (kernel.reset, kernel.step, kernel.observe)])
"""
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
    every = sorted(kernels().items())
    assert found == str([fingerprint(f) for _, kernel in every for f in (kernel.reset, kernel.step, kernel.observe)])
    assert " at 0x" not in found
