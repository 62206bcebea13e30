"""What a person presses to act in an environment: keys for each action, Gymnasium's own where it has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from poise.errors import InvalidValueError, UnsupportedSpaceError
from poise.policies.spaces import ActionDecoding, decode_space
from poise.rollouts.environments import close, make
from poise.studio.source import action_names
from poise.types import EnvironmentSpec, Json

if TYPE_CHECKING:
    from poise.rollouts.environments import Environment

MOST_ACTIONS = 10
"""Discrete actions that get a key each where the environment names none."""

MOST_COMPONENTS = 3
"""Continuous actions that two hands can steer."""

NOT_BY_HAND = frozenset(
    [
        "Ant",
        "HalfCheetah",
        "Humanoid",
        "HumanoidStandup",
        "Pusher",
        "Walker2d",
        "BipedalWalker",
        "BipedalWalkerHardcore",
    ]
)
"""Gymnasium's environments with more continuous actions: known without making one, so that no list offers them."""

SLOW_FPS = 5
"""An environment that is shown with no more frames a second waits for the player."""

USUAL_FPS = 30
"""Steps a second where the environment does not say."""

LEFT, RIGHT, UP, DOWN = ("ArrowLeft", "a"), ("ArrowRight", "d"), ("ArrowUp", "w"), ("ArrowDown", "s")
SPACE, ENTER = (" ",), ("Enter",)

LABELS = {"ArrowLeft": "←", "ArrowRight": "→", "ArrowUp": "↑", "ArrowDown": "↓", " ": "space", "Enter": "⏎"}
"""How a key is written on the page; any other is written as itself."""

DISCRETE: Mapping[str, Mapping[tuple[str, ...], int]] = {
    "CartPole": {LEFT: 0, RIGHT: 1},
    "MountainCar": {LEFT: 0, RIGHT: 2},
    "Acrobot": {LEFT: 0, RIGHT: 2},
    "LunarLander": {LEFT: 1, UP: 2, RIGHT: 3},
    "FrozenLake": {LEFT: 0, DOWN: 1, RIGHT: 2, UP: 3},
    "FrozenLake8x8": {LEFT: 0, DOWN: 1, RIGHT: 2, UP: 3},
    "CliffWalking": {UP: 0, RIGHT: 1, DOWN: 2, LEFT: 3},
    "CliffWalkingSlippery": {UP: 0, RIGHT: 1, DOWN: 2, LEFT: 3},
    "Taxi": {DOWN: 0, UP: 1, RIGHT: 2, LEFT: 3, SPACE: 4, ENTER: 5},
    "Blackjack": {("ArrowDown", "s"): 0, ("ArrowUp", "h"): 1},
}
"""The action of each key, by the environment's name without its version."""

IDLE = {"MountainCar": 1, "Acrobot": 1, "LunarLander": 0}
"""What is done while no key is held. Elsewhere the last action goes on: a cart is always pushed."""

CONTINUOUS: Mapping[str, tuple[tuple[tuple[str, ...], int, float], ...]] = {
    "Pendulum": ((LEFT, 0, 2.0), (RIGHT, 0, -2.0)),  # to the left is counter-clockwise, which is positive
    "LunarLanderContinuous": ((UP, 0, 1.0), (LEFT, 1, -1.0), (RIGHT, 1, 1.0)),
    "CarRacing": ((LEFT, 0, -1.0), (RIGHT, 0, 1.0), (UP, 1, 1.0), (DOWN, 2, 0.8)),
}
"""Keys, component and value, by the environment's name without its version."""

PAIRS = ((LEFT, RIGHT), (DOWN, UP), (("q",), ("e",)))
"""Keys for less and more of each component of any other continuous action."""

_OLD_CODES = {273: "ArrowUp", 274: "ArrowDown", 275: "ArrowRight", 276: "ArrowLeft"}
_NEW_CODES = {1073741906: "ArrowUp", 1073741905: "ArrowDown", 1073741903: "ArrowRight", 1073741904: "ArrowLeft"}
_KEY_CODES = {**_OLD_CODES, **_NEW_CODES, 13: "Enter"}
"""Keys by their numbers in pygame 1 and 2, as `keys_to_action` has them."""


