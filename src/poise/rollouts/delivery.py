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
    """An environment that cannot be told to another process."""


def pack(spec: EnvironmentSpec) -> bytes:
    """The environment, for `unpack` in another process.

    What a script or a notebook defines itself is taken along whole; what it has imported is imported again.

    Raises:
        NotSendableError: something of it cannot be pickled.
    """
    import cloudpickle

    try:
        return bytes(cloudpickle.dumps((spec, _registration(spec))))
    except Exception as error:  # whatever the pickling of a user's objects raises
        raise NotSendableError(
            f"{spec.id} cannot be played in several processes, because something of it cannot be pickled "
            f"({type(error).__name__}: {error}); play it in one, with --workers 1 (workers=1 in Python), or give its "
            "arguments as plain data"
        ) from error


def unpack(data: bytes) -> EnvironmentSpec:
    """The environment, made known to Gymnasium in this process."""
    import gymnasium

    spec, registration = pickle.loads(data)
    if registration is not None:
        gymnasium.registry.setdefault(registration.id, registration)
    return spec  # type: ignore[no-any-return]  # it is what `pack` was given


def _registration(spec: EnvironmentSpec) -> EnvSpec | None:
    """What Gymnasium knows of an environment that is neither its own nor registered by the module in its name."""
    import gymnasium
    from gymnasium.envs.registration import load_env_creator

    found = gymnasium.registry.get(spec.id)
    if found is None:
        return None
    entry = found.entry_point
    if isinstance(entry, str) and entry.startswith("gymnasium."):
        return None
    if isinstance(entry, str) and entry.startswith("__main__:"):  # which is another module over there
        return replace(found, entry_point=cast("Any", load_env_creator(entry)))
    return found
