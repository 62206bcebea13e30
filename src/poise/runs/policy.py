"""A policy as a thing to keep: environment, architecture, parameters and certificate in one JSON file.

The file is data. Loading it runs no code, needs neither the environment nor Gymnasium, and checks it against
``policy.schema.json`` beside this module.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import metadata, resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from poise.errors import InvalidFileError, InvalidValueError, NewerVersionError, PoiseError
from poise.policies.architecture import Architecture, Normalizer
from poise.policies.spaces import ActFunction, ActionDecoding, ObservationEncoding, feature_names
from poise.runs.files import read_json, write_json
from poise.types import EnvironmentSpec, FloatArray, Json

if TYPE_CHECKING:
    import gymnasium

    from poise.rollouts.environments import EnvironmentLike

FORMAT, VERSION = "poise.policy", 1


@dataclass(frozen=True)
class Policy:
    """A policy that acts.

    Attributes:
        environment: the environment it is for.
        architecture: the policy apart from its parameters.
        parameters: float64, shape (architecture.parameter_count,), not to be changed.
        certificate: what it was reported with, as in ``evaluation.json``; ``None`` if nothing was measured.
        gymnasium_version: the Gymnasium it was made with.
    """

    environment: EnvironmentSpec
    architecture: Architecture
    parameters: FloatArray
    certificate: Mapping[str, Json] | None = None
    gymnasium_version: str = ""

    def __post_init__(self) -> None:
        parameters = self.architecture.check_parameters(self.parameters).copy()
        parameters.setflags(write=False)
        object.__setattr__(self, "parameters", parameters)

    @classmethod
    def create(
        cls,
        env: EnvironmentLike,
        architecture: str = "linear",
        parameters: Sequence[float] | FloatArray | None = None,
        env_args: Mapping[str, Json] | None = None,
    ) -> Policy:
        """A policy made by hand.

        Args:
            env: Gymnasium's identifier of the environment; or a `gymnasium.Env`, or a function that makes one.
            architecture: the kind of policy, for instance ``"linear"`` or ``"mlp:8"``.
            parameters: its numbers; ``None`` for all zeros.
            env_args: keyword arguments for `gymnasium.make`.

        Raises:
            PoiseError: the environment cannot be made, the kind is unknown, or the parameters do not fit it.
        """
        from poise.rollouts.environments import inspect, specify

        info = inspect(specify(env, env_args))
        built = Architecture(architecture, info.observation, info.action)
        values = np.zeros(built.parameter_count) if parameters is None else parameters
        return cls(info.spec, built, built.check_parameters(values), None, metadata.version("gymnasium"))

    @cached_property
    def _act(self) -> ActFunction:
        return self.architecture.bind(self.parameters)

    def act(self, observation: Any) -> Any:
        """The action for an observation of the environment."""
        if self.architecture.observation.is_plain_box:
            observation = np.asarray(observation)
            if observation.size != self.architecture.observation.size:
                self.architecture.observation.encode(observation)  # raises, and says what was expected
        return self._act(observation)

    def with_env(self, env: EnvironmentLike) -> Policy:
        """The same policy in an environment that is given: one that no file can hold, or another one with such spaces.

        Args:
            env: Gymnasium's identifier; or a `gymnasium.Env`, or a function that makes one.

        Raises:
            InvalidFileError: its spaces are not those that the policy was made for.
            PoiseError: it cannot be made.
        """
        from poise.rollouts.environments import close, inspect, is_given, specify

        # What the one that has to be given again was made with is known.
        arguments = self.environment.kwargs if callable(env) and is_given(self.environment.id) else None
        policy = replace(self, environment=inspect(specify(env, arguments)).spec)
        close(policy.make_env())
        return policy

    def make_env(self, render_mode: str | None = None) -> gymnasium.Env[Any, Any]:
        """The environment it is for, as Gymnasium makes it.

        Raises:
            InvalidValueError: it was given from Python, and has to be given again: `with_env`.
            InvalidFileError: its spaces are not those that the policy was made for.
            PoiseError: it cannot be made here.
        """
        from poise.rollouts.environments import check_spaces, make

        environment = make(self.environment, render_mode)
        check_spaces(environment, self.architecture)
        return environment

    @property
    def feature_names(self) -> tuple[str, ...]:
        """A name for each number that the policy sees."""
        return feature_names(self.environment.id, self.architecture.observation)

    def save(self, path: str | Path) -> Path:
        """Writes the policy's file, replacing one that is there.

        Raises:
            OutputError: if it cannot be written.
        """
        target = Path(path)
        write_json(target, self.to_json())
        return target

    def to_json(self) -> Json:
        """The content of the policy's file."""
        normalizer = self.architecture.normalizer
        return {
            "format": FORMAT,
            "version": VERSION,
            "made_by": f"poise {metadata.version('poise')}",
            "environment": {
                "id": self.environment.id,
                "kwargs": dict(self.environment.kwargs),
                "max_episode_steps": self.environment.max_episode_steps,
                "gymnasium": self.gymnasium_version,
            },
            "architecture": {
                "name": self.architecture.name,
                "observation": self.architecture.observation.to_json(),
                "action": self.architecture.action.to_json(),
                "normalizer": None
                if normalizer is None
                else {"mean": normalizer.mean.tolist(), "scale": normalizer.scale.tolist()},
            },
            "feature_names": list(self.feature_names),
            "parameters": self.parameters.tolist(),
            "certificate": None if self.certificate is None else dict(self.certificate),
        }