@dataclass(frozen=True)
class Key:
    """One key that a person can hold.

    Attributes:
        keys: names of the keys that do it, as ``KeyboardEvent.key`` has them; the first is shown.
        name: what it does, in words.
        component: the part of the action that it sets; 0 for discrete actions.
        value: what it sets it to: the number of a discrete action.
    """

    keys: tuple[str, ...]
    name: str
    component: int
    value: float

    def to_json(self) -> Json:
        """As the page wants it."""
        label = LABELS.get(self.keys[0], self.keys[0].upper())
        return {
            "keys": self.keys,
            "label": label,
            "name": self.name,
            "component": self.component,
            "value": self.value,
        }


@dataclass(frozen=True)
class Controls:
    """How a person acts.

    Attributes:
        action: the environment's actions.
        keys: what can be held.
        chords: actions of several keys held together: their places in `keys`, and the number of the action.
        idle: the action while nothing is held, one number a component; ``None`` where the last one goes on.
        fps: steps a second.
        turn_based: a step is made when a key goes down, and only then.
    """

    action: ActionDecoding
    keys: tuple[Key, ...]
    chords: tuple[tuple[tuple[int, ...], int], ...] = ()
    idle: tuple[float, ...] | None = None
    fps: float = USUAL_FPS
    turn_based: bool = False

    def decode(self, values: Iterable[float]) -> Any:
        """The action of the numbers that a page sends, one a component.

        Raises:
            InvalidValueError: they are none.
        """
        numbers = list(values)
        if self.action.kind == "discrete":
            start, count = self.action.starts[0], self.action.sizes[0]
            if len(numbers) != 1 or not start <= numbers[0] < start + count or numbers[0] != int(numbers[0]):
                raise InvalidValueError(f"Expected an action from {start} to {start + count - 1}, got {numbers[:4]}.")
            return int(numbers[0])
        if len(numbers) != len(self.action.low) or not np.isfinite(numbers).all():
            raise InvalidValueError(f"Expected an action of {len(self.action.low)} numbers, got {numbers[:4]}.")
        low = [-np.inf if bound is None else bound for bound in self.action.low]
        high = [np.inf if bound is None else bound for bound in self.action.high]
        return np.clip(numbers, low, high).astype(self.action.dtype).reshape(self.action.shape)

    def to_json(self) -> Json:
        """As the page wants it."""
        return {
            "keys": [key.to_json() for key in self.keys],
            "chords": self.chords,
            "idle": self.idle,
            "fps": self.fps,
            "turnBased": self.turn_based,
            "discrete": self.action.kind == "discrete",
            "low": self.action.low,
            "high": self.action.high,
        }


@dataclass
class _Own:
    """What an environment says itself in `get_keys_to_action`."""

    keys: dict[tuple[str, ...], int] = field(default_factory=dict)
    chords: list[tuple[tuple[str, ...], int]] = field(default_factory=list)
    idle: int | None = None


def controls_of(spec: EnvironmentSpec) -> Controls:
    """How a person plays an environment.

    Raises:
        UnsupportedSpaceError: it has too many actions for a keyboard.
        PoiseError: it cannot be made here.
    """
    environment = make(spec)
    try:
        return _controls(spec, environment)
    finally:
        close(environment)


def short_name(identifier: str) -> str:
    """An environment's name without module, namespace and version: ``"CartPole"``."""
    return identifier.rpartition("/")[2].rpartition(":")[2].rpartition("-v")[0]


def _controls(spec: EnvironmentSpec, environment: Environment) -> Controls:
    action, name = decode_space(environment.action_space), short_name(spec.id)
    fps = float(environment.metadata.get("render_fps") or USUAL_FPS)
    waits = fps <= SLOW_FPS or "envs.toy_text" in str(environment.spec and environment.spec.entry_point)
    if action.kind == "discrete":
        keys, chords, idle = _discrete(spec, name, environment, action)
        held = None if waits or idle is None else (float(idle),)
        return Controls(action, keys, chords, held, fps, waits)
    if action.kind == "box" and len(action.low) <= MOST_COMPONENTS:
        return Controls(action, _continuous(spec, name, action), (), _rest(action), fps, waits)
    raise UnsupportedSpaceError(
        f"{spec.id} cannot be played with keys: expected at most {MOST_ACTIONS} discrete actions or {MOST_COMPONENTS} "
        f"continuous ones, it has {environment.action_space}. A policy can be watched there all the same."
    )


