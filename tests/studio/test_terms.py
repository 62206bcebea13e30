"""The terms of a policy's sum: they add up to its outputs, whatever its normaliser, and none is lost."""

from __future__ import annotations

import json

import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete, MultiBinary, MultiDiscrete, Tuple

from poise.policies.architecture import Architecture, Normalizer
from poise.policies.spaces import encode_space
from poise.rollouts.environments import inspect
from poise.runs.policy import Policy
from poise.studio import attribution, terms
from poise.studio.terms import MOST_TERMS
from poise.types import EnvironmentSpec


def policy_of(env: str, kind: str, *, scaled: bool) -> tuple[Policy, list[np.ndarray]]:
    """A policy with numbers at random, and what it may see."""
    generator = np.random.default_rng(3)
    info = inspect(EnvironmentSpec(env))
    size = info.observation.size
    scale = Normalizer(generator.normal(size=size), generator.uniform(0.2, 3.0, size=size)) if scaled else None
    architecture = Architecture(kind, info.observation, info.action, scale)
    policy = Policy(info.spec, architecture, generator.normal(size=architecture.parameter_count))
    return policy, list(generator.normal(size=(5, size)).astype(np.float32))


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize(
    ("env", "kind"),
    [
        ("Pendulum-v1", "quadratic"),
        ("Acrobot-v1", "quadratic"),
        ("Acrobot-v1", "linear"),
        ("Acrobot-v1", "linear+bias"),
    ],
)
def test_the_terms_add_up_to_the_outputs(env: str, kind: str, scaled: bool) -> None:
    policy, observations = policy_of(env, kind, scaled=scaled)
    found = terms.terms_of(policy, observations)
    assert found is not None
    names, values, weights = found
    assert len(set(names)) == len(names) == values.shape[1]
    expected = policy.architecture.outputs(policy.parameters, np.array(observations, dtype=float))
    np.testing.assert_allclose(values @ weights.T, expected, rtol=1e-9, atol=1e-9)
    shown, products, _ = terms.most_telling(names, values, weights)
    assert len(shown) == min(len(names), MOST_TERMS + 1)
    np.testing.assert_allclose(products.sum(axis=2), expected, rtol=1e-9, atol=1e-9)


def test_the_terms_that_stand_alone_are_the_largest() -> None:
    values, weights = np.ones((3, 20)), np.array([[*range(10), *range(-10, 0)]], dtype=float)
    names, products, kept = terms.most_telling([f"term {index}" for index in range(20)], values, weights)
    assert names == [f"term {index}" for index in (4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)] + ["8 others"]
    assert kept[0][-1] is None
    assert products[0, 0, -1] == pytest.approx(sum((0, 1, 2, 3, -4, -3, -2, -1)))


def test_one_sum_of_many_features_is_a_long_one_too() -> None:
    space = encode_space(Box(-1, 1, (20,)))
    architecture = Architecture("linear", space, inspect(EnvironmentSpec("CartPole-v1")).action)
    policy = Policy(EnvironmentSpec("CartPole-v1"), architecture, np.arange(20.0))
    told = terms.to_json(policy, [np.ones(20, np.float32)])
    assert told is not None
    assert told["names"][-1] == "9 others"
    assert told["outputs"] == pytest.approx(190.0)


@pytest.mark.parametrize(("env", "kind"), [("CartPole-v1", "linear"), ("CartPole-v1", "mlp:4")])
def test_what_is_no_long_sum_has_no_terms(env: str, kind: str) -> None:
    policy, observations = policy_of(env, kind, scaled=False)
    assert terms.to_json(policy, observations) is None


def test_what_a_page_is_told_is_plain_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    policy, observations = policy_of("Acrobot-v1", "quadratic", scaled=True)
    told = json.loads(json.dumps(attribution.to_json(policy, observations, 6)))
    assert told["kind"] == "terms"
    assert np.shape(told["products"]) == (5, 3, MOST_TERMS + 1)
    assert np.sum(told["products"], axis=2) == pytest.approx(np.array(told["outputs"]), rel=1e-2, abs=1e-2)
    monkeypatch.setattr(attribution, "MOST_NUMBERS", 11)
    assert attribution.to_json(policy, observations, 6) is None


def test_each_row_of_a_table_is_named_by_its_choices() -> None:
    space = Tuple((Discrete(2), MultiBinary(2), MultiDiscrete([1, 2])))
    policy = Policy.create("Blackjack-v1", "table")
    architecture = Architecture("table", encode_space(space), policy.architecture.action)
    names = terms.row_names(architecture.observation, list("abcdefg"))
    assert names[:4] == ["a, e, f", "a, e, g", "a, d, e, f", "a, d, e, g"]
    assert len(set(names)) == len(names) == architecture.parameter_count == 16
    seen = (1, np.array([1, 0]), np.array([0, 1]))
    row = architecture.function.row(architecture.observation.encode(seen))  # type: ignore[attr-defined]
    assert names[int(row)] == "b, c, e, g"
    assert terms.row_names(encode_space(MultiBinary(1)), ["a"]) == ["none", "a"]


def test_a_table_has_one_term_the_row_that_is_looked_up() -> None:
    policy = Policy.create("Blackjack-v1", "table", np.arange(704.0))
    seen = [(14, 10, 0), (20, 10, 0), (14, 10, 0)]
    found = terms.terms_of(policy, seen)
    assert found is not None
    names, values, weights = found
    rows = [player * 22 + dealer * 2 + ace for player, dealer, ace in seen]
    assert (values @ weights.T).ravel().tolist() == [float(row) for row in rows]
    assert weights.tolist() == [[float(row) for row in sorted(set(rows))]]
    assert len(set(names)) == 2
    assert all(name.count(",") == 2 for name in names)
    told = attribution.to_json(policy, seen, width=3)
    assert (told["kind"], told["names"]) == ("table", names)
