"""A whole policy: the tutorial's rule, one action for one observation however it is asked for, and its normaliser."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given, settings
from hypothesis import strategies as st

from poise.errors import InvalidValueError, UnknownNameError
from poise.policies.architecture import Architecture, Normalizer, check_policy_name, typical_scale
from poise.policies.spaces import decode_space, encode_space
from poise.types import ObservationSums

CART = spaces.Box(-np.inf, np.inf, (4,))


def _architecture(
    name: str, observation: spaces.Space[Any] = CART, action: spaces.Space[Any] | None = None
) -> Architecture:
    return Architecture(name, encode_space(observation), decode_space(action or spaces.Discrete(2)))


def test_the_tutorials_worked_example() -> None:
    linear = _architecture("linear")
    policy, state = np.array([-0.116, 0.332, 0.207, 0.352]), [0, 0, 0.2, 0.05]
    assert linear.parameter_count == 4
    assert linear.outputs(policy, np.array(state, dtype=float)).tolist() == [pytest.approx(0.059, abs=1e-15)]
    assert linear.act(policy, state) == 1
    assert linear.act(-policy, state) == 0
    for found in (linear.act(policy, [0, 0, 0, 0]), linear.bind(policy)(np.zeros(4))):
        assert found == 0, "the rule is: 1 if the sum is greater than 0, else 0"


@pytest.mark.parametrize("name", ["linear", "linear+bias", "quadratic", "mlp:3", "mlp:4,2"])
@pytest.mark.parametrize("action", [spaces.Discrete(2, start=3), spaces.Discrete(4), spaces.Box(-2, 2, (2,))])
@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 2**32 - 1))
def test_act_bind_and_batch_agree(name: str, action: spaces.Space[Any], seed: int) -> None:
    rng = np.random.default_rng(seed)
    architecture = _architecture(name, action=action)
    parameters = rng.normal(size=(3, architecture.parameter_count))
    observations = list(rng.normal(size=(4, 4)).astype(np.float32))
    batch = architecture.act_batch(parameters, observations)
    for i, vector in enumerate(parameters):
        bound = architecture.bind(vector)
        for j, observation in enumerate(observations):
            one = architecture.act(vector, observation)
            assert np.array_equal(one, bound(observation))
            assert np.array_equal(one, batch[i][j])
            assert action.contains(one)


def test_a_bound_policy_refuses_an_observation_of_another_size() -> None:
    act = _architecture("linear").bind(np.ones(4))
    for observation in (np.ones(3), np.ones(5), np.ones((2, 3)), [1.0]):
        with pytest.raises(InvalidValueError, match="expected an observation of 4 features"):
            act(observation)


@pytest.mark.parametrize("name", ["linear", "linear+bias"])
@pytest.mark.parametrize(
    ("space", "observation"),
    [
        (spaces.Box(-1, 1, (2, 2)), np.array([[0.5, -0.25], [0.125, -1]], dtype=np.float32)),
        (spaces.Box(-1, 1, ()), np.array(0.5, dtype=np.float32)),
        (spaces.Box(-1, 1, (2,)), [0.5, -0.25]),
        (spaces.Box(-1, 1, (2,)), (0.5, -0.25)),
        (spaces.Box(0, 9, (2,), np.int64), np.array([3, 4])),
        (spaces.Discrete(3), 2),
        (spaces.Dict({"a": spaces.Discrete(2), "b": spaces.Box(-1, 1, (1,))}), {"a": 1, "b": np.array([0.5])}),
    ],
    ids=str,
)
def test_bound_it_takes_observations_of_any_shape_that_act_takes(
    name: str, space: spaces.Space[Any], observation: Any
) -> None:
    architecture = _architecture(name, space)
    for parameters in np.random.default_rng(0).normal(size=(10, architecture.parameter_count)):
        assert architecture.bind(parameters)(observation) == architecture.act(parameters, observation)


@pytest.mark.parametrize("name", ["linear", "linear+bias", "quadratic"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("weight", [1.0, -1.0, 0.0, 1e308])
def test_bound_or_not_it_refuses_an_observation_that_is_not_finite(name: str, bad: float, weight: float) -> None:
    architecture, observation = _architecture(name), np.array([bad, 0.0, 1.0, 0.0])
    parameters = np.full(architecture.parameter_count, weight)
    for act in (architecture.bind(parameters), lambda seen: architecture.act(parameters, seen)):
        with pytest.raises(InvalidValueError, match="finite observation"):
            act(observation)


def test_bound_or_not_weights_that_overflow_give_the_same_action() -> None:
    architecture = _architecture("linear+bias")
    for parameters in ([1e308] * 5, [-1e308] * 5, [1e308, -1e308, 1e308, -1e308, 1.0]):
        vector, observation = np.array(parameters), np.array([100.0, 100.0, 100.0, 100.0])
        with np.errstate(over="ignore", invalid="ignore"):
            assert architecture.bind(vector)(observation) == architecture.act(vector, observation)


def test_architectures_are_equal_if_all_their_parts_are() -> None:
    one, same, other = (
        _architecture("linear").with_normalizer(Normalizer(np.zeros(4), np.full(4, scale))) for scale in (1.0, 1.0, 2.0)
    )
    assert one == same
    assert hash(one) == hash(same)
    assert one != other != _architecture("linear")


def test_a_normalizer_is_applied_before_the_weights() -> None:
    normalizer = Normalizer(np.array([1.0, 0, 0, 0]), np.array([2.0, 1, 1, 1]))
    architecture = _architecture("linear").with_normalizer(normalizer)
    assert architecture.outputs(np.array([1.0, 0, 0, 0]), np.array([5.0, 0, 0, 0])).tolist() == [2.0]


@pytest.mark.parametrize(
    ("mean", "scale"), [([0.0], [0.0]), ([0.0], [-1.0]), ([np.nan], [1.0]), ([0.0], [np.inf]), ([0.0, 1.0], [1.0])]
)
def test_a_normalizer_that_cannot_be_is_refused(mean: list[float], scale: list[float]) -> None:
    with pytest.raises(InvalidValueError):
        Normalizer(np.array(mean), np.array(scale))


def _sums(data: np.ndarray[Any, np.dtype[np.float64]]) -> ObservationSums:
    return ObservationSums(len(data), data.sum(axis=0), (data * data).sum(axis=0))


def test_fitted_to_observations_features_have_mean_zero_and_spread_one_where_a_constant_can_undo_the_shift() -> None:
    data = np.random.default_rng(0).normal([1.0, -5.0, 0.0, 100.0], [0.1, 3.0, 1.0, 7.0], size=(5000, 4))
    fitted = _architecture("linear+bias").normalized_by(_sums(data)).normalizer
    assert fitted is not None
    assert np.allclose(fitted(data).mean(axis=0), 0, atol=1e-9)
    assert np.allclose(fitted(data).std(axis=0), 1, atol=1e-9)
    without_constant = _architecture("linear").normalized_by(_sums(data)).normalizer
    assert without_constant is not None
    assert (without_constant.mean == 0).all()
    assert np.allclose(np.sqrt((without_constant(data) ** 2).mean(axis=0)), 1)


def test_choices_and_constants_are_left_as_they_are() -> None:
    space = spaces.Tuple((spaces.Discrete(2), spaces.Box(-9, 9, (2,))))
    rng = np.random.default_rng(0)
    data = np.column_stack([*np.eye(2)[rng.integers(2, size=100)].T, rng.normal(size=100), np.full(100, 3.0)])
    fitted = _architecture("linear+bias", space).normalized_by(_sums(data)).normalizer
    assert fitted is not None
    assert fitted.mean[[0, 1, 3]].tolist() == [0, 0, 0]
    assert fitted.scale[[0, 1, 3]].tolist() == [1, 1, 1]
    assert fitted.scale[2] != 1


@pytest.mark.parametrize("name", ["linear", "linear+bias", "quadratic", "mlp:8", "mlp:16,16", "mlp:1"])
def test_these_are_names_of_policies(name: str) -> None:
    check_policy_name(name)


@pytest.mark.parametrize("name", ["", "mlp", "mlp:", "mlp:0", "mlp:8,", "mlp:-1", "mlp:8,8,8,8,8", "liner", "Linear"])
def test_these_are_not(name: str) -> None:
    with pytest.raises(UnknownNameError, match="There is no policy named"):
        check_policy_name(name)


def test_a_typical_scale_is_not_set_by_rare_tumbles_nor_by_flags() -> None:
    rng = np.random.default_rng(0)
    calm = rng.normal([5.0, 0.0, 0.0, 0.0], [2.0, 1.0, 1.0, 1.0], (1000, 4))
    calm[:60, 1] *= 100.0  # a tumble
    calm[:, 2] = calm[:, 2] > 1.5  # a flag
    calm[:, 3] = np.where(np.arange(1000) < 300, calm[:, 3], 0.0)  # mostly at rest
    scale = typical_scale(encode_space(spaces.Box(-9, 9, (4,))), calm)
    assert np.allclose(scale.mean, [5.0, 0.0, 0.0, 0.0], atol=0.3)
    assert np.allclose(scale.scale, [2.0, 1.1, 1.0, 0.7], rtol=0.3)


def test_a_policy_without_a_constant_is_scaled_and_not_shifted() -> None:
    scale = Normalizer(np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.0, 2.0, 2.0, 2.0]))
    assert _architecture("linear").scaled_by(scale).normalizer == Normalizer(np.zeros(4), scale.scale)
    assert _architecture("mlp:2").scaled_by(scale).normalizer == scale


@pytest.mark.parametrize("name", ["linear", "linear+bias"])
def test_without_its_normalizer_a_linear_policy_has_the_same_outputs(name: str) -> None:
    rng = np.random.default_rng(0)
    scale = Normalizer(rng.normal(size=4), rng.uniform(0.1, 9.0, 4))
    architecture = _architecture(name, action=spaces.Discrete(3)).scaled_by(scale)
    parameters = rng.normal(size=architecture.parameter_count)
    features = rng.normal(size=(50, 4))
    plain, plain_parameters = architecture.unscaled(parameters)
    assert plain.normalizer is None
    assert np.allclose(plain.outputs(plain_parameters, features), architecture.outputs(parameters, features))


def test_what_cannot_do_without_its_normalizer_keeps_it() -> None:
    architecture = _architecture("quadratic").scaled_by(Normalizer(np.ones(4), np.ones(4)))
    parameters = np.ones(architecture.parameter_count)
    assert architecture.unscaled(parameters) == (architecture, parameters)