def _discrete(
    spec: EnvironmentSpec, name: str, environment: Environment, action: ActionDecoding
) -> tuple[tuple[Key, ...], tuple[tuple[tuple[int, ...], int], ...], int | None]:
    start, count = action.starts[0], action.sizes[0]
    own = _own_keys(environment, range(start, start + count))
    table = own.keys or DISCRETE.get(name, {})
    if not table or not all(start <= number < start + count for number in table.values()):
        if count > MOST_ACTIONS:
            raise UnsupportedSpaceError(
                f"{spec.id} cannot be played with keys: expected at most {MOST_ACTIONS} actions, it has {count}. "
                "A policy can be watched there all the same."
            )
        table = {(str((number + 1) % 10),): start + number for number in range(count)}
    table = dict(sorted(table.items(), key=_place_on_the_keyboard))
    names = action_names(spec.id, action)
    keys = tuple(Key(held, names[number - start], 0, number) for held, number in table.items())
    places = {held[0]: place for place, held in enumerate(table)}
    chords = tuple((tuple(places[key] for key in held), number) for held, number in own.chords)
    idle = own.idle if own.idle is not None else IDLE.get(name)
    return keys, chords, idle


def _place_on_the_keyboard(key: tuple[tuple[str, ...], int]) -> int:
    """Arrows from left to right, as a hand lies on them; all others after them, in the order of their actions."""
    arrows = [arrow[0] for arrow in (LEFT, UP, DOWN, RIGHT)]
    return arrows.index(key[0][0]) if key[0][0] in arrows else len(arrows)


def _own_keys(environment: Environment, actions: range) -> _Own:
    """`get_keys_to_action` of the environment, as far as it can be read: single keys, several at once, none."""
    found = _Own()
    ask = getattr(environment.unwrapped, "get_keys_to_action", None)
    if ask is None:
        return found
    for held, number in dict(ask()).items():
        if not isinstance(number, int | np.integer) or int(number) not in actions:
            return _Own()
        keys = tuple(_key_name(key) for key in (held if isinstance(held, tuple | list | str) else (held,)))
        if not keys:
            found.idle = int(number)
        elif len(keys) == 1:
            letters = {both[0]: both for both in (LEFT, RIGHT, UP, DOWN)}
            found.keys[letters.get(keys[0], keys)] = int(number)
        else:
            found.chords.append((keys, int(number)))
    single = {held[0] for held in found.keys}
    found.chords = [(keys, number) for keys, number in found.chords if set(keys) <= single]
    return found


def _key_name(key: Any) -> str:
    if isinstance(key, str):
        return key
    number = int(key)
    return _KEY_CODES.get(number, chr(number) if 32 <= number < 127 else f"key {number}")


def _continuous(spec: EnvironmentSpec, name: str, action: ActionDecoding) -> tuple[Key, ...]:
    names = action_names(spec.id, action)
    known = CONTINUOUS.get(name, ())
    if known and all(component < len(names) for _, component, _ in known):
        return tuple(_steering(keys, names[component], component, value) for keys, component, value in known)
    found: list[Key] = []
    for component, (low, high) in enumerate(zip(action.low, action.high, strict=True)):
        least = low if low is not None else min(-1.0, (high or 0.0) - 1.0)
        ends = (least, high if high is not None else max(1.0, least + 1.0))
        for keys, value in zip(PAIRS[component], ends, strict=True):
            if value:
                found.append(_steering(keys, names[component], component, value))
    return tuple(found)


def _steering(keys: tuple[str, ...], name: str, component: int, value: float) -> Key:
    return Key(keys, f"{name} {value:+g}".replace("-", "−"), component, value)


def _rest(action: ActionDecoding) -> tuple[float, ...]:
    """Nothing where that is within bounds, else the nearest to it."""
    low = [-np.inf if bound is None else bound for bound in action.low]
    high = [np.inf if bound is None else bound for bound in action.high]
    return tuple(np.clip(0.0, low, high).tolist())
