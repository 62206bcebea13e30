"""Compiled steps take Gymnasium's place only where they are equal, and nobody sees a difference but in time."""

from __future__ import annotations

import itertools
import logging
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

import poise
from poise.kernels.mujoco import _library
from poise.kernels.mujoco.catalog import mechanisms
from poise.kernels.mujoco.simulation import Simulation
from poise.policies.architecture import Architecture
from poise.rollouts import compiled_steps, crew, player
from poise.rollouts.base import Engine
from poise.rollouts.channel import Hello
from poise.rollouts.choice import make_engine
from poise.rollouts.environments import close, inspect, make, specify
from poise.rollouts.in_process import InProcess
from poise.rollouts.player import Player, Work, batch_of
from poise.rollouts.pool import Pool
from poise.testing.kernel_suite import require_equal
from poise.types import EnvironmentSpec, EpisodeBatch

pytest.importorskip("mujoco")

HOPPER = inspect(EnvironmentSpec("Hopper-v5"))
LINEAR = Architecture("linear", HOPPER.observation, HOPPER.action)
PARAMETERS = np.random.default_rng(0).normal(scale=0.2, size=(4, LINEAR.parameter_count))
SEEDS = np.arange(12, dtype=np.uint32)


@pytest.fixture(autouse=True)
def untried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has been tried in this process."""
    monkeypatch.setattr(compiled_steps, "_verdicts", {})


def simulation_of(spec: EnvironmentSpec, *, compile_now: bool = True) -> Simulation | None:
    environment = make(spec)
    try:
        return compiled_steps.compiled_steps(spec, environment, np.zeros(1, dtype=np.int64), compile_now=compile_now)
    finally:
        close(environment)


def played_by_gymnasium(horizon: int | None = None) -> EpisodeBatch:
    """What a player plays to whom nobody has said that it may be quicker."""
    each = np.broadcast_to(SEEDS, (len(PARAMETERS), len(SEEDS)))
    alone = Player(HOPPER.spec)
    episodes = list(alone.play(Work.of(LINEAR, PARAMETERS, each, True, horizon)))
    alone.close()
    return batch_of(episodes, each.shape)


@pytest.mark.parametrize("horizon", [None, 15])
def test_an_engine_with_compiled_steps_plays_gymnasiums_episodes(horizon: int | None) -> None:
    with InProcess(HOPPER.spec) as engine:
        assert engine._player._simulation is not None
        found = engine.run(LINEAR, PARAMETERS, SEEDS, sum_observations=True, horizon=horizon)
    require_equal(found, played_by_gymnasium(horizon))


def test_workers_play_what_one_process_plays() -> None:
    with InProcess(HOPPER.spec) as one, Pool(HOPPER.spec, 2, isolate=True) as several:
        alone = one.run(LINEAR, PARAMETERS, SEEDS, sum_observations=True)
        require_equal(several.run(LINEAR, PARAMETERS, SEEDS, sum_observations=True), alone)


def test_gymnasium_itself_plays_when_it_is_asked_for() -> None:
    for workers in (1, 2):
        with make_engine(HOPPER.spec, LINEAR, workers=workers) as engine:
            assert _is_quick(engine)
        with make_engine(HOPPER.spec, LINEAR, "gymnasium", workers=workers) as engine:
            assert not _is_quick(engine)


def _is_quick(engine: Engine) -> bool:
    assert isinstance(engine, InProcess | Pool)
    assert engine.name == "gymnasium", "the plan and a run's files do not depend on it"
    return engine._player._simulation is not None


def test_workers_are_told_whether_they_may(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[bool] = []

    def telling(*arguments: Any) -> Hello:
        told.append(arguments[-1])
        return Hello(*arguments)

    monkeypatch.setattr(crew, "Hello", telling)
    for allowed in (True, False):
        with Pool(HOPPER.spec, 1, isolate=True, compiled_steps=allowed) as engine:
            engine.run(LINEAR, PARAMETERS[:1], SEEDS[:1])
    assert told == [True, False]


@pytest.mark.slow
@pytest.mark.parametrize("identifier", sorted(mechanisms()))
def test_every_environment_as_it_is_registered_is_found_equal(identifier: str) -> None:
    assert simulation_of(inspect(EnvironmentSpec(identifier)).spec) is not None


def test_an_own_time_limit_is_kept() -> None:
    spec = EnvironmentSpec("HalfCheetah-v5", max_episode_steps=23)
    info = inspect(spec)
    made = Architecture("mlp:3", info.observation, info.action)
    with InProcess(info.spec) as engine:
        assert engine._player._simulation is not None
        batch = engine.run(made, np.zeros((1, made.parameter_count)), SEEDS)
    assert set(batch.lengths[0].tolist()) == {23}
    assert batch.truncated.all()


class Lower(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Earns one less a step."""

    def step(self, action: Any) -> Any:
        """One step."""
        observation, reward, *rest = self.env.step(action)
        return (observation, float(reward) - 1.0, *rest)


def _registered_otherwise(monkeypatch: pytest.MonkeyPatch) -> EnvironmentSpec:
    from gymnasium.envs.mujoco.hopper_v5 import HopperEnv

    class Other(HopperEnv):
        """A hopper of somebody's own under Gymnasium's name."""

    known = gymnasium.spec("Hopper-v5")
    changed = gymnasium.envs.registration.EnvSpec(known.id, entry_point=Other, max_episode_steps=1_000)
    monkeypatch.setitem(gymnasium.registry, "Hopper-v5", changed)
    return EnvironmentSpec("Hopper-v5")


