"""Gradient × input: equal to what finite differences find, for every output, and only where there is a network."""

from __future__ import annotations

import json

import numpy as np
import pytest
from gymnasium import spaces

from poise.policies.architecture import Architecture, Normalizer
from poise.policies.mlp import Mlp
from poise.policies.spaces import decode_space, encode_space
from poise.rollouts.environments import inspect
from poise.runs.policy import Policy
from poise.studio import attribution
from poise.studio.episodes import play
from poise.studio.source import Watched
from poise.types import EnvironmentSpec

STEP = 1e-6


@pytest.mark.parametrize("hidden", [(3,), (8, 5), (4, 4, 4)])
def test_the_slopes_of_a_network_are_those_of_finite_differences(hidden: tuple[int, ...]) -> None:
    generator = np.random.default_rng(0)
    network = Mlp(4, 3, hidden)
    parameters, features = generator.normal(size=network.parameter_count), generator.normal(size=(7, 4))
    found = network.gradients(parameters, features)
    assert found.shape == (7, 3, 4)
    for index in range(4):
        nudge = STEP * np.eye(4)[index]
        slope = (network(parameters, features + nudge) - network(parameters, features - nudge)) / (2 * STEP)
        np.testing.assert_allclose(found[:, :, index], slope, rtol=1e-6, atol=1e-8)


def test_each_product_is_slope_times_what_the_network_sees() -> None:
    generator = np.random.default_rng(1)
    info = inspect(EnvironmentSpec("Acrobot-v1"))
    scale = Normalizer(generator.normal(size=6), generator.uniform(0.5, 2.0, size=6))
    architecture = Architecture("mlp:8", info.observation, info.action, scale)
    policy = Policy(info.spec, architecture, generator.normal(size=architecture.parameter_count))
    observations = generator.normal(size=(5, 6)).astype(np.float32)
    found = attribution.gradient_times_input(policy, list(observations))
    assert found is not None
    products, outputs = found
    features = observations.astype(np.float64)
    np.testing.assert_allclose(outputs, architecture.outputs(policy.parameters, features))
    for index in range(6):
        nudge = STEP * np.eye(6)[index]
        ahead, behind = (architecture.outputs(policy.parameters, features + sign * nudge) for sign in (1, -1))
        slope = (ahead - behind) / (2 * STEP)  # in the observation; x - mean undoes the scale
        expected = slope * (features[:, index] - scale.mean[index])[:, np.newaxis]
        np.testing.assert_allclose(products[:, :, index], expected, rtol=1e-5, atol=1e-8)


def test_an_episode_of_a_network_brings_it_and_one_of_a_linear_policy_does_not(cartpole: Watched) -> None:
    info = inspect(EnvironmentSpec("CartPole-v1"))
    network = Architecture("mlp:4", info.observation, info.action)
    watched = Watched.from_policy(info.spec, network, np.linspace(-1, 1, network.parameter_count))
    told = json.loads(json.dumps(play(watched.record, 3).to_json(watched)))
    steps = told["length"] + 1
    assert np.shape(told["attribution"]["products"]) == (steps, 1, 4)
    assert np.shape(told["attribution"]["outputs"]) == (steps, 1)
    for action, (output,) in zip(told["actions"], told["attribution"]["outputs"], strict=False):
        assert action == [1 if output > 0 else 0]
    assert play(cartpole.record, 3).to_json(cartpole)["attribution"] is None


def test_of_a_network_of_many_features_those_that_count_most_are_told_by_name() -> None:
    space = spaces.Box(-np.inf, np.inf, (17,))
    architecture = Architecture("mlp:4", encode_space(space), decode_space(spaces.Box(-1, 1, (2,))))
    generator = np.random.default_rng(2)
    policy = Policy(EnvironmentSpec("Wide-v0"), architecture, generator.normal(size=architecture.parameter_count))
    observations = list(generator.normal(size=(6, 17)) * np.linspace(0.1, 2.0, 17))
    whole = attribution.gradient_times_input(policy, observations)
    told = attribution.to_json(policy, observations, 17)
    assert whole is not None
    counts = np.abs(whole[0]).mean(axis=(0, 1))
    best = sorted(np.argsort(-counts)[:12].tolist())
    assert told["names"] == [policy.feature_names[index] for index in best]
    np.testing.assert_allclose(np.array(told["products"]), whole[0][:, :, best], rtol=1e-3)


def test_an_episode_that_is_too_wide_brings_none(monkeypatch: pytest.MonkeyPatch) -> None:
    info = inspect(EnvironmentSpec("CartPole-v1"))
    network = Architecture("mlp:4", info.observation, info.action)
    policy = Policy(info.spec, network, np.zeros(network.parameter_count))
    observations = [np.zeros(4, np.float32)] * 3
    assert attribution.to_json(policy, observations, 4) is not None
    assert attribution.to_json(policy, observations, 1) is None, "the page shows other numbers than the network sees"
    monkeypatch.setattr(attribution, "MOST_NUMBERS", 11)
    assert attribution.to_json(policy, observations, 4) is None
