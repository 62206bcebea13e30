"""The engine that any environment works with plays exactly what plain Gymnasium plays, and names every fault."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

from poise.errors import InvalidValueError
from poise.policies.architecture import Architecture
from poise.rollouts.environments import DEFAULT_STEP_LIMIT, inspect, make, remembers
from poise.rollouts.in_process import InProcess
from poise.types import EnvironmentSpec, EpisodeBatch


def _setup(env: str, policy: str = "linear") -> tuple[EnvironmentSpec, Architecture]:
    info = inspect(EnvironmentSpec(env))
    return info.spec, Architecture(policy, info.observation, info.action)


@pytest.mark.parametrize(
    ("env", "it_does"), [("BipedalWalker-v3", True), ("CarRacing-v3", True), ("CartPole-v1", False)]
)
def test_an_environment_that_keeps_its_world_is_known(env: str, it_does: bool) -> None:
    assert remembers(make(EnvironmentSpec(env))) is it_does


@pytest.mark.parametrize("env", ["BipedalWalker-v3", "LunarLander-v3", "Ant-v5"])
def test_an_episode_does_not_depend_on_those_before_it(env: str) -> None:
    """Gymnasium's BipedalWalker keeps its world when it is reset, and what was in it orders the next contacts."""
    spec, architecture = _setup(env, "linear+bias")
    rng = np.random.default_rng(0)
    parameters = rng.normal(size=(1, architecture.parameter_count))
    seeds = np.arange(12, dtype=np.uint32)
    with InProcess(spec) as engine:
        batch = engine.run(architecture, parameters, seeds)
    for index, seed in enumerate(seeds):
        with InProcess(spec) as engine:
            alone = engine.run(architecture, parameters, np.array([seed], dtype=np.uint32))
        assert (alone.returns[0, 0], alone.lengths[0, 0]) == (batch.returns[0, index], batch.lengths[0, index])


@pytest.mark.parametrize("env", ["CartPole-v1", "Pendulum-v1", "FrozenLake-v1", "Blackjack-v1"])
def test_it_plays_what_a_plain_loop_plays(env: str) -> None:
    spec, architecture = _setup(env, "linear+bias")
    rng = np.random.default_rng(0)
    parameters, seeds = rng.normal(size=(3, architecture.parameter_count)), rng.integers(2**32, size=4, dtype=np.uint32)
    with InProcess(spec) as engine:
        batch = engine.run(architecture, parameters, seeds)
    plain = gymnasium.make(env)
    for i, j in np.ndindex(3, 4):
        observation, _ = plain.reset(seed=int(seeds[j]))
        total, length, terminated, truncated = 0.0, 0, False, False
        while not (terminated or truncated):
            action = architecture.act(parameters[i], observation)
            observation, reward, terminated, truncated, _ = plain.step(action)
            total, length = total + float(reward), length + 1
        found = [float(getattr(batch, name)[i, j]) for name in ("returns", "lengths", "terminated", "truncated")]
        assert found == [total, length, terminated, truncated]
    plain.close()


def test_candidates_may_have_episodes_of_their_own() -> None:
    spec, architecture = _setup("CartPole-v1")
    parameters = np.ones((2, 4))
    seeds = np.array([[1, 2], [3, 4]], dtype=np.uint32)
    with InProcess(spec) as engine:
        own = engine.run(architecture, parameters, seeds)
        assert (own.returns[0] == engine.run(architecture, parameters[:1], seeds[0]).returns[0]).all()
        assert (own.returns[1] == engine.run(architecture, parameters[:1], seeds[1]).returns[0]).all()


def test_observations_are_summed_when_asked_for() -> None:
    spec, architecture = _setup("CartPole-v1")
    with InProcess(spec) as engine:
        batch = engine.run(architecture, np.ones((1, 4)), np.array([5], dtype=np.uint32), sum_observations=True)
    plain = gymnasium.make("CartPole-v1")
    observation, _ = plain.reset(seed=5)
    seen, over = [], False
    while not over:
        seen.append(np.asarray(observation, dtype=np.float64))
        observation, _, terminated, truncated, _ = plain.step(1 if sum(observation.tolist()) > 0 else 0)
        over = terminated or truncated
    plain.close()
    assert batch.observation_sums is not None
    assert batch.observation_sums.count == len(seen) == batch.lengths.sum()
    assert (batch.observation_sums.total == np.add.accumulate(seen, axis=0)[-1]).all()
    assert (batch.observation_sums.squares == np.add.accumulate(np.square(seen), axis=0)[-1]).all()


