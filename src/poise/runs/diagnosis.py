"""What works on this machine and what does not: each part of poise tried out on a few episodes."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
import webbrowser
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Literal

import numpy as np

from poise.errors import MissingDependencyError, PoiseError
from poise.policies.architecture import Architecture
from poise.rollouts.base import Engine
from poise.rollouts.environments import inspect
from poise.runs.lock import Lock
from poise.types import EnvironmentSpec

State = Literal["good", "missing", "fault"]

LEAST_FREE_BYTES = 2**30
"""Less room than this on the disk is a fault: a long run with many candidates writes some hundred megabytes."""

EPISODES = 20
"""Episodes that two engines are compared on."""


@dataclass(frozen=True)
class Finding:
    """What was found of one part.

    Attributes:
        part: its name.
        state: ``good``; ``missing`` where something that is optional is not there; ``fault``.
        said: what was found, in words.
        advice: what to do about it; ``""`` where nothing is.
    """

    part: str
    state: State
    said: str
    advice: str = ""


def diagnose() -> Iterator[Finding]:
    """Looks at one part after another. No check that fails keeps the next from being made."""
    checks: dict[str, Callable[[], Finding]] = {
        "versions": _versions,
        "kernels": _kernels,
        "workers": _workers,
        "rendering": _rendering,
        "box2d": lambda: _extra("box2d", "Box2D", "LunarLander, BipedalWalker and CarRacing"),
        "mujoco": _mujoco,
        "video": lambda: _extra("video", "av", "what writes MP4 and WebM (PyAV)", "is"),
        "tensorboard": lambda: _extra("tensorboard", "tensorboardX", "what writes TensorBoard's files", "is"),
        "browser": _browser,
        "disk": _disk,
    }
    for part, check in checks.items():
        try:
            yield check()
        except (PoiseError, ImportError, OSError, RuntimeError, MemoryError) as error:
            advice = "reinstall it: pip install --force-reinstall poise"
            yield Finding(part, "fault", f"{type(error).__name__}: {error}", advice)


def _versions() -> Finding:
    found = {name: metadata.version(name) for name in ("poise", "gymnasium", "numpy", "numba", "starlette", "uvicorn")}
    said = ", ".join(f"{name} {version}" for name, version in found.items())
    return Finding("versions", "good", f"Python {platform.python_version()} on {platform.platform()}; {said}")


def _kernels() -> Finding:
    from poise.kernels.base import KernelUnavailableError
    from poise.rollouts.kernel_engine import KernelEngine

    try:
        with KernelEngine(EnvironmentSpec("CartPole-v1")) as engine:
            equal = _plays_what_gymnasium_plays(engine.exact())
    except KernelUnavailableError as error:
        return Finding(
            "kernels", "fault", str(error), "Gymnasium plays instead, slower; pip install --force-reinstall numba helps"
        )
    if not equal:
        return Finding(
            "kernels", "fault", f"other episodes than Gymnasium's, of {EPISODES}", "play with --engine gymnasium"
        )
    return Finding("kernels", "good", f"compiled, and equal to Gymnasium to the bit in {EPISODES} episodes")


def _workers() -> Finding:
    from poise.rollouts.pool import Pool

    with Pool(inspect(EnvironmentSpec("CartPole-v1")).spec, 2, isolate=True) as engine:
        equal = _plays_what_gymnasium_plays(engine)
    if not equal:
        return Finding("workers", "fault", "they play other episodes than one process", "play with --workers 1")
    return Finding("workers", "good", "two processes play what one plays, to the bit")


def _plays_what_gymnasium_plays(engine: Engine) -> bool:
    from poise.rollouts.in_process import InProcess

    info = inspect(EnvironmentSpec("CartPole-v1"))
    architecture = Architecture("linear", info.observation, info.action)
    parameters = np.random.default_rng(0).normal(size=(2, architecture.parameter_count))
    seeds = np.arange(EPISODES // 2, dtype=np.uint32)
    with InProcess(info.spec) as plain:
        expected = plain.run(architecture, parameters, seeds)
    found = engine.run(architecture, parameters, seeds)
    return (
        found.returns.tobytes() == expected.returns.tobytes() and (found.lengths == expected.lengths).all() is np.True_
    )


def _rendering(environment: str = "CartPole-v1", part: str = "rendering") -> Finding:
    from poise.rollouts.pictures import close_pictures, make_with_pictures, picture_of

    drawn = make_with_pictures(EnvironmentSpec(environment))
    try:
        drawn.reset(seed=0)
        height, width, _ = picture_of(drawn).shape
    except MissingDependencyError as error:
        return Finding(part, "missing", "there are no pictures, only numbers", str(error))
    finally:
        close_pictures(drawn)
    return Finding(part, "good", f"pictures of {width} × {height}")


def _mujoco() -> Finding:
    found = _extra("mujoco", "mujoco", "HalfCheetah, Hopper, Ant and their like")
    if found.state != "good":
        return found
    pictures = _rendering("InvertedPendulum-v5", "mujoco")
    return Finding("mujoco", pictures.state, f"{found.said}; {pictures.said}", pictures.advice)


def _extra(extra: str, module: str, what: str, verb: str = "are") -> Finding:
    if util.find_spec(module) is None:
        return Finding(extra, "missing", f"{what} {verb} not installed", f"pip install 'poise[{extra}]'")
    return Finding(extra, "good", f"{what} {verb} installed")


def _browser() -> Finding:
    screen = platform.system() in ("Windows", "Darwin") or bool({"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys())
    try:
        name = webbrowser.get().name
    except webbrowser.Error:
        name = None
    if name is None or not screen:
        why = "no browser is known here" if screen else "there is no screen"
        advice = "poise studio and poise watch print an address: open it in a browser that reaches this machine"
        return Finding("browser", "missing", why, advice)
    return Finding("browser", "good", f"{name} opens the studio")


def _disk() -> Finding:
    here = Path.cwd()
    free = shutil.disk_usage(here).free
    try:
        with tempfile.TemporaryDirectory(dir=here, prefix=".poise-doctor-") as folder:
            lock = Lock(Path(folder) / "lock")
            lock.acquire()
            lock.release()
    except OSError as error:
        return Finding("disk", "fault", f"{here} cannot be written: {error.strerror}", "go elsewhere, or give --out")
    if free < LEAST_FREE_BYTES:
        return Finding("disk", "fault", f"{free / 2**20:.0f} MiB are free in {here}", "make room before a long run")
    return Finding("disk", "good", f"{free / 2**30:.1f} GiB are free in {here}")
