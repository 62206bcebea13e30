"""Any basic space becomes features, any outputs become an action, and what is not supported is said in words."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st

from poise.errors import InvalidValueError, UnsupportedSpaceError
from poise.policies.spaces import ActionDecoding, ObservationEncoding, decode_space, encode_space, feature_names

OBSERVATIONS: list[tuple[spaces.Space[Any], Any, list[float]]] = [
    (spaces.Box(-1, 1, (2, 2)), np.array([[1, 2], [3, 4]], dtype=np.float32), [1, 2, 3, 4]),
    (spaces.Discrete(3), 1, [0, 1, 0]),
    (spaces.Discrete(3, start=-1), 1, [0, 0, 1]),
    (spaces.MultiDiscrete([2, 3]), np.array([1, 0]), [0, 1, 1, 0, 0]),
    (spaces.MultiDiscrete([2, 2], start=[5, 7]), np.array([6, 7]), [0, 1, 1, 0]),
    (spaces.MultiBinary(3), np.array([1, 0, 1], dtype=np.int8), [1, 0, 1]),
    (spaces.Tuple((spaces.Discrete(2), spaces.Box(0, 9, (1,)))), (1, np.array([4.0])), [0, 1, 4]),
    (
        spaces.Dict({"b": spaces.Discrete(2), "a": spaces.Dict({"x": spaces.Box(0, 9, (2,))})}),
        {"a": {"x": np.array([4.0, 5.0])}, "b": 0},
        [4, 5, 1, 0],
    ),
]


@pytest.mark.parametrize(("space", "observation", "features"), OBSERVATIONS, ids=lambda v: str(v)[:40])
def test_an_observation_becomes_these_features(space: Any, observation: Any, features: list[float]) -> None:
    encoding = encode_space(space)
    if isinstance(space, spaces.Dict):  # the order of the keys is Gymnasium's
        assert sorted(encoding.encode(observation).tolist()) == sorted(features)
    else:
        assert encoding.encode(observation).tolist() == features
    assert encoding.size == len(features) == len(feature_names("Any-v0", encoding))
    assert ObservationEncoding.from_json(json.loads(json.dumps(encoding.to_json()))) == encoding


@pytest.mark.parametrize(("space", "_", "__"), OBSERVATIONS, ids=lambda v: str(v)[:40])
def test_samples_of_the_space_lie_within_the_bounds(space: spaces.Space[Any], _: Any, __: Any) -> None:
    encoding = encode_space(space)
    low, high = encoding.bounds()
    for _number in range(20):
        features = encoding.encode(space.sample())
        assert (features >= low).all()
        assert (features <= high).all()


ACTIONS: list[tuple[spaces.Space[Any], list[float], Any]] = [
    (spaces.Discrete(2), [0.1], 1),
    (spaces.Discrete(2), [0.0], 0),
    (spaces.Discrete(2, start=5), [-3.0], 5),
    (spaces.Discrete(3), [1.0, 3.0, 3.0], 1),
    (spaces.Discrete(3, start=1), [1.0, 0.0, 0.0], 1),
    (spaces.Box(-2, 2, (1,)), [0.5], [1.0]),
    (spaces.Box(-2, 2, (1,)), [7.0], [2.0]),
    (spaces.Box(0, 10, (2,)), [-1.0, 0.0], [0.0, 5.0]),
    (spaces.Box(-np.inf, np.inf, (1,)), [7.0], [7.0]),
    (spaces.Box(0, np.inf, (2,)), [-7.0, 7.0], [0.0, 7.0]),
    (spaces.MultiBinary(3), [1.0, 0.0, -1.0], [1, 0, 0]),
    (spaces.MultiDiscrete([2, 3]), [1.0, 0.0, 5.0, 2.0], [1, 1]),
    (spaces.MultiDiscrete([3, 2], start=[10, 20]), [9.0, 0.0, 1.0, -1.0], [10, 20]),
]


@pytest.mark.parametrize(("space", "outputs", "action"), ACTIONS, ids=lambda v: str(v)[:40])
def test_outputs_become_this_action(space: spaces.Space[Any], outputs: list[float], action: Any) -> None:
    decoding = decode_space(space)
    assert decoding.outputs == len(outputs)
    found = decoding.decode(np.array(outputs))
    assert np.array_equal(found, action)
    assert space.contains(found)
    assert ActionDecoding.from_json(json.loads(json.dumps(decoding.to_json()))) == decoding


@pytest.mark.parametrize(
    ("space", "words"),
    [
        (spaces.Box(0, 255, (96, 96, 3), np.uint8), "image observations are not supported"),
        (spaces.Text(5), "observations of Text are not supported; supported are Box"),
        (spaces.Sequence(spaces.Discrete(2)), "leave the others out with gymnasium.wrappers.FilterObservation"),
        (spaces.Tuple((spaces.Discrete(2), spaces.Text(5))), "Text"),
        (spaces.Discrete(10_001), "1 to 10,000 features"),
    ],
)
def test_an_observation_space_without_a_policy_is_said_in_words(space: spaces.Space[Any], words: str) -> None:
    with pytest.raises(UnsupportedSpaceError, match=words):
        encode_space(space)


@pytest.mark.parametrize(
    "space", [spaces.Text(5), spaces.Box(0, 9, (2,), np.int64), spaces.Dict({"a": spaces.Discrete(2)})]
)
def test_an_action_space_without_a_policy_is_said_in_words(space: spaces.Space[Any]) -> None:
    with pytest.raises(UnsupportedSpaceError, match="supported are Discrete, Box of floats"):
        decode_space(space)


def test_a_small_grid_of_bytes_is_taken_number_by_number() -> None:
    encoding = encode_space(spaces.Box(0, 255, (7, 7, 3), np.uint8))
    grid = np.arange(147, dtype=np.uint8).reshape(7, 7, 3)
    assert encoding.size == 147
    assert np.array_equal(encoding.encode(grid), np.arange(147.0))


def test_an_observation_that_does_not_fit_or_is_not_finite_is_refused() -> None:
    encoding = encode_space(spaces.Box(-1, 1, (2,)))
    unfit: tuple[Any, ...] = ([1.0], [1.0, 2.0, 3.0], [1.0, float("nan")], [1.0, float("inf")], None, "ab", {})
    for observation in unfit:
        with pytest.raises(InvalidValueError, match="expected"):
            encoding.encode(observation)


@pytest.mark.parametrize(
    ("space", "observation", "words"),
    [
        (spaces.Discrete(3), 3, "expected an integer from 0 to 2, got 3"),
        (spaces.Discrete(3), 1.7, "expected an integer from 0 to 2, got 1.7"),
        (spaces.Discrete(3, start=-1), -2, "expected an integer from -1 to 1, got -2"),
        (spaces.Discrete(3), [1, 2], "expected 1 numbers for discrete, got 2"),
        (spaces.MultiDiscrete([2, 3]), [1, 0, 7], "expected 2 numbers for multi_discrete, got 3"),
        (spaces.Dict({"a": spaces.Discrete(2)}), {"b": 1}, "expected an observation of 2 features"),
        (spaces.Tuple((spaces.Discrete(2), spaces.Box(0, 1, (1,)))), (1,), "expected an observation of 3 features"),
    ],
)
def test_a_choice_that_the_space_does_not_have_is_refused(
    space: spaces.Space[Any], observation: Any, words: str
) -> None:
    with pytest.raises(InvalidValueError, match=words):
        encode_space(space).encode(observation)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=2), st.sampled_from(["float64", "float32", "float16"]))
def test_a_clipped_action_never_leaves_its_box_by_rounding(ends: list[float], dtype: str) -> None:
    low, high = (np.array([end]).clip(-6e4, 6e4).astype(dtype) for end in sorted(ends))
    space = spaces.Box(low, high, dtype=np.dtype(dtype).type)
    decoding = decode_space(space)
    for output in (-9.0, -1.0, -0.999, 0.3, 1.0, np.inf, np.nan):
        assert space.contains(decoding.decode(np.array([output])))


def test_an_action_without_bounds_stays_finite_in_its_own_type() -> None:
    decoding = decode_space(spaces.Box(-np.inf, np.inf, (3,), np.float32))
    assert np.isfinite(decoding.decode(np.array([1e300, -np.inf, np.nan]))).all()


def test_float32s_largest_number_counts_as_no_bound() -> None:
    largest = float(np.finfo(np.float32).max)
    low, high = encode_space(spaces.Box(-largest, largest, (1,))).bounds()
    assert (low.item(), high.item()) == (-np.inf, np.inf)
