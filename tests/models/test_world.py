"""A world learnt from a few hundred transitions plays like the one they came from."""

from __future__ import annotations

import numpy as np
import pytest

from poise.models.ending import quadratic_terms
from poise.models.transitions import Transitions
from poise.models.world import CLIPPED, LARGEST, MODELS, SIGN, Imagined, Policies, World, is_without_aim
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


def _linear(*weights: float) -> Policies:
    """One policy: the weights of the features, and the constant."""
    bound = np.array([9.0], dtype=np.float32)
    return Policies(np.array([[weights]], dtype=np.float32), False, CLIPPED, -bound, bound)


def _push(strength: float) -> Policies:
    return _linear(0.0, 0.0, strength)


def test_a_return_of_many_steps_is_foretold() -> None:
    lived = _lived("state")
    world, starts = _world(lived), np.array([[0.5, 0.0], [-0.4, 0.3], [0.6, -0.2]])
    found = world.imagine(_push(0.2), world.scaled(starts), 20)
    x, expected = starts, np.zeros(3)
    for _ in range(20):
        expected -= np.square(x).sum(axis=1)
        x = _after(x, np.full((3, 1), 0.2))
    assert found.returns.shape == (MODELS, 3)
    assert found.alive.all()
    assert np.allclose(found.returns, expected, rtol=0.25)
    assert np.allclose(found.returns.mean(axis=0), expected, rtol=0.15), "the models err to both sides"


def test_it_knows_whether_anything_says_where_to_go() -> None:
    assert [is_without_aim(_lived(earns)) for earns in ("state", "control", "nothing")] == [False, True, True]
    assert not is_without_aim(_lived("nothing", ends=True)), "an end that was met is an aim, or to be shunned"


def test_what_an_effort_costs_is_known_though_nobody_has_rested_yet() -> None:
    rng = np.random.default_rng(0)
    x, u = rng.normal(size=(150, 10)), rng.choice([-1.0, 1.0], (150, 2)) * rng.uniform(0.5, 1.0, (150, 2))
    after = 0.8 * x
    after[:, :2] += 0.2 * u
    rewards = -0.1 * np.abs(x[:, 0]) - np.square(u).sum(axis=1)
    bound = np.full(10, np.inf)
    lived = Transitions(x, u, after, rewards, np.zeros(150, dtype=np.bool_))
    world = World(lived, -bound, bound, np.random.default_rng(1))
    most = np.ones(2, dtype=np.float32)
    rest = Policies(np.zeros((1, 2, 11), dtype=np.float32), False, CLIPPED, -most, most)
    found = world.imagine(rest, world.scaled(np.zeros((1, 10))), 20)
    assert not is_without_aim(lived)
    assert (found.returns > -4.0).all(), "resting costs nothing, and the least effort seen would cost 10"


def test_an_episode_ends_where_real_ones_did_and_earns_what_they_did() -> None:
    world = _world(_lived("nothing", ends=True))
    found = world.imagine(_push(0.0), world.scaled(np.array([[1.5, 2.0], [0.0, 0.0]])), 20)
    assert not found.alive[:, 0].any()
    assert found.alive[:, 1].all()
    assert (found.returns[:, 0] > 40).all()
    assert np.allclose(found.returns[:, 1], -20.0, rtol=1e-3)


def test_who_is_pushed_ranges_farther() -> None:
    world = _world(_lived("nothing"))
    start = world.scaled(np.zeros((1, 2)))
    one = np.ones(1, dtype=np.float32)
    along = Policies(one * np.array([[[0.0, 1.0, 0.0]]], dtype=np.float32), False, SIGN, -one, one)
    still, pushed = world.imagine(_push(0.0), start, 60), world.imagine(along, start, 60)
    assert (pushed.ranges > still.ranges + 0.5).all()


def test_known_bounds_are_never_left() -> None:
    world = World(_lived("state"), np.array([-2.2, -2.2]), np.array([2.2, 2.2]), np.random.default_rng(1))
    lowest, highest = world.scaled(np.array([-2.2, -2.2])), world.scaled(np.array([2.2, 2.2]))
    ends = world.imagine(_push(9.0), world.scaled(np.zeros((1, 2))), 80).ends
    assert (ends >= lowest - 1e-5).all()
    assert (ends <= highest + 1e-5).all()
    assert (np.isclose(ends, lowest) | np.isclose(ends, highest)).any(), "pushed as far as that"


def test_a_reward_that_was_never_earned_is_not_believed() -> None:
    world = World(_lived("state"), -NO_BOUND, NO_BOUND, np.random.default_rng(1))
    found = world.imagine(_push(1.0), world.scaled(np.array([[2.0, 2.0]])), 50)
    assert (found.returns <= 0).all()
    assert (found.returns >= -8.0 * 50).all()


def _plainly(world: World, policies: Policies, starts: FloatArray, steps: int) -> tuple[FloatArray, FloatArray]:
    """What the compiled code does, in the plainest words: returns, and where episodes end; no episode has an ending."""
    frequencies, phases, linear, waved, constant = world._model
    low, high, _, _, _, least, most = world._facts
    returns, ends = list[float](), list[FloatArray]()
    for m in range(MODELS):
        for weights in policies.weights:
            for start in starts:
                state, total = np.asarray(start), 0.0
                for _ in range(steps):
                    terms = quadratic_terms(state) if policies.quadratic else np.append(state, 1.0)
                    outputs = weights @ terms
                    if policies.kind == CLIPPED:
                        control = np.clip(outputs, policies.lowest, policies.highest)
                    elif policies.kind == SIGN:
                        control = np.where(outputs > 0, 1.0, -1.0)
                    else:
                        control = np.eye(len(outputs))[outputs.argmax()]
                    inputs = np.append(state, control)
                    waves = np.cos(2 * np.pi * (inputs @ frequencies[m] + phases[m]))
                    change = linear[m] @ inputs + waved[m] @ waves + constant[m]
                    total += float(np.clip(change[-1], least, most))
                    state = np.clip(state + change[:-1], low, high)
                returns.append(total)
                ends.append(state)
    return np.array(returns).reshape(MODELS, -1), np.array(ends).reshape(MODELS, len(returns) // MODELS, -1)


@pytest.mark.parametrize("quadratic", [False, True])
@pytest.mark.parametrize(("kind", "outputs"), [(CLIPPED, 1), (SIGN, 1), (LARGEST, 3)])
def test_the_compiled_code_does_what_the_plain_words_say(kind: int, outputs: int, quadratic: bool) -> None:
    lived, rng = _lived("state"), np.random.default_rng(3)
    controls = np.repeat(lived.controls, outputs, axis=1)
    lived = Transitions(lived.before, controls, lived.after, lived.rewards, lived.terminated)
    world, starts = _world(lived), rng.uniform(-1, 1, (2, 2))
    weights = rng.standard_normal((3, outputs, 6 if quadratic else 3)).astype(np.float32)
    policies = Policies(weights, quadratic, kind, -np.ones(outputs, np.float32), np.ones(outputs, np.float32))
    found: Imagined = world.imagine(policies, starts, 4)
    returns, ends = _plainly(world, policies, starts, 4)
    assert np.allclose(found.returns, returns, atol=1e-3)
    assert np.allclose(found.ends, ends, atol=1e-3)
