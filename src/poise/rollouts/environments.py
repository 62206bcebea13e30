"""Makes Gymnasium environments, and says in plain words why one cannot be made."""

from __future__ import annotations

import importlib
import logging
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from poise.errors import (
    EnvironmentFailureError,
    InvalidFileError,
    InvalidValueError,
    MissingDependencyError,
    PoiseError,
    UnknownNameError,
)
from poise.policies.architecture import Architecture
from poise.policies.spaces import ActionDecoding, ObservationEncoding, decode_space, encode_space
from poise.types import EnvironmentSpec, Json

if TYPE_CHECKING:
    import gymnasium

    Environment = gymnasium.Env[Any, Any]

EnvironmentLike: TypeAlias = "str | gymnasium.Env[Any, Any] | Callable[..., gymnasium.Env[Any, Any]]"
"""How a user may name an environment, or give it."""

DEFAULT_STEP_LIMIT = 1_000
"""Time limit, in steps, of an environment that has none of its own: an episode must end."""

CUSTOM, WRAPPED = "custom: ", " wrapped in "
"""What the names of environments given from Python begin with or contain."""

EXTRAS = {"box2d": "box2d", "mujoco": "mujoco"}
"""Packages of Gymnasium's environments, by their folder, and the extra of poise that installs each."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EnvironmentInfo:
    """What must be known of an environment before a policy can be searched for.

    Attributes:
        spec: how to make it, complete: with the full identifier and the time limit that holds.
        observation: how its observations become features.
        action: how outputs become its actions.
        reward_threshold: the mean return at which it counts as solved, if its author named one.
        time_limit_is_ours: it has no time limit of its own, and `DEFAULT_STEP_LIMIT` was set.
    """

    spec: EnvironmentSpec
    observation: ObservationEncoding
    action: ActionDecoding
    reward_threshold: float | None
    time_limit_is_ours: bool

    @property
    def max_episode_steps(self) -> int:
        """Time limit of an episode in steps."""
        return self.spec.max_episode_steps or DEFAULT_STEP_LIMIT


def specify(env: EnvironmentLike, arguments: Mapping[str, Json] | None = None) -> EnvironmentSpec:
    """How to make an environment that a user named, or gave.

    Args:
        env: Gymnasium's identifier; a `gymnasium.Env`; or a function that makes one.
        arguments: keyword arguments for `gymnasium.make`, or for the function.

    Raises:
        InvalidValueError: it is none of these, or an object with arguments.
    """
    if isinstance(env, str):
        return EnvironmentSpec(env, dict(arguments or {}))
    from poise.rollouts.given import specification

    return specification(env, arguments or {})


def is_given(name: str) -> bool:
    """Whether an environment of this name was given from Python; no identifier of Gymnasium is such."""
    return name.startswith(CUSTOM) or WRAPPED in name


def make(spec: EnvironmentSpec, render_mode: str | None = None) -> Environment:
    """The environment, ready for ``reset``. One without a time limit gets `DEFAULT_STEP_LIMIT`: an episode must end.

    Raises:
        UnknownNameError: no environment of that name is registered.
        MissingDependencyError: it needs a package that is not installed.
        InvalidValueError: it does not take these keyword arguments.
        EnvironmentFailureError: its constructor raised anything else.
    """
    environment = _make(spec, render_mode)
    from poise.rollouts.given import time_limit_of

    if time_limit_of(environment) is not None:
        return environment
    from gymnasium.wrappers import TimeLimit

    return TimeLimit(environment, DEFAULT_STEP_LIMIT)


def check_named(spec: EnvironmentSpec) -> None:
    """Raises `InvalidFileError` if a file alone asks for a module to be imported: importing it would run its code."""
    own = spec.module.partition(".")[0] == "poise"
    if spec.from_file and spec.factory is None and spec.module and not own and spec.module not in sys.modules:
        raise InvalidFileError(
            f"the file names the environment {spec.id}; to make it, the module {spec.module} has to be imported, "
            f"which runs its code. If you trust it, name it too: --env {spec.id} on the command line, import "
            f"{spec.module} in Python"
        )


def import_named(identifier: str) -> None:
    """Imports the module in an identifier that the user named, so that files that name it too can be used.

    Raises:
        MissingDependencyError: it cannot be imported.
    """
    module = EnvironmentSpec(identifier).module
    if not module:
        return
    try:
        importlib.import_module(module)
    except (ImportError, ValueError) as error:
        raise MissingDependencyError(f"{identifier} cannot be imported: {error}") from error


def _make(spec: EnvironmentSpec, render_mode: str | None = None) -> Environment:
    import gymnasium
    from gymnasium import error

    from poise.rollouts.given import make_given

    if spec.factory is None and is_given(spec.id):
        raise InvalidValueError(
            f"this environment was given from Python and is in no file: {spec.id}. Give it again, from Python: "
            "poise.load(path, env=...), poise.evaluate(policy, env=...), poise.resume(run, env=...)"
        )
    check_named(spec)
    arguments = dict(spec.kwargs)
    if render_mode is not None:
        arguments["render_mode"] = render_mode
    if spec.max_episode_steps is not None:
        arguments["max_episode_steps"] = spec.max_episode_steps
    try:
        with _quiet_gymnasium():
            if spec.factory is not None:
                return make_given(spec, spec.factory, render_mode)
            return gymnasium.make(spec.id, disable_env_checker=True, **arguments)
    except (error.UnregisteredEnv, error.DeprecatedEnv) as problem:
        raise _unknown(spec.id, str(problem)) from problem
    except error.DependencyNotInstalled as problem:
        raise MissingDependencyError(_advice(spec.id, str(problem))) from problem
    except ImportError as problem:
        raise MissingDependencyError(f"{spec.id} cannot be imported: {problem}") from problem
    except TypeError as problem:
        if "unexpected keyword argument" not in str(problem):
            raise EnvironmentFailureError(f"{spec.id} could not be made: {problem}") from problem
        raise InvalidValueError(f"{spec.id} does not take these arguments: {problem}") from problem
    except error.Error as problem:
        raise InvalidValueError(f"{spec.id} could not be made: {problem}") from problem
    except PoiseError:
        raise
    except Exception as problem:
        raise EnvironmentFailureError(
            f"{spec.id} could not be made: its constructor raised {type(problem).__name__}: {problem}"
        ) from problem


def inspect(spec: EnvironmentSpec) -> EnvironmentInfo:
    """Makes the environment once, and reads its spaces and limits.

    Raises:
        UnsupportedSpaceError: there is no policy for its observations or actions.
        PoiseError: as `make`.
    """
    from poise.rollouts.given import time_limit_of

    environment = _make(spec)
    try:
        registered, limit = environment.spec, time_limit_of(environment)
        complete = registered is not None and ":" not in spec.id and spec.factory is None
        return EnvironmentInfo(
            spec=EnvironmentSpec(
                registered.id if complete and registered is not None else spec.id,
                dict(spec.kwargs),
                limit or DEFAULT_STEP_LIMIT,
                spec.factory,
            ),
            observation=encode_space(environment.observation_space),
            action=decode_space(environment.action_space),
            reward_threshold=None if registered is None else registered.reward_threshold,
            time_limit_is_ours=limit is None,
        )
    finally:
        close(environment)


def remembers(environment: Environment) -> bool:
    """Whether an episode may depend on those before it, so that the next one needs a new environment.

    BipedalWalker and CarRacing empty their Box2D world for a new episode and do not replace it; in what order it then
    finds contacts, and so how sums are rounded, depends on all that was in it.
    """
    try:
        world = getattr(environment.unwrapped, "world", None)
    except Exception:  # an environment may do anything when it is looked at
        return False
    return type(world).__module__.partition(".")[0] == "Box2D"


def close(environment: Environment) -> None:
    """Closes an environment; one that cannot be closed is only logged, for its work is done."""
    try:
        environment.close()
    except Exception as error:
        _log.warning("%s could not be closed: %s: %s", environment, type(error).__name__, error)
        _log.debug("where that was raised", exc_info=True)


def installed() -> list[str]:
    """Identifiers of the newest version of every environment that Gymnasium knows here, sorted."""
    import gymnasium

    newest: dict[tuple[str | None, str], gymnasium.envs.registration.EnvSpec] = {}
    for spec in gymnasium.registry.values():
        key = (spec.namespace, spec.name)
        if key not in newest or (spec.version or 0) > (newest[key].version or 0):
            newest[key] = spec
    # Two entries of the registry only wrap environments of older interfaces that the user passes in.
    return sorted(spec.id for spec in newest.values() if spec.name not in ("GymV21Environment", "GymV26Environment"))


def describe(identifier: str) -> tuple[EnvironmentInfo | None, str]:
    """What poise can do with an environment: its information, or ``None`` and the reason in words."""
    try:
        return inspect(EnvironmentSpec(identifier)), ""
    except PoiseError as problem:
        return None, str(problem)


@contextmanager
def _quiet_gymnasium() -> Iterator[None]:
    """Gymnasium's advice to upgrade is for whoever wrote the environment's name into code, not for every run."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"gymnasium\..*")
        # Box2D's binding warns while it loads, and takes the process down if that warning is made an error.
        warnings.filterwarnings("ignore", message=r"builtin type \w+ has no __module__ attribute")
        yield