class Faulty(gymnasium.Env[Any, Any]):
    """Does wrong in one chosen way at its third step, or goes on for ever."""

    observation_space = spaces.Box(-np.inf, np.inf, (2,), np.float64)
    action_space = spaces.Discrete(2)

    made = 0

    def __init__(self, fault: str) -> None:
        Faulty.made += 1
        self.fault, self.steps, self.shared = fault, 0, np.zeros(2)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        if self.fault == "reset raises":
            raise RuntimeError("no start today")
        self.steps = 0
        return self._observation(), {}

    def _observation(self) -> Any:
        if self.fault == "observation is NaN" and self.steps == 3:
            return np.array([0.0, np.nan])
        if self.fault == "observation has another size" and self.steps == 3:
            return np.zeros(3)
        self.shared[:] = self.steps
        return self.shared

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.steps += 1
        if self.fault == "step raises" and self.steps == 3:
            raise ZeroDivisionError("a wheel came off")
        if self.fault == "step exits" and self.steps == 3:
            raise SystemExit(3)
        if self.fault == "step tells an address" and self.steps == 3:
            raise ValueError("<object at 0x7f3a91c2d0>")
        reward = float("nan") if self.fault == "reward is NaN" and self.steps == 3 else 1.0
        return self._observation(), reward, self.fault != "never ends" and self.steps >= 5, False, {}


@pytest.fixture(autouse=True)
def faulty() -> Iterator[None]:
    gymnasium.register("Faulty-v0", entry_point=lambda **arguments: Faulty(**arguments))
    yield
    del gymnasium.registry["Faulty-v0"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("reset raises", "raised RuntimeError: no start today"),
        ("step raises", "seed 7, step 3: raised ZeroDivisionError: a wheel came off"),
        ("step exits", "seed 7, step 3: raised SystemExit: 3"),
        ("step tells an address", "raised ValueError: <object at 0x…>"),
        ("reward is NaN", "expected finite rewards, got a return of nan"),
        ("observation is NaN", "seed 7, step 4: expected a finite observation"),
        ("observation has another size", "expected an observation of 2 features, got one of 3"),
    ],
)
@pytest.mark.parametrize("policy", ["linear", "quadratic"])
def test_a_fault_of_the_environment_spoils_its_episode_is_named_and_the_engine_goes_on(
    fault: str, words: str, policy: str
) -> None:
    info = inspect(EnvironmentSpec("Faulty-v0", {"fault": "none"}))
    architecture = Architecture(policy, info.observation, info.action)
    parameters, seeds = np.ones((1, architecture.parameter_count)), np.array([7], dtype=np.uint32)
    with InProcess(EnvironmentSpec("Faulty-v0", {"fault": fault})) as engine:
        made = Faulty.made
        for _ in range(2):
            batch = engine.run(architecture, parameters, seeds, sum_observations=True)
            assert batch.failed.tolist() == [[True]]
            assert words in str(batch.first_failure)
            assert batch.observation_sums is not None
            assert batch.observation_sums.count == 0
        if "reward" not in fault:
            assert Faulty.made == made + 1, "an environment that raised may be in any state: another takes its place"
    with InProcess(info.spec) as engine:
        assert engine.run(architecture, parameters, seeds).returns.tolist() == [[5.0]]


def test_an_environment_without_a_time_limit_gets_one() -> None:
    info = inspect(EnvironmentSpec("Faulty-v0", {"fault": "never ends"}))
    assert info.time_limit_is_ours
    architecture = Architecture("linear", info.observation, info.action)
    for spec in (info.spec, EnvironmentSpec("Faulty-v0", {"fault": "never ends"})):
        with InProcess(spec) as engine:
            batch = engine.run(architecture, np.ones((1, 2)), np.array([0], dtype=np.uint32))
        _require_cut_off(batch)


def _require_cut_off(batch: EpisodeBatch) -> None:
    assert batch.lengths.tolist() == [[DEFAULT_STEP_LIMIT]]
    assert batch.truncated.all()
    assert not batch.terminated.any()


@pytest.mark.parametrize(
    ("parameters", "seeds", "words"),
    [
        (np.ones(4), np.array([1], dtype=np.uint32), "expected parameters of shape"),
        (np.ones((1, 3)), np.array([1], dtype=np.uint32), "expected parameters of shape"),
        (np.full((1, 4), np.nan), np.array([1], dtype=np.uint32), "finite parameters"),
        (np.ones((1, 4)), np.array([1.5]), "seeds of type uint32, got float64"),
        (np.ones((1, 4)), np.array([-1]), "seeds of type uint32, got int64"),
        (np.ones((2, 4)), np.ones((3, 1), dtype=np.uint32), "expected seeds of shape"),
        (np.ones((1, 4)), np.array([], dtype=np.uint32), "at least one candidate and one episode"),
        (np.ones((0, 4)), np.array([1], dtype=np.uint32), "at least one candidate and one episode"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused_before_anything_runs(parameters: Any, seeds: Any, words: str) -> None:
    spec, architecture = _setup("CartPole-v1")
    with InProcess(spec) as engine, pytest.raises(InvalidValueError, match=words):
        engine.run(architecture, parameters, seeds)
