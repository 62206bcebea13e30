"""Episodes for the page: checked by playing them again, remembered for a while, and always plain numbers."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import numpy as np

from poise.rollouts.recording import Recording
from poise.studio.episodes import Episode, EpisodePlayer, numbers, play
from poise.studio.source import Watched
from poise.types import EnvironmentSpec


def test_an_episode_that_repeats_itself_passes_its_check(cartpole: Watched) -> None:
    episode = play(cartpole.record, 3)
    assert episode.same
    assert "equal to the bit" in episode.check


def test_an_episode_that_does_not_repeat_itself_is_found_out(cartpole: Watched) -> None:
    recording = cartpole.record(3)
    changed = [observation.copy() for observation in recording.observations]
    changed[200][2] = np.nextafter(changed[200][2], np.float32(1))
    episode = play(lambda seed: replace(recording, observations=tuple(changed)), 3)
    assert not episode.same
    assert "differs at step 200" in episode.check


def test_an_episode_of_other_rewards_is_found_out(cartpole: Watched) -> None:
    recording = cartpole.record(3)
    episode = play(lambda seed: replace(recording, rewards=(*recording.rewards[:-1], 2.0)), 3)
    assert not episode.same
    assert "differs at step 499" in episode.check


def test_an_episode_that_cannot_be_repeated_says_why(cartpole: Watched) -> None:
    recording = cartpole.record(3)
    episode = play(lambda seed: replace(recording, environment=EnvironmentSpec("Nowhere-v0")), 3)
    assert not episode.same
    assert "Nowhere-v0" in episode.check


def test_the_last_episodes_are_remembered(cartpole: Watched) -> None:
    played: list[int] = []

    def record(seed: int) -> Recording:
        played.append(seed)
        return cartpole.record(seed)

    async def visit() -> None:
        player = EpisodePlayer(replace(cartpole, record=record), remembered=2)
        for seed in (1, 2, 1, 3, 1, 2):
            assert (await player.episode(seed)).recording.seed == seed

    asyncio.run(visit())
    assert played == [1, 2, 3, 2]


def test_two_who_ask_at_once_get_one_play(cartpole: Watched) -> None:
    played: list[int] = []

    def record(seed: int) -> Recording:
        played.append(seed)
        return cartpole.record(seed)

    async def visit() -> None:
        player = EpisodePlayer(replace(cartpole, record=record))
        await asyncio.gather(player.episode(1), player.episode(1))

    asyncio.run(visit())
    assert played == [1]


def test_what_is_no_number_becomes_null(cartpole: Watched) -> None:
    recording = cartpole.record(3)
    observations = (np.array([np.nan, np.inf, 0.0, 1.0], dtype=np.float32), *recording.observations[1:])
    broken = Episode(replace(recording, observations=observations, rewards=(float("nan"),)), same=False, check="")
    sent = json.loads(json.dumps(broken.to_json(cartpole), allow_nan=False))
    assert sent["observations"][0] == [None, None, 0.0, 1.0]
    assert (sent["rewards"], sent["return"]) == ([None], None)
    assert broken.observations()[0] == [None, None, 0.0, 1.0]


def test_names_and_weights_that_do_not_fit_the_observation_are_not_sent(cartpole: Watched) -> None:
    recording = replace(cartpole.record(3), observations=(0, 1), actions=(1,), rewards=(1.0,))
    sent = Episode(recording, same=True, check="").to_json(cartpole)
    assert sent["featureNames"] == ["observation"]
    assert sent["weights"] is None


def test_structured_observations_become_one_row_of_numbers() -> None:
    observation = {"a": np.array([[1.0, 2.0]]), "b": (3, np.int64(4)), "c": True}
    assert list(numbers(observation)) == [1.0, 2.0, 3.0, 4.0, 1.0]
