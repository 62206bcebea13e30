"""A run that spares real steps: what it learns, what it pays, that it resumes, and that it can be watched."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import poise
from poise import imagination
from poise.__main__ import run as command
from poise.errors import InvalidValueError, UnknownNameError, UnsupportedSpaceError
from poise.rollouts.recording import replay
from poise.runs import checkpoint_file
from poise.runs.lived import lived_episodes
from poise.seeding import Purpose, purpose_of
from poise.studio.episodes import LEARNING, play
from poise.studio.source import Watched
from poise.testing.disturbed import IDENTIFIER
from poise.types import Event

SMALL: dict[str, Any] = {"frugal": True, "evaluation_episodes": 20, "engine": "gymnasium"}
NOISY = f"poise.testing.disturbed:{IDENTIFIER}"
HARD: dict[str, Any] = {**SMALL, "env_args": {"noise": 0.01}, "max_episodes": 4}
DETERMINISTIC = ("metrics.jsonl", "policy.json", "evaluation.json")


def _contents(path: Path) -> dict[str, bytes]:
    names = [*DETERMINISTIC, *sorted(f"episodes/{p.name}" for p in (path / "episodes").iterdir())]
    return {name: (path / name).read_bytes() for name in names}


@pytest.fixture(scope="module")
def cartpole(tmp_path_factory: pytest.TempPathFactory) -> poise.Run:
    return poise.train("CartPole-v1", seed=1, out=tmp_path_factory.mktemp("frugal") / "run", **SMALL)


def test_cartpole_is_held_up_in_its_very_first_episode_and_ever_after(cartpole: poise.Run) -> None:
    result = cartpole.result
    assert [episode["return"] for episode in result["real_episodes"]] == [500.0]
    assert result["steps"]["search"] == result["real_episodes"][0]["steps"] == 500
    assert result["episodes"] == {"search": 1, "selection": 0, "evaluation": 20}
    assert (result["policy"], len(result["parameters"])) == ("linear", 4)
    assert result["evaluation"]["min"] == 500.0


@pytest.mark.parametrize("seed", range(3))
def test_forty_steps_are_enough_for_a_perfect_policy(tmp_path: Path, seed: int) -> None:
    result = poise.train("CartPole-v1", seed=seed, out=tmp_path / "run", max_steps=40, **SMALL).result
    assert result["steps"]["search"] == 40
    assert result["stopped_because"] == "the budget of 40 steps is used"
    assert result["evaluation"]["min"] == 500.0


def test_a_run_has_the_files_of_any_run_and_keeps_what_it_lived_through(cartpole: poise.Run) -> None:
    names = {path.name for path in cartpole.path.iterdir()} - {"checkpoint.previous"}
    assert names == {"checkpoint", "config.json", "episodes", "metrics.jsonl", "timings.jsonl", *DETERMINISTIC}
    (seed,) = (episode["seed"] for episode in cartpole.result["real_episodes"])
    assert purpose_of(seed) is Purpose.SEARCH
    lived = lived_episodes(cartpole.path, cartpole.policy)
    assert list(lived) == [seed]
    again = replay(lived[seed].environment, seed, lived[seed].actions)
    assert [o.tolist() for o in again.observations] == [o.tolist() for o in lived[seed].observations]
    differs = [cartpole.policy.act(o) != a for o, a in zip(lived[seed].observations, lived[seed].actions, strict=False)]
    assert any(differs), "the policy was still being learnt"


def test_the_first_episode_watched_is_the_first_ever_played(cartpole: poise.Run) -> None:
    lived = lived_episodes(cartpole.path, cartpole.policy)
    watched = Watched.of(cartpole.policy, lived=lived)
    assert watched.first_seed == cartpole.result["real_episodes"][0]["seed"]
    first, other = play(watched.record, watched.first_seed), play(watched.record, 5)
    assert first.same
    assert first.to_json(watched)["policy"] == LEARNING
    assert first.to_json(watched)["weights"] is None
    assert other.to_json(watched)["weights"] is not None


def test_an_episode_left_when_the_steps_were_used_up_is_watched_as_far_as_it_went(tmp_path: Path) -> None:
    run = poise.train("CartPole-v1", out=tmp_path / "run", max_steps=30, **SMALL)
    watched = Watched.of(run.policy, lived=lived_episodes(run.path, run.policy))
    episode = play(watched.record, watched.first_seed)
    assert episode.same
    assert len(episode.recording.actions) == 30


def test_equal_commands_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        poise.train("CartPole-v1", seed=3, out=tmp_path / name, max_steps=25, **SMALL)
    assert _contents(tmp_path / "a") == _contents(tmp_path / "b")


def test_stopped_between_two_episodes_and_resumed_it_has_the_same_bytes(tmp_path: Path) -> None:
    whole = poise.train(NOISY, seed=2, out=tmp_path / "whole", **HARD)
    assert len(whole.result["real_episodes"]) > 1
    assert [episode["predicted"] is None for episode in whole.result["real_episodes"][:2]] == [True, False]

    def stop(event: Event) -> None:
        if event.phase == "search" and event.metrics["generation"] == 1:
            signal.raise_signal(signal.SIGINT)

    stopped = poise.train(NOISY, seed=2, out=tmp_path / "stopped", observe=stop, **HARD)
    assert stopped.interrupted
    resumed = poise.resume(tmp_path / "stopped")
    assert not resumed.interrupted
    assert _contents(resumed.path) == _contents(whole.path)


def test_a_checkpoint_of_a_run_keeps_every_transition_to_the_bit(cartpole: poise.Run) -> None:
    state = checkpoint_file.read(cartpole.path / "checkpoint", lambda state: state)
    assert state["transitions"]["before"].shape == (500, 4)
    assert state["starts"].shape == (16, 4)
    assert (state["transitions"]["before"][1:] == state["transitions"]["after"][:-1]).all()


@pytest.mark.parametrize(
    ("environment", "error", "words"),
    [
        ("CliffWalking-v1", UnsupportedSpaceError, "at most 24 features, CliffWalking-v1 has 48; train without"),
        ("FrozenLake-v1", UnsupportedSpaceError, "observes choices"),
        ("poise-probe/Steady-v0", UnsupportedSpaceError, "are constant"),
    ],
)
def test_what_no_model_can_be_learnt_of_is_refused_before_anything_is_done(
    tmp_path: Path, environment: str, error: type[Exception], words: str
) -> None:
    _register_steady()
    with pytest.raises(error, match=words):
        poise.train(environment, out=tmp_path / "run", **SMALL)
    assert not (tmp_path / "run").exists()


def _register_steady() -> None:
    import gymnasium

    class Steady(gymnasium.Env[Any, Any]):
        observation_space = gymnasium.spaces.Box(1, 1, (2,), np.float32)
        action_space = gymnasium.spaces.Discrete(2)

    if "poise-probe/Steady-v0" not in gymnasium.registry:
        gymnasium.register("poise-probe/Steady-v0", entry_point=lambda **_: Steady(), max_episode_steps=5)


@pytest.mark.parametrize(
    "setting",
    [
        {"policy": "linear"},
        {"optimizer": "snes"},
        {"normalize": "none"},
        {"survival_bonus": 1.0},
        {"common_episodes": False},
        {"confirmation_episodes": 5},
    ],
)
def test_what_it_decides_itself_cannot_be_asked_for(tmp_path: Path, setting: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError, match="beside frugal, which decides it"):
        poise.train("CartPole-v1", out=tmp_path / "run", **SMALL, **setting)
    with pytest.raises(UnknownNameError, match="Did you mean 'frugal'"):
        poise.train("CartPole-v1", out=tmp_path / "run", frugl=True)


def test_the_command_prints_each_real_episode_and_lists_them_in_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["train", "CartPole-v1", "--frugal", "--max-steps", "40", "--evaluation-episodes", "5"]
    assert command([*arguments, "--engine", "gymnasium", "--json", "--out", str(tmp_path / "run")]) == 0
    captured = capsys.readouterr()
    (episode,) = json.loads(captured.out)["real_episodes"]
    assert {"steps": 40, "return": 40.0, "predicted": None}.items() <= episode.items()
    assert "real episode 1  40 steps so far  return 40.0 when the steps were used up  no model yet" in captured.err
    assert command(["train", "CartPole-v1", "--frugal", "--dry-run"]) == 0
    assert "5,000 real steps" in capsys.readouterr().out


@pytest.mark.parametrize(("steps", "why"), [(70, "the budget of 70 steps is used"), (50, "target of -60")])
def test_an_episode_that_was_left_in_its_middle_has_shown_no_return(tmp_path: Path, steps: int, why: str) -> None:
    _register_toll()
    settings = {**SMALL, "max_steps": steps, "target": -30.0 if steps == 70 else -60.0}
    result = poise.train("poise-probe/Toll-v0", out=tmp_path / "run", **settings).result
    assert why in result["stopped_because"]
    assert [episode["whole"] for episode in result["real_episodes"]] == [True, False][: len(result["real_episodes"])]
    assert result["best_score_in_search"] == -50.0
    last = json.loads((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()[-1])
    assert (last["best_so_far"], last["whole"]) == (-50.0, steps == 50)


def test_where_every_episode_is_a_single_step_it_says_that_there_is_nothing_to_learn(tmp_path: Path) -> None:
    _register_toll()
    with pytest.raises(InvalidValueError, match=r"every one of 30 episodes of .*Toll-v0 ended with its first step"):
        poise.train("poise-probe/Toll-v0", out=tmp_path / "run", env_args={"once": True}, **SMALL)


def _register_toll() -> None:
    import gymnasium

    class Toll(gymnasium.Env[Any, Any]):
        """Every step costs 1, and no step ends it unless asked: a part of an episode looks better than the whole."""

        def __init__(self, once: bool = False) -> None:
            self.once = once

        observation_space = gymnasium.spaces.Box(-9, 9, (1,), np.float32)
        action_space = gymnasium.spaces.Discrete(2)

        def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
            super().reset(seed=seed)
            return self.np_random.uniform(-1, 1, 1).astype(np.float32), {}

        def step(self, action: Any) -> Any:
            return self.np_random.uniform(-1, 1, 1).astype(np.float32), -1.0, self.once, False, {}

    if "poise-probe/Toll-v0" not in gymnasium.registry:
        gymnasium.register("poise-probe/Toll-v0", entry_point=lambda **kw: Toll(**kw), max_episode_steps=50)


QUICK_WORLD: dict[str, Any] = {**SMALL, "max_episodes": 3, "selection_episodes": 3}


@pytest.fixture
def quick_world(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"POPULATION": 6, "FIRST_GENERATIONS": 1, "LAST_GENERATIONS": 1, "LONGEST": 10}.items():
        monkeypatch.setattr(imagination, name, value)


@pytest.mark.usefixtures("quick_world")
def test_where_lasting_is_not_all_a_world_is_learnt_and_its_policies_race(tmp_path: Path) -> None:
    result = poise.train("Pendulum-v1", seed=1, out=tmp_path / "run", **QUICK_WORLD).result
    assert [episode["steps"] for episode in result["real_episodes"]] == [200, 400, 600]
    assert [episode["predicted"] is None for episode in result["real_episodes"]] == [True, False, False]
    assert result["policy"] == "quadratic"
    assert result["episodes"]["selection"] >= 3


@pytest.mark.usefixtures("quick_world")
@pytest.mark.parametrize("moment", [1, 2])
def test_a_search_in_a_learnt_world_resumes_to_the_same_bytes(tmp_path: Path, moment: int) -> None:
    whole = poise.train("Pendulum-v1", seed=5, out=tmp_path / "whole", **QUICK_WORLD)

    def stop(event: Event) -> None:
        if event.phase == "search" and event.metrics["generation"] == moment:
            signal.raise_signal(signal.SIGINT)

    stopped = poise.train("Pendulum-v1", seed=5, out=tmp_path / "stopped", observe=stop, **QUICK_WORLD)
    assert stopped.interrupted
    assert _contents(poise.resume(tmp_path / "stopped").path) == _contents(whole.path)


@pytest.mark.slow
def test_pendulum_swings_up_after_a_thousand_real_steps(tmp_path: Path) -> None:
    result = poise.train("Pendulum-v1", seed=2, out=tmp_path / "run", max_steps=1_000, frugal=True).result
    assert result["steps"]["search"] == 1_000
    assert result["evaluation"]["mean"] > -400
