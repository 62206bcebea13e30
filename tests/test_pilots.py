"""A pilot thinks anew as often as it is worth, and no plan reaches beyond the episode it is made in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from poise import pilots
from poise.frugal_state import FrugalState, RealEpisode
from poise.imagination import Idea
from poise.models.transitions import Row, Transitions
from poise.pilots import LEAST_LEFT, PLAN_EVERY, SEEK_EVERY, ImaginingPilot
from poise.policies.architecture import Architecture
from poise.policies.candidate import Candidate
from poise.rollouts.environments import inspect
from poise.seeding import Purpose, SeedStream
from poise.types import EnvironmentSpec

INFO = inspect(EnvironmentSpec("MountainCar-v0", {}))
CONTROLS = 3


def _planned(reward_of: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Steps lived through and steps left at each plan of a first episode."""
    plans = []

    def imagine(lived: Transitions, *rest: Any) -> Idea:
        plans.append((len(lived), rest[-1]))
        architecture = Architecture("linear", INFO.observation, INFO.action)
        return Idea(Candidate(architecture, np.zeros(architecture.parameter_count), 0.0), 0.0, False)

    monkeypatch.setattr(pilots, "imagine_policy", imagine)
    state = FrugalState.beginning(INFO, SeedStream(0, Purpose.SEARCH))
    lived, rng = state.transitions, np.random.default_rng(0)
    pilot = ImaginingPilot(state, INFO, lived, lambda: False)
    for _ in range(INFO.max_episode_steps - 1):
        row: Row = (rng.normal(size=2), np.eye(CONTROLS)[rng.integers(CONTROLS)], rng.normal(size=2), 0.0, False)
        lived = lived.plus([(*row[:3], reward_of(row[0]), False)])
        pilot.learn(lived)
    return plans


def test_while_nothing_says_where_to_go_it_plans_more_often_and_no_farther_than_the_episode(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plans = _planned(lambda before: -1.0, monkeypatch)
    assert [steps for steps, _ in plans] == [50, 100, 150]
    assert [left for _, left in plans] == [150, 100, 50]
    assert SEEK_EVERY < PLAN_EVERY
    assert all(left >= LEAST_LEFT for _, left in plans)


def _finalists(episodes: list[tuple[float, bool, bool]], monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, float]]:
    """Episode and claim of each candidate. Of an episode: what it returned, was it left, was it in part another's."""
    architecture = Architecture("linear", INFO.observation, INFO.action)
    state = FrugalState.beginning(INFO, SeedStream(0, Purpose.SEARCH))
    row: Row = (np.zeros(2), np.eye(CONTROLS)[0], np.ones(2), -1.0, False)
    for number, (score, left, shared) in enumerate(episodes):
        own = Candidate(architecture, np.full(architecture.parameter_count, float(number)), 0.0)
        monkeypatch.setattr(pilots, "imagine_policy", lambda *_, own=own: Idea(own, 0.0, False))
        state.transitions = state.transitions.plus([row] * PLAN_EVERY)
        pilot = ImaginingPilot(state, INFO, state.transitions, lambda: False)
        lived = state.transitions.plus([row] * PLAN_EVERY)
        if shared:
            pilot.learn(lived)
        pilot.conclude(score, whole=not left)
        state.episodes.append(RealEpisode(number, PLAN_EVERY, score, None, False, True, whole=not left))
        state.transitions = lived
    return [(int(candidate.parameters[0]), candidate.claim) for candidate in state.candidates]


def test_a_policy_claims_only_what_it_returned_by_itself_and_otherwise_has_to_show_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert _finalists([(-120.0, False, True), (-100.0, False, True)], monkeypatch) == [(0, -120.0), (1, -100.0)]
    played = [(-120.0, False, False), (-150.0, False, False), (-200.0, False, True), (-30.0, True, False)]
    assert _finalists(played[:2], monkeypatch) == [(0, -120.0), (1, -150.0)]
    assert _finalists(played[:3], monkeypatch)[-1] == (2, -120.0), "half the episode was another policy's"
    assert _finalists(played, monkeypatch)[-1] == (3, -120.0), "the episode was left in its middle"
    monkeypatch.setattr(pilots, "FINALISTS", 3)
    assert [number for number, _ in _finalists(played, monkeypatch)] == [2, 0, 3], "of equal claims the newer goes on"


def test_where_rewards_say_where_to_go_it_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    plans = _planned(lambda before: float(before[0]), monkeypatch)
    assert [steps for steps, _ in plans] == [50, 150]
