"""A policy found inside a learnt world does for real what was expected of it."""

from __future__ import annotations

import numpy as np
import pytest

from poise import imagination
from poise.imagination import imagine_policy
from poise.models import playing
from poise.models.ending import quadratic_terms
from poise.models.transitions import Row, Transitions
from poise.models.world import World
from poise.policies.architecture import Architecture
from poise.rollouts.controls import Controls
from poise.rollouts.environments import EnvironmentInfo, inspect
from poise.rollouts.stepping import SteppedEnvironment
from poise.testing.probes import PROBES, register_probes
from poise.types import FloatArray

register_probes()
STEERING = next(probe.spec for probe in PROBES if "Steering" in probe.spec.id)


def _lived(info: EnvironmentInfo, episodes: int) -> tuple[Transitions, FloatArray]:
    rng, controls, rows, starts = np.random.default_rng(0), Controls(info.action), list[Row](), []
    with SteppedEnvironment(info) as world:
        for seed in range(episodes):
            features, over = world.reset(seed), False
            starts.append(features)
            while not over:
                outputs = rng.uniform(-1, 1, info.action.outputs)
                step = world.step(outputs)
                rows.append((features, controls(outputs), step.features, step.reward, step.terminated))
                features, over = step.features, step.terminated or step.truncated
    return Transitions.none(info.observation.size, controls.size).plus(rows), np.stack(starts)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imagination, "FIRST_GENERATIONS", 6)
    monkeypatch.setattr(imagination, "LAST_GENERATIONS", 12)


def test_what_it_expects_of_a_policy_is_what_the_policy_does() -> None:
    info = inspect(STEERING)
    lived, starts = _lived(info, 12)
    idea = imagine_policy(lived, starts, None, info, None, np.random.default_rng(2))
    assert not idea.seeking
    returns = []
    with SteppedEnvironment(info) as world:
        for seed in range(100, 120):
            features, over, total = world.reset(seed), False, 0.0
            while not over:
                step = world.step(idea.candidate.architecture.outputs(idea.candidate.parameters, features))
                features, over, total = step.features, step.terminated or step.truncated, total + step.reward
            returns.append(total)
    assert np.mean(returns) > -2.5, "whoever does nothing gets -5, and the best there is 0"
    assert abs(np.mean(returns) - idea.predicted) < 4.0


def test_equal_generators_give_equal_policies() -> None:
    info = inspect(STEERING)
    lived, starts = _lived(info, 6)
    one, other = (imagine_policy(lived, starts, None, info, None, np.random.default_rng(5)) for _ in range(2))
    assert (one.candidate.parameters == other.candidate.parameters).all()
    assert one.predicted == other.predicted


@pytest.mark.parametrize("name", ["quadratic", "linear+bias"])
def test_candidates_do_in_the_learnt_world_what_the_policy_would_do(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imagination, "QUADRATIC_FEATURES", 8 if name == "quadratic" else 0)
    info = inspect(STEERING)
    lived, starts = _lived(info, 6)
    idea = imagine_policy(lived, starts, None, info, None, np.random.default_rng(1))
    assert idea.candidate.architecture.name == name
    world = World(lived, *info.observation.bounds(), np.random.default_rng(1))
    architecture: Architecture = idea.candidate.architecture
    rehearsal = imagination._Rehearsal(world, architecture, 5)
    parameters = np.random.default_rng(3).normal(size=(4, architecture.parameter_count))
    scaled = world.scaled(starts)
    terms = quadratic_terms(scaled) if name == "quadratic" else np.column_stack([scaled, np.ones(len(scaled))])
    outputs = terms[np.newaxis] @ rehearsal._weights(parameters).swapaxes(1, 2)
    expected = [[architecture.outputs(vector, start) for start in starts] for vector in parameters]
    assert np.allclose(outputs, expected, atol=1e-4)


def test_it_can_be_interrupted() -> None:
    info = inspect(STEERING)
    lived, starts = _lived(info, 3)
    with pytest.raises(KeyboardInterrupt):
        imagine_policy(lived, starts, None, info, None, np.random.default_rng(2), lambda: True)


@pytest.mark.parametrize("compiled", [True, False])
def test_whoever_waits_for_the_compiler_is_told(
    compiled: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(playing, "is_compiled", lambda: compiled)
    info = inspect(STEERING)
    imagine_policy(*_lived(info, 8), None, info, None, np.random.default_rng(1))
    assert ("Compiling what plays in a learnt world (once on this machine)" in capsys.readouterr().err) != compiled
