"""An environment may be given as an object or as a function, with its wrappers, and is played as it was given."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.wrappers import NormalizeObservation, TimeLimit, TransformReward

from poise.errors import EnvironmentFailureError, InvalidValueError
from poise.policies.architecture import Architecture
from poise.rollouts.delivery import NotSendableError, pack
from poise.rollouts.environments import EnvironmentLike, inspect, make, specify
from poise.rollouts.in_process import InProcess
from poise.rollouts.pool import Pool
from poise.testing.troubles import STEPS, Trouble
from poise.types import EnvironmentSpec

SEEDS = np.arange(6, dtype=np.uint32)


def _doubled() -> gymnasium.Env[Any, Any]:
    return TransformReward(Trouble(), lambda reward: 2 * float(reward))


class Unknown(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Gymnasium does not know how to make it again."""


def _returns(spec: EnvironmentSpec) -> list[float]:
    info = inspect(spec)
    architecture = Architecture("linear", info.observation, info.action)
    with InProcess(info.spec) as engine:
        batch = engine.run(architecture, np.ones((1, architecture.parameter_count)), SEEDS)
    return [float(value) for value in batch.returns[0]]


def test_an_object_that_gymnasium_can_name_is_named() -> None:
    arguments = {"sutton_barto_reward": True}
    with_picture = gymnasium.make("CartPole-v1", render_mode="rgb_array", **arguments)
    assert specify(with_picture) == EnvironmentSpec("CartPole-v1", arguments)
    assert specify(with_picture).factory is None
    with_picture.close()


def test_a_time_limit_of_its_own_is_kept() -> None:
    spec = specify(gymnasium.make("CartPole-v1", max_episode_steps=7))
    assert inspect(spec).max_episode_steps == 7
    assert max(_returns(spec)) == 7
    assert inspect(specify(lambda: TimeLimit(Trouble(), 3))).max_episode_steps == 3


def test_wrappers_are_made_again_and_named() -> None:
    plain = gymnasium.make("poise.testing.troubles:Trouble-v0")
    spec = specify(TransformReward(TransformReward(plain, lambda r: float(r) + 1), lambda r: 2 * float(r)))
    assert spec.id == "Trouble-v0 wrapped in TransformReward, TransformReward"
    assert _returns(spec) == pytest.approx([2 * (value + STEPS) for value in _returns(specify(plain))])
    assert make(spec) is not make(spec)


@pytest.mark.parametrize(
    ("env", "name"),
    [
        (_doubled, "custom: _doubled"),
        (Trouble, "custom: Trouble"),
        (lambda: Trouble(), "custom: lambda"),
        (Trouble(), "custom: Trouble"),
        (Unknown(gymnasium.make("CartPole-v1", disable_env_checker=True)), "CartPole-v1 wrapped in Unknown"),
    ],
)
def test_what_has_no_name_gets_one_that_is_none_of_gymnasium_s(env: EnvironmentLike, name: str) -> None:
    spec = specify(env)
    assert spec.id == name
    with pytest.raises(InvalidValueError, match=r"was given from Python.*poise\.evaluate\(policy, env=\.\.\.\)"):
        make(EnvironmentSpec(spec.id))


def test_a_function_is_called_with_its_arguments_and_for_every_worker() -> None:
    spec = specify(lambda step_seconds: _doubled() if step_seconds == 0 else Trouble(), {"step_seconds": 0})
    info = inspect(spec)
    architecture = Architecture("linear", info.observation, info.action)
    with Pool(info.spec, 2, isolate=True) as engine:
        played = engine.run(architecture, np.ones((1, 3)), SEEDS)
    assert played.returns[0].tolist() == _returns(spec)
    assert _returns(spec) == pytest.approx([2 * value for value in _returns(specify(Trouble))])


def test_an_object_that_cannot_be_made_again_is_played_itself_and_left_open() -> None:
    class Closing(Trouble):
        closed = 0

        def close(self) -> None:
            self.closed += 1

    given = Closing()
    spec = specify(given)
    assert _returns(spec) == _returns(specify(Trouble))
    assert make(spec).unwrapped is given
    assert given.closed == 0
    with pytest.raises(NotSendableError, match="give a function that makes the environment"):
        pack(spec)


@pytest.mark.parametrize("env", [3, None, ["CartPole-v1"]])
def test_what_is_no_environment_is_refused(env: Any) -> None:
    with pytest.raises(InvalidValueError, match=rf"or a function that makes one; got {type(env).__name__}"):
        specify(env)


def test_a_function_that_makes_something_else_is_named() -> None:
    with pytest.raises(
        EnvironmentFailureError, match=r"custom: lambda: expected a function that makes a gymnasium\.Env"
    ):
        inspect(specify(lambda: 3))  # type: ignore[arg-type,return-value]


def test_arguments_are_for_functions_only() -> None:
    with pytest.raises(InvalidValueError, match="made already, got kind"):
        specify(Trouble(), {"kind": "none"})
    with pytest.raises(InvalidValueError, match="does not take these arguments"):
        inspect(specify(Trouble, {"knd": "none"}))


def test_wrappers_that_remember_earlier_episodes_are_refused() -> None:
    for env in (NormalizeObservation(gymnasium.make("CartPole-v1")), lambda: NormalizeObservation(Trouble())):
        with pytest.raises(InvalidValueError, match=r"NormalizeObservation goes on .*normalize='running'"):
            inspect(specify(env))

    def frozen() -> gymnasium.Env[Any, Any]:
        environment = NormalizeObservation(Trouble())
        environment.update_running_mean = False
        return environment

    assert len(_returns(specify(frozen))) == len(SEEDS)
