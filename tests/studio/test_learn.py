"""The crash course's experiments: the environment's own physics, policies as shown, and an honest third look."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

from poise.studio.learn import AGAIN, Course, random_policies


@pytest.fixture(scope="module")
def course() -> Course:
    return Course()


@pytest.mark.parametrize("action", [0, 1])
def test_a_push_is_the_environments_own_step(course: Course, action: int) -> None:
    environment = gymnasium.make("CartPole-v1")
    environment.reset(seed=3)
    environment.unwrapped.state = np.array([0.1, -0.2, 0.15, 0.3])  # type: ignore[attr-defined]
    observation, *_ = environment.step(action)
    found = course.push(np.array([0.1, -0.2, 0.15, 0.3]), action)
    assert found == {"state": observation.tolist(), "reward": 1.0, "fallen": False}
    assert course.push(np.array([0.0, 0.0, 0.3, 0.0]), action)["fallen"]


def test_random_policies_play_as_they_are_shown(course: Course) -> None:
    found = course.tries(5, 10)
    assert len(found["policies"]) == len(found["scores"]) == 10
    assert course.tries(5, 10) == found
    assert np.array_equal(random_policies(5, 10), np.round(found["policies"], 3))
    assert len(set(map(tuple, random_policies(6, 10).tolist())) & set(map(tuple, found["policies"]))) == 0


def test_the_honest_winner_keeps_its_word(course: Course) -> None:
    honest = [course.honest(seed, 100) for seed in range(5)]
    assert all(len(found["returns"]) == AGAIN for found in honest)
    again = [course.again(np.array(found["weights"]), 1) for found in honest]
    differences = [abs(found["mean"] - more["mean"]) for found, more in zip(honest, again, strict=True)]
    assert np.mean(differences) < 15.0


def test_the_best_of_a_hundred_often_disappoints(course: Course) -> None:
    losses = []
    for seed in range(20):
        found = course.tries(seed, 100)
        best = int(np.argmax(found["scores"]))
        losses.append(found["scores"][best] - course.again(np.array(found["policies"][best]), seed)["mean"])
    assert np.mean(losses) > 20.0
