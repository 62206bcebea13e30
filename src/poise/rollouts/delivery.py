"""How an environment is told to another process: by its name, and by its registration where that is the user's own."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from poise.errors import InvalidValueError
from poise.types import EnvironmentSpec

if TYPE_CHECKING:
    from gymnasium.envs.registration import EnvSpec


class NotSendableError(InvalidValueError):
    """An environment that cannot be told to another process.

    Attributes:
        reason: why, in words.
    """

    def __init__(self, name: str, reason: str) -> None:
        self.name, self.reason = name, reason
        super().__init__(
            f"{name} cannot be played in several processes: {reason}; play it in one, with --workers 1 "
            "(workers=1 in Python)"
        )

    def __reduce__(self) -> tuple[type[NotSendableError], tuple[str, str]]:
        return type(self), (self.name, self.reason)


def pack(spec: EnvironmentSpec) -> bytes:
    """The environment, for `unpack` in another process.

    What a script or a notebook defines itself is taken along whole; what it has imported is imported again.

    Raises:
        NotSendableError: something of it cannot be pickled.
    """
    import cloudpickle

    from poise.rollouts.given import StaysHereError

    try:
        return bytes(cloudpickle.dumps((spec, _registration(spec))))
    except StaysHereError as error:
        raise NotSendableError(spec.id, str(error)) from error
    except Exception as error:  # whatever the pickling of a user's objects raises
        reason = f"something of it cannot be pickled ({type(error).__name__}: {error})"
        raise NotSendableError(spec.id, reason) from error


def unpack(data: bytes) -> EnvironmentSpec:
    """The environment, made known to Gymnasium in this process."""
    import gymnasium

    spec, registration = pickle.loads(data)  # nosec B301  from the process that started this one
    if registration is not None:
        gymnasium.registry[registration.id] = registration
    return replace(cast("EnvironmentSpec", spec), from_file=False)  # who sent it has made it before


def _registration(spec: EnvironmentSpec) -> EnvSpec | None:
    """What Gymnasium knows of an environment here; what the module in its name registers, it registers there too."""
    import gymnasium

    found = gymnasium.registry.get(spec.id)
    return None if found is None else replace(found, entry_point=portable_entry(found))


def portable_entry(registration: EnvSpec) -> Any:
    """What makes the environment, by a name that means the same in another process, or itself."""
    from gymnasium.envs.registration import load_env_creator

    entry = registration.entry_point
    if isinstance(entry, str) and entry.startswith("__main__:"):  # which is another module over there
        return load_env_creator(entry)
    return entry