def _unknown(identifier: str, problem: str) -> UnknownNameError:
    advice = "`poise envs` lists those that are installed."
    if "Namespace" in problem or "deprecated" in problem:
        advice = f"{problem} {advice}"
    return UnknownNameError("environment", identifier, [*installed(), "CartPole-v0"], advice)


def _advice(identifier: str, problem: str) -> str:
    import gymnasium

    entry = str(gymnasium.spec(identifier).entry_point)
    extra = next((extra for folder, extra in EXTRAS.items() if f".{folder}" in entry), None)
    if extra is None:
        return f"{identifier} needs a package that is not installed: {problem}"
    return f"{identifier} needs packages that are not installed here; install them with: pip install 'poise[{extra}]'"


def check_spaces(environment: Environment, architecture: Architecture) -> None:
    """Raises `InvalidFileError` unless the environment observes and acts as the policy was made for."""
    observation, action = encode_space(environment.observation_space), decode_space(environment.action_space)
    if observation.leaves != architecture.observation.leaves or action != architecture.action:
        raise InvalidFileError(
            f"the policy is for {architecture.observation.size} features and {architecture.action.kind} actions, "
            f"{environment.spec.id if environment.spec else environment} has {observation.size} features and "
            f"{action.kind} actions, or other bounds: it was made for another environment or another version of it"
        )