def test_whatever_is_not_as_gymnasium_registers_it_is_gymnasiums_to_play(monkeypatch: pytest.MonkeyPatch) -> None:
    def tried(*arguments: object) -> str:
        raise AssertionError("it must not even be tried")

    monkeypatch.setattr(compiled_steps, "difference", tried)
    others = [
        EnvironmentSpec("Hopper-v5", {"ctrl_cost_weight": 1e-3}),
        EnvironmentSpec("Hopper-v4"),
        EnvironmentSpec("Humanoid-v5"),
        EnvironmentSpec("CartPole-v1"),
        specify(lambda: Lower(gymnasium.make("Hopper-v5"))),
        specify(lambda: gymnasium.make("Hopper-v5")),
        specify(Lower(gymnasium.make("Hopper-v5"))),
        _registered_otherwise(monkeypatch),
    ]
    assert [simulation_of(spec) for spec in others] == [None] * len(others)


def test_other_constants_are_gymnasiums_to_play(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = EnvironmentSpec("Hopper-v5")
    environment = make(spec)
    own: Any = environment.unwrapped
    own._healthy_z_range = (0.8, float("inf"))
    assert compiled_steps.compiled_steps(spec, environment, np.zeros(1, dtype=np.int64), compile_now=True) is None


def test_other_formulas_are_found_out_and_gymnasium_plays(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from gymnasium.envs.mujoco.hopper_v5 import HopperEnv

    theirs = HopperEnv._get_rew

    def dearer(self: HopperEnv, x_velocity: float, action: Any) -> Any:
        reward, info = theirs(self, x_velocity, action)
        return np.nextafter(reward, np.inf), info

    monkeypatch.setattr(HopperEnv, "_get_rew", dearer)
    with InProcess(HOPPER.spec) as engine:
        assert engine._player._simulation is None
        found = engine.run(LINEAR, PARAMETERS, SEEDS, sum_observations=True)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "step 1 of the episode of seed 0 is another one than Gymnasium's" in record.message
    require_equal(found, played_by_gymnasium())


def test_another_end_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from gymnasium.envs.mujoco.hopper_v5 import HopperEnv

    monkeypatch.setattr(HopperEnv, "is_healthy", property(lambda self: True))
    assert simulation_of(EnvironmentSpec("Hopper-v5")) is None


def test_an_environment_that_raises_in_the_trial_is_gymnasiums_to_play(monkeypatch: pytest.MonkeyPatch) -> None:
    from gymnasium.envs.mujoco.hopper_v5 import HopperEnv

    def raising(self: HopperEnv, action: Any) -> Any:
        raise RuntimeError("broken")

    monkeypatch.setattr(HopperEnv, "step", raising)
    assert simulation_of(EnvironmentSpec("Hopper-v5")) is None


def test_it_is_tried_once_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = itertools.count()
    monkeypatch.setattr(compiled_steps, "difference", lambda *arguments: "tried again" if next(calls) else None)
    assert simulation_of(HOPPER.spec) is not None
    assert simulation_of(HOPPER.spec) is not None
    assert next(calls) == 1


def test_workers_leave_to_gymnasium_what_is_not_compiled_and_say_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POISE_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("poise.kernels._program._loaded", {})
    assert simulation_of(HOPPER.spec, compile_now=False) is None
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert "Compil" not in capfd.readouterr().err


def test_a_library_that_is_not_found_leaves_all_to_gymnasium(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(_library, "FILES", ("nothing*",))
    monkeypatch.setattr(_library, "functions", _library.functions.__wrapped__)
    assert simulation_of(HOPPER.spec) is None
    assert "Gymnasium plays all of it" in caplog.text


def test_an_episode_that_compiled_code_gives_up_is_played_from_its_start(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = Player(HOPPER.spec)
    quick.speed_up(compile_now=True)
    simulation = quick._simulation
    assert simulation is not None

    def giving_up(architecture: Architecture, *arguments: Any) -> None:
        simulation.play(architecture, PARAMETERS[0], 3)

    class GivingUp:
        """Plays some steps and says that it could not."""

        play = staticmethod(giving_up)

    quick._simulation = GivingUp()  # type: ignore[assignment]
    each = np.broadcast_to(SEEDS, (len(PARAMETERS), len(SEEDS)))
    episodes = list(quick.play(Work.of(LINEAR, PARAMETERS, each, True, None)))
    require_equal(batch_of(episodes, each.shape), played_by_gymnasium())


def test_a_player_that_makes_its_environment_again_stays_quick() -> None:
    quick = Player(HOPPER.spec)
    quick.speed_up(compile_now=True)
    before, tried = quick._simulation, quick.steps
    quick.close()
    assert vars(quick)["_simulation"] is None, "nothing runs in the memory of an environment that is closed"
    each = np.broadcast_to(SEEDS, (len(PARAMETERS), len(SEEDS)))
    episodes = list(quick.play(Work.of(LINEAR, PARAMETERS, each, True, None)))
    assert quick._simulation not in (None, before)
    require_equal(batch_of(episodes, each.shape), played_by_gymnasium())
    assert quick.steps - tried == sum(episode.length for episode in episodes) + len(episodes)


@pytest.mark.slow
def test_a_run_has_the_bytes_that_it_has_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def train(name: str) -> Path:
        episodes: dict[str, Any] = {f"{kind}_episodes": 3 for kind in ("selection", "confirmation", "evaluation")}
        return poise.train("Hopper-v5", out=tmp_path / name, max_steps=20_000, workers=1, **episodes).path

    quick = train("quick")
    monkeypatch.setattr(player, "compiled_steps", lambda *arguments, **options: None)
    plain = train("plain")
    for file in ("config.json", "metrics.jsonl", "policy.json", "evaluation.json"):
        assert (quick / file).read_bytes() == (plain / file).read_bytes(), file