def load(path: str | Path, env: EnvironmentLike | None = None) -> Policy:
    """Reads a policy's file, or the policy of a run's directory.

    Args:
        path: ``policy.json``, or a directory that holds one.
        env: the environment, where it is none that has a name; as for `Policy.with_env`.

    Raises:
        InvalidFileError: if it is missing, damaged, of a newer version, or holds numbers that do not fit together.
    """
    file = Path(path)
    if file.is_dir():
        file = file / "policy.json"
        if not file.exists():
            raise InvalidFileError(
                f"{path} holds no policy.json: expected the directory of a run that has found a policy"
            )
    data = read_json(file)
    _check(data, file)
    try:
        policy = _from_json(data)
    except (PoiseError, TypeError, ValueError) as error:
        raise InvalidFileError(f"{file}: {error}") from error
    return policy if env is None else policy.with_env(env)


def _check(data: Mapping[str, Json], file: Path) -> None:
    if data.get("format") != FORMAT:
        raise InvalidFileError(f"{file} is no policy of poise: expected format {FORMAT!r}, got {data.get('format')!r}")
    version = data.get("version")
    if isinstance(version, int) and version > VERSION:
        raise NewerVersionError.of(file, version, VERSION)
    if version != VERSION:
        raise InvalidFileError(f"{file}: expected version {VERSION} of the format, got {version!r}")
    import jsonschema

    schema = json.loads(resources.files("poise.runs").joinpath("policy.schema.json").read_text(encoding="utf-8"))
    found = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(data))
    if found is not None:
        message = found.message if len(found.message) < 200 else found.message[:200] + " …"
        raise InvalidFileError(f"{file}, at {found.json_path}: {message}")


def _from_json(data: Mapping[str, Json]) -> Policy:
    environment, shape = data["environment"], data["architecture"]
    normalizer = shape["normalizer"]
    observation = ObservationEncoding.from_json(shape["observation"])
    architecture = Architecture(
        shape["name"],
        observation,
        ActionDecoding.from_json(shape["action"]),
        None
        if normalizer is None
        else Normalizer(np.array(normalizer["mean"], dtype=float), np.array(normalizer["scale"], dtype=float)),
    )
    if observation.size > 10_000:
        raise InvalidValueError(f"expected at most 10,000 features, got {observation.size}")
    return Policy(
        EnvironmentSpec(environment["id"], environment["kwargs"], environment["max_episode_steps"], from_file=True),
        architecture,
        np.array(data["parameters"], dtype=np.float64),
        data["certificate"],
        environment["gymnasium"],
    )
