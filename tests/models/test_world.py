"""A world learnt from a few hundred transitions plays like the one they came from."""

from __future__ import annotations

import numpy as np

from poise.models.transitions import Transitions
from poise.models.world import MODELS, Floats, World
from poise.types import FloatArray

NO_BOUND = np.full(2, np.inf)


def _after(x: FloatArray, u: FloatArray) -> FloatArray:
    """A pendulum without friction, pushed."""
    speed = x[..., 1] - 0.1 * np.sin(2 * x[..., 0]) + 0.1 * u[..., 0]
    return np.stack([x[..., 0] + 0.1 * speed, speed], axis=-1)


def _lived(earns: str, ends: bool = False) -> Transitions:
    rng = np.random.default_rng(0)
    x, u = rng.uniform(-2, 2, (400, 2)), rng.uniform(-1, 1, (400, 1))
    after = _after(x, u)
    rewards = {"state": -np.square(x).sum(axis=1), "control": -np.square(u[:, 0]), "nothing": np.full(400, -1.0)}
    terminated = after[:, 0] > 1.8 if ends else np.zeros(400, dtype=np.bool_)
    return Transitions(x, u, after, np.where(terminated, 50.0, rewards[earns]), terminated)


def _world(lived: Transitions) -> World:
    return World(lived, -NO_BOUND, NO_BOUND, np.random.default_rng(1))


def _push(strength: float) -> object:
    return lambda state: np.full((*state.shape[:2], 1), strength, dtype=np.float32)


def test_a_return_of_many_steps_is_foretold() -> None:
    lived = _lived("state")
    world, starts = _world(lived), np.array([[0.5, 0.0], [-0.4, 0.3], [0.6, -0.2]])
    found = world.imagine(_push(0.2), world.scaled(starts), 20)  # type: ignore[arg-type]
    x, expected = starts, np.zeros(3)
    for _ in range(20):
        expected -= np.square(x).sum(axis=1)
        x = _after(x, np.full((3, 1), 0.2))
    assert found.returns.shape == (MODELS, 3)
    assert found.alive.all()
    assert np.allclose(found.returns, expected, rtol=0.25)
    assert np.allclose(found.returns.mean(axis=0), expected, rtol=0.15), "the models err to both sides"


def test_it_knows_whether_rewards_say_where_it_is_good_to_be() -> None:
    assert [_world(_lived(earns)).blind for earns in ("state", "control", "nothing")] == [False, True, True]


def test_an_episode_ends_where_real_ones_did_and_earns_what_they_did() -> None:
    world = _world(_lived("nothing", ends=True))
    found = world.imagine(_push(0.0), world.scaled(np.array([[1.5, 2.0], [0.0, 0.0]])), 20)  # type: ignore[arg-type]
    assert not found.alive[:, 0].any()
    assert found.alive[:, 1].all()
    assert (found.returns[:, 0] > 40).all()
    assert np.allclose(found.returns[:, 1], -20.0, rtol=1e-3)


def test_who_is_pushed_ranges_farther() -> None:
    world = _world(_lived("nothing"))
    start = world.scaled(np.zeros((1, 2)))

    def along(state: Floats) -> Floats:
        return np.sign(state[..., 1:]).astype(np.float32)

    still, pushed = world.imagine(_push(0.0), start, 60), world.imagine(along, start, 60)  # type: ignore[arg-type]
    assert (pushed.ranges > still.ranges + 0.5).all()


def test_known_bounds_are_never_left() -> None:
    world = World(_lived("state"), np.array([-2.2, -2.2]), np.array([2.2, 2.2]), np.random.default_rng(1))
    lowest, highest = world.scaled(np.array([-2.2, -2.2])), world.scaled(np.array([2.2, 2.2]))
    seen: list[Floats] = []

    def watch(state: Floats) -> Floats:
        seen.append(state)
        return np.full((*state.shape[:2], 1), 9.0, dtype=np.float32)

    world.imagine(watch, world.scaled(np.zeros((1, 2))), 80)
    assert (np.stack(seen) >= lowest - 1e-5).all()
    assert (np.stack(seen) <= highest + 1e-5).all()


def test_a_reward_that_was_never_earned_is_not_believed() -> None:
    world = World(_lived("state"), -NO_BOUND, NO_BOUND, np.random.default_rng(1))
    found = world.imagine(_push(1.0), world.scaled(np.array([[2.0, 2.0]])), 50)  # type: ignore[arg-type]
    assert (found.returns <= 0).all()
    assert (found.returns >= -8.0 * 50).all()
