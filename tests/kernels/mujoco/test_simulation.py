"""Compiled steps are Gymnasium's, to the last bit: what is seen, done and earned, and how an episode ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
import pytest

from poise.kernels.base import KernelUnavailableError
from poise.kernels.mujoco.catalog import mechanisms
from poise.kernels.mujoco.simulation import PAUSE_STEPS, Simulation
from poise.policies.architecture import Architecture, Normalizer
from poise.policies.spaces import decode_space, encode_space
from poise.types import FloatArray, IntArray

pytest.importorskip("mujoco")

POLICIES = ("linear", "linear+bias", "quadratic", "mlp:16", "mlp:5,4")
SEEDS = 50
WHOLE = 200 if os.environ.get("POISE_PROOF") == "whole" else 20
"""Whole episodes, of up to a thousand steps each."""

SHORT = 30
"""Steps of an episode in the fast suite."""

QUICK = ("HalfCheetah-v5", "Hopper-v5", "InvertedDoublePendulum-v5", "Reacher-v5")
"""With an empty cache each environment takes some seconds to compile."""

ENVIRONMENTS = [
    pytest.param(name, marks=() if name in QUICK else pytest.mark.slow, id=name.partition("-")[0])
    for name in sorted(mechanisms())
]


class Both:
    """An environment, and its simulation."""

    def __init__(self, identifier: str, limit: int | None = None) -> None:
        arguments: dict[str, Any] = {} if limit is None else {"max_episode_steps": limit}
        self.environment = gymnasium.make(identifier, disable_env_checker=True, **arguments)
        assert self.environment.spec is not None
        self.limit = self.environment.spec.max_episode_steps
        assert self.limit is not None
        self.steps: IntArray = np.zeros(1, dtype=np.int64)
        self.mechanism = mechanisms()[identifier]
        self.own: Any = self.environment.unwrapped
        self.simulation = Simulation(
            self.mechanism, self.own, self.limit, self.steps, compile_now=True, announce=lambda line: None
        )

    def architecture(self, policy: str, normalized: bool = False) -> Architecture:
        spaces = self.environment.observation_space, self.environment.action_space
        made = Architecture(policy, encode_space(spaces[0]), decode_space(spaces[1]))
        if not normalized:
            return made
        chance, size = np.random.default_rng(5), made.observation.size
        return made.with_normalizer(Normalizer(chance.normal(size=size) * 0.1, chance.uniform(0.3, 2.0, size)))

    def expected(self, made: Architecture, parameters: FloatArray, seed: int) -> tuple[FloatArray, Any]:
        """What plain Gymnasium plays: a row of features, action and reward for each step, and how it ended."""
        observation, _ = self.environment.reset(seed=seed)
        rows, total, terminated, truncated = [], 0.0, False, False
        while not (terminated or truncated):
            action = made.act(parameters, observation)
            seen = np.array(observation, dtype=np.float64)
            observation, reward, terminated, truncated, _ = self.environment.step(action)
            rows.append(np.concatenate([seen, action, [reward]]))
            total += float(reward)
        return np.array(rows), (total, len(rows), bool(terminated), truncated)

    def require_equal(self, made: Architecture, parameters: FloatArray, seed: int) -> int:
        """Plays an episode both ways; its steps."""
        rows, ended = self.expected(made, parameters, seed)
        self.environment.reset(seed=seed)
        size = made.observation.size
        trace, sums = np.full_like(rows, np.nan), np.zeros(2 * size)
        assert self.simulation.play(made, parameters, sums=sums, trace=trace) == ended
        assert trace.tobytes() == rows.tobytes()
        seen = rows[:, :size]
        assert sums.tolist() == np.add.accumulate(np.hstack([seen, seen * seen]), axis=0)[-1].tolist()
        return len(rows)


def _policies(both: Both, count: int) -> Iterator[tuple[int, Architecture, FloatArray]]:
    """Seeds, and for each another policy: of every kind, gentle ones and wild ones."""
    kinds = [both.architecture(name, normalized) for name in POLICIES for normalized in (False, True)]
    for seed in range(count):
        made, chance = kinds[seed % len(kinds)], np.random.default_rng([seed, 11])
        yield seed, made, chance.normal(scale=(0.05, 0.3, 2.0)[seed % 3], size=made.parameter_count)


@pytest.mark.parametrize("identifier", ENVIRONMENTS)
def test_the_beginnings_of_episodes_are_gymnasiums(identifier: str) -> None:
    both = Both(identifier, SHORT)
    lengths = [both.require_equal(made, parameters, seed) for seed, made, parameters in _policies(both, SEEDS)]
    assert int(both.steps[0]) == sum(lengths), "whoever watches sees every step"
    both.environment.close()


@pytest.mark.slow
@pytest.mark.parametrize("identifier", sorted(mechanisms()))
def test_whole_episodes_are_gymnasiums(identifier: str) -> None:
    both = Both(identifier)
    lengths = [both.require_equal(made, parameters, seed) for seed, made, parameters in _policies(both, WHOLE)]
    assert max(lengths) > min(lengths) or min(lengths) == both.limit
    both.environment.close()


@pytest.mark.slow
def test_an_episode_longer_than_a_pause_goes_on() -> None:
    both = Both("InvertedPendulum-v5", 3 * PAUSE_STEPS + 7)
    made = both.architecture("linear")
    assert both.require_equal(made, np.array([1.0, 12.0, 1.5, 2.5]), 3) == 3 * PAUSE_STEPS + 7


def test_a_horizon_cuts_an_episode_off() -> None:
    both = Both("Hopper-v5")
    made = both.architecture("linear")
    both.environment.reset(seed=4)
    ended = both.simulation.play(made, np.zeros(made.parameter_count), 7)
    assert ended is not None
    assert ended[1:] == (7, False, True)
    both.environment.reset(seed=4)
    whole = both.simulation.play(made, np.zeros(made.parameter_count), 10_000)
    assert whole is not None
    assert whole.terminated
    assert not whole.truncated
    both.environment.reset(seed=4)
    assert both.simulation.play(made, np.zeros(made.parameter_count), whole.length) == (*whole[:3], True)


def test_outputs_that_overflow_act_as_in_python() -> None:
    both = Both("HalfCheetah-v5", 20)
    made = both.architecture("quadratic")
    with np.errstate(all="ignore"):
        for seed in range(4):
            chance = np.random.default_rng(seed)
            parameters = chance.choice([-1e308, -1.0, 1.0, 1e308], size=made.parameter_count)
            assert both.require_equal(made, parameters, seed) == 20


def test_an_episode_that_is_not_finite_is_left_to_gymnasium() -> None:
    both = Both("HalfCheetah-v5")
    made = both.architecture("linear")
    both.environment.reset(seed=0)
    both.own.data.qvel[3] = np.nan
    sums = np.zeros(34)
    assert both.simulation.play(made, np.zeros(made.parameter_count), sums=sums) is None
    assert not sums.any(), "what is played again is not summed twice"
    assert both.steps[0] == 0


def test_policies_that_do_not_fit_are_left_to_python() -> None:
    both = Both("HalfCheetah-v5")
    both.environment.reset(seed=0)
    space = both.environment.action_space
    double = Architecture(
        "linear",
        both.architecture("linear").observation,
        decode_space(gymnasium.spaces.Box(-1.0, 1.0, space.shape or (), np.float64)),
    )
    narrow = Architecture(
        "linear", encode_space(gymnasium.spaces.Box(-1.0, 1.0, (16,))), both.architecture("linear").action
    )
    for made in (double, narrow):
        assert both.simulation.play(made, np.zeros(made.parameter_count)) is None
    assert both.steps[0] == 0


def test_functions_run_as_plain_python_too() -> None:
    both = Both("Reacher-v5")
    both.environment.reset(seed=8)
    views, seen = both.mechanism.views(both.own), np.empty(both.mechanism.features)
    before, action = both.mechanism.mark(views), np.array([0.25, -0.5], dtype=np.float32)
    observation, reward, *_ = both.environment.step(action)
    both.mechanism.observe(seen, views)
    assert seen.tolist() == observation.tolist()
    assert both.mechanism.outcome(before, action, views, both.own.dt) == (reward, False)


def test_an_environment_without_the_arrays_is_refused() -> None:
    both = Both("Hopper-v5")
    for other, word in ((object(), "not what was expected"), (_Copied(both.own), "in MuJoCo's memory")):
        with pytest.raises(KernelUnavailableError, match=word):
            Simulation(both.mechanism, other, 10, both.steps, compile_now=True, announce=lambda line: None)


class _Copied:
    """An environment that hands out copies of its state, which no step would change."""

    def __init__(self, own: Any) -> None:
        self.model, self.frame_skip, self.dt = own.model, own.frame_skip, own.dt
        self.data = _CopiedData(own.data)


class _CopiedData:
    def __init__(self, data: Any) -> None:
        self._address, self.ctrl = data._address, data.ctrl
        self.qpos, self.qvel = data.qpos.copy(), data.qvel.copy()


def test_what_is_not_on_disk_is_compiled_only_if_it_may_be(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POISE_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("poise.kernels._program._loaded", {})
    own: Any = gymnasium.make("InvertedPendulum-v5").unwrapped
    mechanism, steps = mechanisms()["InvertedPendulum-v5"], np.zeros(1, dtype=np.int64)
    said: list[str] = []
    with pytest.raises(KernelUnavailableError, match="not compiled yet"):
        Simulation(mechanism, own, 10, steps, compile_now=False, announce=said.append)
    assert said == []
    Simulation(mechanism, own, 10, steps, compile_now=True, announce=said.append)
    assert "InvertedPendulum-v5" in said[0]
    monkeypatch.setattr("poise.kernels._program._loaded", {})
    Simulation(mechanism, own, 10, steps, compile_now=False, announce=said.append)
    assert len(said) == 2
