"""The public surface: what is here is kept, and what is added is added on purpose."""

from __future__ import annotations

import poise


def test_the_public_names_are_these() -> None:
    assert poise.__all__ == [
        "PoiseError",
        "Policy",
        "Recording",
        "Run",
        "__version__",
        "certify",
        "evaluate",
        "load",
        "play",
        "resume",
        "train",
    ]
    assert dir(poise) == poise.__all__
    for name in poise.__all__:
        assert getattr(poise, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(poise, "nothing_of_that_name")


def test_play_gives_the_score_and_the_observations_of_one_episode() -> None:
    recording = poise.play("CartPole-v1", [-0.116, 0.332, 0.207, 0.352], seed=0)
    assert recording.score == len(recording.actions) == len(recording.observations) - 1
    assert recording.observations[0].shape == (4,)
