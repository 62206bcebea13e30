"""Pictures of an environment by its own renderer, and in plain words why there are none."""

from __future__ import annotations

import os
import sys
import threading
from ctypes.util import find_library
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from poise.errors import InvalidValueError, MissingDependencyError, PoiseError
from poise.rollouts.environments import close, make
from poise.types import EnvironmentSpec

if TYPE_CHECKING:
    from poise.rollouts.environments import Environment

Picture = npt.NDArray[np.uint8]
"""Shape (height, width, 3), red, green and blue."""

_one_at_a_time = threading.RLock()
"""pygame keeps its state in the process: of several environments, in threads of their own, one draws at a time."""


def make_with_pictures(spec: EnvironmentSpec) -> Environment:
    """The environment, ready for ``reset`` and after it for `picture_of`, by the thread that has made it.

    Raises:
        InvalidValueError: it has no renderer that draws into an array.
        PoiseError: as `poise.rollouts.environments.make`.
    """
    _prepare()
    try:
        environment = make(spec, "rgb_array")
    except PoiseError as problem:
        if not isinstance(problem.__cause__, TypeError):
            raise
        close(make(spec))  # without pictures it can be made, or says why not
        raise InvalidValueError(f"{spec.id} has no pictures: its constructor takes no render_mode.") from problem
    if "rgb_array" not in (environment.metadata.get("render_modes") or ()):
        close(environment)
        raise InvalidValueError(f"{spec.id} has no pictures: it does not render into an array (rgb_array).")
    return environment


def picture_of(environment: Environment) -> Picture:
    """How the environment draws itself now.

    Raises:
        MissingDependencyError: what draws it does not work here; the message says what to install or to set.
    """
    try:
        with _one_at_a_time:
            drawn: Any = environment.render()
    except Exception as problem:
        raise MissingDependencyError(_advice(environment, problem)) from problem
    picture = np.asarray(drawn)
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise MissingDependencyError(
            f"{_name(environment)} draws something else than a picture of red, green and blue."
        )
    return picture


def close_pictures(environment: Environment) -> None:
    """Closes an environment that draws, without a harm to others that do."""
    with _one_at_a_time:
        close(environment)
        pygame = sys.modules.get("pygame")
        if pygame is not None:
            pygame.font.init()  # Gymnasium's `close` ends pygame for the whole process, whoever still writes with it


def check_pictures(spec: EnvironmentSpec) -> None:
    """Draws once, to hear now whether pictures can be had.

    Raises:
        PoiseError: as the functions above.
    """
    environment = make_with_pictures(spec)
    try:
        environment.reset(seed=0)
        picture_of(environment)
    finally:
        close_pictures(environment)


def _prepare() -> None:
    """Chooses drivers that need neither screen nor sound, unless the user has: what is drawn here goes into arrays."""
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    # MuJoCo cannot even be imported where EGL is asked for and missing.
    if sys.platform.startswith("linux") and not screen and _has_egl():
        os.environ.setdefault("MUJOCO_GL", "egl")


@cache
def _has_egl() -> bool:
    return find_library("EGL") is not None


def _advice(environment: Environment, problem: Exception) -> str:
    said = " ".join(str(problem).split())
    name, text = _name(environment), said.lower()
    if "pygame" in text:
        return f"{name} draws with pygame, which is not installed here: pip install pygame-ce"
    if "opengl" in text or "egl" in text or "glfw" in text or "mujoco" in text or "osmesa" in text:
        return (
            f"{name} draws with OpenGL, which does not work here ({said[:120]}): install EGL (Debian: apt install "
            "libegl1) and set MUJOCO_GL=egl, or OSMesa (libosmesa6) and MUJOCO_GL=osmesa."
        )
    return f"{name} cannot draw itself here: {type(problem).__name__}: {said[:200]}"


def _name(environment: Environment) -> str:
    return environment.spec.id if environment.spec is not None else str(environment)
