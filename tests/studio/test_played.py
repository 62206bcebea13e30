"""What persons have played is kept, bounded, and replayed like any other episode."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from poise.errors import InvalidFileError, InvalidValueError, PoiseError
from poise.rollouts.recording import record
from poise.studio.library import RunGoneError
from poise.studio.play import Played
from poise.studio.played import BEST, RECENT, PlayedStore, _digest, directory
from poise.types import EnvironmentSpec

CARTPOLE = EnvironmentSpec("CartPole-v1", {}, 500)


def played(seed: int = 3, bonus: float = 0.0) -> Played:
    recording = record(CARTPOLE, lambda seen: int(seen[2] > 0), seed)
    rewards = (*recording.rewards[:-1], recording.rewards[-1] + bonus)
    return Played(CARTPOLE, seed, recording.actions, rewards, _digest(recording), True, False, 50.0)


@pytest.fixture
def store(tmp_path: Path) -> PlayedStore:
    return PlayedStore(tmp_path / "play")


def test_a_game_is_kept_named_and_played_again(store: PlayedStore) -> None:
    kept = store.keep(played())
    assert kept["rank"] == 1
    assert store.name(kept["id"], " Ada ")[0]["name"] == "Ada"
    watched, episode = store.load(kept["id"])
    assert episode.same
    assert episode.recording.score == kept["table"][0]["return"]
    sent = episode.to_json(watched)
    assert (sent["environment"], sent["seed"], sent["weights"]) == ("CartPole-v1", 3, None)
    json.dumps(sent, allow_nan=False)


def test_a_game_that_does_not_repeat_itself_is_found_out(store: PlayedStore) -> None:
    assert not store.load(store.keep(played(bonus=1.0))["id"])[1].same


def test_the_table_holds_the_best_and_the_folder_no_more_than_it_says(store: PlayedStore, tmp_path: Path) -> None:
    game = played()
    returns = [0.0, *range(BEST + RECENT + 5)]
    kept = [store.keep(Played(**{**game.__dict__, "rewards": (float(number),)})) for number in returns]
    table = [row["return"] for row in store.table("CartPole-v1")]
    assert table == sorted(returns, reverse=True)[:BEST]
    assert len(list((tmp_path / "play" / "episodes").iterdir())) <= BEST + RECENT
    with pytest.raises(RunGoneError, match="There is no episode"):
        store.load(kept[0]["id"])
    worst = store.keep(Played(**{**game.__dict__, "rewards": (-5.0,)}))
    assert worst["rank"] is None
    assert store.table("MountainCar-v0") == []


def test_of_equal_games_the_first_stays_ahead(store: PlayedStore) -> None:
    first, second = store.keep(played()), store.keep(played())
    assert [row["id"] for row in store.table("CartPole-v1")] == [first["id"], second["id"]]


@pytest.mark.parametrize("name", ["x" * 41, "a\nb", "\x00", "a\u202eb"])
def test_a_name_that_cannot_be_shown_is_refused(store: PlayedStore, name: str) -> None:
    kept = store.keep(played())
    with pytest.raises(InvalidValueError, match="Expected a name"):
        store.name(kept["id"], name)


@pytest.mark.parametrize("identifier", ["", "../scores", "0" * 15, "0" * 17, "G" * 16, "0" * 15 + "/", "%2e%2e"])
def test_nothing_outside_the_folder_can_be_named(store: PlayedStore, identifier: str) -> None:
    store.keep(played())
    with pytest.raises(PoiseError, match="Expected the name of an episode"):
        store.load(identifier)


def test_a_damaged_table_begins_anew_and_a_damaged_episode_is_said(store: PlayedStore, tmp_path: Path) -> None:
    kept = store.keep(played())
    for damaged in ("{", "[]", '{"tables": 1}', '{"tables": {"CartPole-v1": [{"return": "x"}]}, "recent": []}'):
        (tmp_path / "play" / "scores.json").write_text(damaged)
        assert store.table("CartPole-v1") == []
    file = tmp_path / "play" / "episodes" / f"{kept['id']}.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "actions": "up"}))
    with pytest.raises(PoiseError):
        store.load(kept["id"])
    file.write_text('{"env": "CartPole-v1"}')
    with pytest.raises(InvalidFileError, match="damaged"):
        store.load(kept["id"])


def test_the_folder_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("POISE_DATA_DIR", str(tmp_path))
    assert directory() == tmp_path / "play"
