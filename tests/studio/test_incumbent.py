"""What a policy is worth while its search goes on: fresh episodes, bounded work, and nothing where nothing runs."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import numpy as np
import pytest
from tests.studio.runs_by_hand import GOOD, write_run

from poise.runs.policy import Policy
from poise.seeding import Purpose, purpose_of
from poise.studio import incumbent
from poise.studio.incumbent import EPISODES, Incumbents
from poise.studio.library import Library
from poise.studio.live import Feed
from poise.types import EpisodeBatch


def follow(incumbents: Incumbents, run: str, seconds: float = 20.0, episodes: int = 1) -> None:
    """Measures until so many episodes are played, or the time is up."""

    async def until() -> None:
        task = asyncio.ensure_future(incumbents.follow(run))
        end = time.monotonic() + seconds
        while time.monotonic() < end and (incumbents.found(run) or {"episodes": 0})["episodes"] < episodes:
            await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(until())


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incumbent, "PATIENCE_SECONDS", 0.001)
    monkeypatch.setattr(incumbent, "SHARE", 1.0)


def test_the_policy_of_a_search_is_measured_until_its_interval_is_narrow(tmp_path: Path) -> None:
    write_run(tmp_path, "x", means=[10, 20], weights=(0.0, 0.0, 1.0, 0.0), running=True)
    incumbents = Incumbents(Library(None, tmp_path))
    assert incumbents.found("x") is None
    follow(incumbents, "x", episodes=EPISODES)
    found = incumbents.found("x")
    assert found["episodes"] == EPISODES
    assert found["steps"] == 200
    assert found["low"] < found["mean"] < found["high"]
    follow(incumbents, "x", seconds=0.2, episodes=EPISODES + 1)
    assert incumbents.found("x") == found, "it goes on for ever"


def test_no_episode_is_one_of_the_search_or_used_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_run(tmp_path, "x", means=[10], weights=GOOD, running=True)
    incumbents = Incumbents(Library(None, tmp_path))
    play, seen = incumbents._bench.play, list[int]()

    def watched(spec: object, architecture: object, parameters: object, seeds: np.ndarray) -> EpisodeBatch:
        seen.extend(seeds.tolist())
        return play(spec, architecture, parameters, seeds)  # type: ignore[arg-type]

    monkeypatch.setattr(incumbents._bench, "play", watched)
    follow(incumbents, "x", episodes=200)
    assert incumbents.found("x")["mean"] == 500.0
    Policy.create("CartPole-v1", "linear", (0.0, 0.0, 0.0, 0.0)).save(path / "policy.json")
    end = time.monotonic() + 20
    while incumbents.found("x")["mean"] == 500.0 and time.monotonic() < end:
        follow(incumbents, "x", seconds=0.1, episodes=10**9)
    assert incumbents.found("x")["mean"] < 20, "another policy is measured anew"
    assert len(set(seen)) == len(seen)
    assert {purpose_of(seed) for seed in seen} == {Purpose.REEVALUATION}


@pytest.mark.parametrize("running", [False, True])
def test_what_does_not_search_or_has_no_policy_is_not_measured(tmp_path: Path, running: bool) -> None:
    write_run(tmp_path, "x", means=[10], weights=None if running else GOOD, running=running)
    incumbents = Incumbents(Library(None, tmp_path))
    follow(incumbents, "x", seconds=0.2)
    assert incumbents.found("x") is None


def test_a_policy_for_what_is_not_installed_is_no_fault_of_the_server(tmp_path: Path) -> None:
    path = write_run(tmp_path, "x", means=[10], weights=GOOD, running=True)
    written = json.loads((path / "policy.json").read_text())
    written["environment"]["id"] = "Nowhere-v0"
    (path / "policy.json").write_text(json.dumps(written))
    incumbents = Incumbents(Library(None, tmp_path))
    follow(incumbents, "x", seconds=0.3)
    assert incumbents.found("x") is None


def test_a_page_is_told_it_once(tmp_path: Path) -> None:
    write_run(tmp_path, "x", means=[10], weights=GOOD)
    known = {"mean": 1.0, "low": 0.5, "high": 1.5, "episodes": 100, "steps": 100}
    feed = Feed(Library(None, tmp_path), "x", lambda: known)
    assert feed.look()["incumbent"] == known
    assert feed.look() == {}
