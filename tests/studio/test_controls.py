"""Keys for every environment that keys can steer, and a reason where they cannot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gymnasium
import numpy as np
import pytest

from poise.errors import InvalidValueError, UnsupportedSpaceError
from poise.studio.controls import NOT_BY_HAND, Controls, controls_of, short_name
from poise.studio.train_routes import _groups
from poise.types import EnvironmentSpec

TAXI = "Taxi-v4" if "Taxi-v4" in gymnasium.registry else "Taxi-v3"


def of(identifier: str, **arguments: Any) -> Controls:
    return controls_of(EnvironmentSpec(identifier, arguments))


class _Made(gymnasium.Env[Any, Any]):
    """An environment of any action space, with or without keys of its own."""

    observation_space = gymnasium.spaces.Box(-1, 1, (2,))

    def __init__(self, action: gymnasium.Space[Any], own: dict[Any, Any] | None = None) -> None:
        self.action_space = action
        if own is not None:
            self.get_keys_to_action = lambda: own


@contextmanager
def registered(**arguments: Any) -> Iterator[str]:
    def make(**_: Any) -> gymnasium.Env[Any, Any]:
        return _Made(**arguments)

    gymnasium.register("Made-v0", entry_point=make)
    try:
        yield "Made-v0"
    finally:
        del gymnasium.registry["Made-v0"]


def test_a_cart_is_pushed_by_arrows_and_the_last_push_goes_on() -> None:
    controls = of("CartPole-v1")
    assert [(key.keys[0], key.value) for key in controls.keys] == [("ArrowLeft", 0), ("ArrowRight", 1)]
    assert (controls.idle, controls.fps, controls.turn_based) == (None, 50.0, False)


def test_gymnasiums_own_keys_are_taken() -> None:
    controls = of("MountainCar-v0")
    assert {key.keys[0]: key.value for key in controls.keys} == {"ArrowLeft": 0, "ArrowRight": 2}
    assert controls.idle == (1.0,)
    assert [({controls.keys[place].keys[0] for place in places}, number) for places, number in controls.chords] == [
        ({"ArrowLeft", "ArrowRight"}, 1)
    ]


def test_own_keys_by_letters_and_numbers_are_read() -> None:
    own = {(): 0, (ord("z"),): 1, ("w",): 2, (1073741904,): 3, ("w", ord("z")): 4}
    with registered(action=gymnasium.spaces.Discrete(18), own=own) as name:
        controls = of(name)
    assert {key.keys[0]: key.value for key in controls.keys} == {"z": 1, "w": 2, "ArrowLeft": 3}
    assert controls.chords == (((2, 1), 4),)  # their places among the keys
    assert controls.idle == (0.0,)


def test_toy_text_waits_for_the_player() -> None:
    controls = of(TAXI)
    assert controls.turn_based
    assert controls.idle is None
    assert {key.name for key in controls.keys} == {"down", "up", "right", "left", "pick up", "drop off"}


@pytest.mark.parametrize(
    ("env", "labels"),
    [(TAXI, "← ↑ ↓ → space ⏎"), ("CliffWalking-v1", "← ↑ ↓ →"), ("LunarLander-v3", "← ↑ →"), ("CartPole-v1", "← →")],
)
def test_arrows_stand_as_a_hand_lies_on_them(env: str, labels: str) -> None:
    shown = controls_of(EnvironmentSpec(env)).to_json()["keys"]
    assert " ".join(key["label"] for key in shown) == labels


def test_a_few_unknown_actions_get_numbers() -> None:
    with registered(action=gymnasium.spaces.Discrete(10, start=5)) as name:
        controls = of(name)
    assert [key.keys[0] for key in controls.keys] == [*"1234567890"]
    assert [key.value for key in controls.keys] == list(range(5, 15))


def test_up_to_three_continuous_actions_get_a_pair_of_keys_each() -> None:
    with registered(
        action=gymnasium.spaces.Box(np.array([-1, 0, 2], np.float32), np.array([1, 1, np.inf], np.float32))
    ) as name:
        controls = of(name)
    assert [(key.keys[0], key.component, key.value) for key in controls.keys] == [
        ("ArrowLeft", 0, -1.0),
        ("ArrowRight", 0, 1.0),
        ("ArrowUp", 1, 1.0),
        ("q", 2, 2.0),
        ("e", 2, 3.0),
    ]
    assert controls.idle == (0.0, 0.0, 2.0)


@pytest.mark.parametrize("action", [gymnasium.spaces.Discrete(11), gymnasium.spaces.Box(-1, 1, (4,))])
def test_too_many_actions_are_said(action: gymnasium.Space[Any]) -> None:
    with (
        registered(action=action) as name,
        pytest.raises(UnsupportedSpaceError, match=r"cannot be played with keys: expected at most 10"),
    ):
        of(name)


def test_actions_of_a_page_are_checked_and_kept_in_bounds() -> None:
    cart, pendulum = of("CartPole-v1"), of("Pendulum-v1")
    assert cart.decode([1.0]) == 1
    for bad in ([2.0], [-1.0], [0.5], [], [0.0, 1.0], [float("nan")]):
        with pytest.raises(InvalidValueError, match="Expected an action"):
            cart.decode(bad)
    pushed = pendulum.decode([99.0])
    assert (pushed.dtype, pushed.tolist()) == (np.float32, [2.0])
    for bad in ([], [1.0, 2.0], [float("nan")], [float("inf")]):
        with pytest.raises(InvalidValueError, match="Expected an action"):
            pendulum.decode(bad)


@pytest.mark.slow
def test_lists_offer_what_can_be_played_and_nothing_else() -> None:
    for group in _groups():
        for env in group["envs"]:
            if group["title"] == "Others" or env.startswith("CarRacing"):  # slow to make; it is played as any other
                continue
            try:
                controls_of(EnvironmentSpec(env))
            except UnsupportedSpaceError:
                assert short_name(env) in NOT_BY_HAND
            else:
                assert short_name(env) not in NOT_BY_HAND
