"""What the studio is told of a policy: names, and weights that hold for the observations as they are shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from poise.errors import InvalidValueError
from poise.policies.architecture import Architecture, Normalizer
from poise.rollouts.environments import EnvironmentInfo, inspect
from poise.studio.source import Watched, action_names, linear_weights
from poise.types import EnvironmentSpec


@pytest.fixture(scope="module")
def info() -> EnvironmentInfo:
    return inspect(EnvironmentSpec("CartPole-v1"))


def test_a_policy_brings_its_names_weights_and_episodes(cartpole: Watched) -> None:
    assert cartpole.title == "CartPole-v1"
    assert cartpole.policy == "linear"
    assert cartpole.feature_names == ("cart position", "cart velocity", "pole angle", "pole angular velocity")
    assert cartpole.action_names == ("push left", "push right")
    assert cartpole.weights == ((0.059, 0.112, 0.959, 0.253),)
    assert cartpole.record(7).score == 500.0


def test_a_network_has_no_weights_to_show(info: EnvironmentInfo) -> None:
    network = Architecture("mlp:8", info.observation, info.action)
    watched = Watched.from_policy(info.spec, network, np.ones(network.parameter_count))
    assert watched.weights is None


@pytest.mark.parametrize("name", ["linear", "linear+bias"])
def test_weights_of_a_normalised_policy_hold_for_raw_observations(info: EnvironmentInfo, name: str) -> None:
    rng = np.random.default_rng(0)
    normalizer = Normalizer(rng.normal(size=4), rng.uniform(0.5, 2.0, size=4))
    policy = Architecture(name, info.observation, info.action, normalizer)
    parameters = rng.normal(size=policy.parameter_count)
    weights, biases = linear_weights(policy, parameters)
    observation = rng.normal(size=4)
    shown = np.asarray(weights) @ observation + np.asarray(biases)
    np.testing.assert_allclose(shown, policy.outputs(parameters, observation), rtol=1e-12)


def test_a_policy_without_normaliser_and_bias_has_none(info: EnvironmentInfo) -> None:
    policy = Architecture("linear", info.observation, info.action)
    assert linear_weights(policy, np.arange(4.0)) == (((0.0, 1.0, 2.0, 3.0),), ())


@pytest.mark.parametrize(
    ("environment", "names"),
    [
        ("MountainCar-v0", ("push left", "no push", "push right")),
        ("Pendulum-v1", ("torque",)),
        ("FrozenLake-v1", ("left", "down", "right", "up")),
        ("someone/Pendulum-v3", ("torque",)),
        ("Unheard-v0", ("a[0]",)),
    ],
)
def test_actions_are_named_as_the_environment_means_them(environment: str, names: tuple[str, ...]) -> None:
    like = environment if environment[0] in "MF" else "Pendulum-v1"
    assert action_names(environment, inspect(EnvironmentSpec(like)).action) == names


def test_unknown_discrete_actions_are_numbered_from_the_first(info: EnvironmentInfo) -> None:
    assert action_names("Unheard-v0", replace(info.action, starts=(3,))) == ("action 3", "action 4")


def test_a_seed_out_of_range_is_refused(info: EnvironmentInfo) -> None:
    policy = Architecture("linear", info.observation, info.action)
    with pytest.raises(InvalidValueError, match="seed"):
        Watched.from_policy(info.spec, policy, np.zeros(4), first_seed=-1)


def test_biases_that_do_not_match_the_weights_are_refused(cartpole: Watched) -> None:
    with pytest.raises(InvalidValueError, match="expected 1 biases"):
        replace(cartpole, biases=(0.0, 0.0))
