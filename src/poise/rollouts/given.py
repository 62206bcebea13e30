"""Environments that are given as Python objects: what they are called, and how each is made again.

A name is enough for one of Gymnasium's. An object is made again from what Gymnasium knows of it, wrappers included; an
object of which it knows too little is played itself. A function that makes the environment says all that is needed,
also to other processes.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import gymnasium
from gymnasium.envs.registration import EnvSpec

from poise.errors import EnvironmentFailureError, InvalidValueError
from poise.rollouts.delivery import portable_entry
from poise.rollouts.environments import CUSTOM, WRAPPED
from poise.types import EnvironmentSpec, Json

MAX_NAME = 200
"""Longest name that a policy's file takes."""

REMEMBERING = ("NormalizeObservation", "NormalizeReward")
"""Wrappers of Gymnasium whose statistics go on from one episode to the next."""


def specification(env: object, arguments: Mapping[str, Json]) -> EnvironmentSpec:
    """How to make an environment that was given as an object or a function.

    Args:
        env: a `gymnasium.Env`, or what makes one when it is called.
        arguments: keyword arguments for the function.

    Raises:
        InvalidValueError: it is neither.
    """
    if isinstance(env, gymnasium.Env):
        if arguments:
            raise InvalidValueError(
                f"expected no arguments beside an environment that is made already, got {', '.join(arguments)}; "
                "give its name, or a function that takes them"
            )
        return _of_object(env)
    if callable(env):
        return EnvironmentSpec(_limited(CUSTOM + _name(env)), dict(arguments), factory=env)
    raise InvalidValueError(
        "expected an environment: a name as 'CartPole-v1', a gymnasium.Env, or a function that makes one; got "
        f"{type(env).__name__}"
    )


def check_forgets(environment: gymnasium.Env[Any, Any]) -> None:
    """Raises `InvalidValueError` if a wrapper remembers earlier episodes: then no episode could be played again."""
    while isinstance(environment, gymnasium.Wrapper):
        name = type(environment).__name__
        if name in REMEMBERING and getattr(environment, "update_running_mean", True):
            raise InvalidValueError(
                f"{name} goes on with its statistics from one episode to the next, so that no episode could be "
                "repeated; leave it out and let poise scale the observations (normalize='running'), or set its "
                "update_running_mean to False"
            )
        environment = environment.env


def _of_object(env: gymnasium.Env[Any, Any]) -> EnvironmentSpec:
    known = env.spec
    if known is None:
        return EnvironmentSpec(_limited(CUSTOM + type(env.unwrapped).__name__), factory=_Kept(env))
    arguments = {key: value for key, value in known.kwargs.items() if key != "render_mode"}
    own = gymnasium.registry.get(known.id)
    wrappers = known.additional_wrappers[len(own.additional_wrappers) if own is not None else 0 :]
    if own is not None and own.entry_point == known.entry_point and not wrappers and _is_plain(arguments):
        if known.max_episode_steps != own.max_episode_steps:
            arguments["max_episode_steps"] = known.max_episode_steps
        return EnvironmentSpec(known.id, arguments)
    name = _limited(known.id + (WRAPPED + ", ".join(wrapper.name for wrapper in wrappers) if wrappers else ""))
    name = name if wrappers else _limited(CUSTOM + known.id)
    if any(wrapper.kwargs is None for wrapper in known.additional_wrappers):
        return EnvironmentSpec(name, factory=_Kept(env))
    return EnvironmentSpec(name, factory=_Again(replace(known, entry_point=portable_entry(known), kwargs=arguments)))


class StaysHereError(TypeError):
    """An object that cannot go to another process, and why."""


class _Again:
    """Makes an environment again from Gymnasium's own description of it."""

    def __init__(self, description: EnvSpec) -> None:
        self._description = description

    def __call__(self, render_mode: str | None = None) -> gymnasium.Env[Any, Any]:
        arguments: dict[str, Any] = {} if render_mode is None else {"render_mode": render_mode}
        return gymnasium.make(self._description, disable_env_checker=True, **arguments)


class _Kept:
    """Hands out the very object that was given, which therefore stays in this process."""

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        self._env = env

    def __call__(self) -> gymnasium.Env[Any, Any]:
        return _LeftOpen(self._env)

    def __reduce__(self) -> Any:
        raise StaysHereError(
            "it was given as an object that Gymnasium cannot make again; give a function that makes the environment"
        )


class _LeftOpen(gymnasium.Wrapper[Any, Any, Any, Any]):
    """An environment that belongs to somebody else, who will close it."""

    def close(self) -> None:
        return


def make_given(spec: EnvironmentSpec, factory: Callable[..., Any], render_mode: str | None) -> gymnasium.Env[Any, Any]:
    """Calls the function that makes the environment.

    Raises:
        EnvironmentFailureError: it returned something else.
    """
    arguments = dict(spec.kwargs)
    if render_mode is not None and _takes(factory, "render_mode"):
        arguments["render_mode"] = render_mode
    made = factory(**arguments)
    if not isinstance(made, gymnasium.Env):
        raise EnvironmentFailureError(
            f"{spec.id}: expected a function that makes a gymnasium.Env, got {type(made).__name__} from it"
        )
    check_forgets(made)
    return made


def time_limit_of(environment: gymnasium.Env[Any, Any]) -> int | None:
    """The time limit of an environment in steps, whether or not Gymnasium knows it by name."""
    if environment.spec is not None:
        return environment.spec.max_episode_steps
    while isinstance(environment, gymnasium.Wrapper):
        if isinstance(environment, gymnasium.wrappers.TimeLimit):
            return int(environment._max_episode_steps)
        environment = environment.env
    return None


def _takes(function: Callable[..., Any], name: str) -> bool:
    import inspect

    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False
    return name in parameters or any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())


def _is_plain(value: object) -> bool:
    """Whether JSON gives back the very value."""
    try:
        return bool(json.loads(json.dumps(value, allow_nan=False)) == value)
    except (TypeError, ValueError):
        return False


def _name(function: Callable[..., Any]) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    return str(getattr(function, "__name__", type(function).__name__)).strip("<>")


def _limited(name: str) -> str:
    return name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + "…"
