"""A plan in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from poise.runs.train import dry_run


@pytest.mark.parametrize(("env", "said"), [("BipedalWalker-v3", True), ("CartPole-v1", False)])
def test_the_plan_says_what_is_halved_where_something_is(env: str, said: bool) -> None:
    lines = dry_run(env)
    for word in "closer", "outliers", "             one that settles":
        assert any(line.startswith(word) for line in lines) is said


def test_the_plan_is_explained_with_its_reasons_and_nothing_is_written(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    text = "\n".join(dry_run("Pendulum-v1", engine="gymnasium"))
    for words in (
        "3 features",
        "quadratic, 10 numbers",
        "population 64",
        "1, then 3, then 10",
        "share the lowest score",
        "half as far",
        "5,000,000 steps",
    ):
        assert words in text
    assert not list(tmp_path.iterdir())


def test_where_a_table_is_learnt_nothing_is_said_of_a_choice() -> None:
    text = "\n".join(dry_run("FrozenLake-v1"))
    assert "by value_iteration:" in text
    assert "being sure   1,000 fresh episodes for the result" in text


def test_the_plan_in_words_counts_equal_starts() -> None:
    text = "\n".join(dry_run("BipedalWalker-v3"))
    assert text.count("if an episode can end before the time limit, 8 times") == 1
    assert "of more than 3 each has 75% of it, and then the best 3 have another" in text


@pytest.mark.parametrize(
    ("asked", "reasons"),
    [
        ({}, ["the smallest that could do", "products of few", "a small network", "a network by what it does"]),
        ({"policy": "mlp:4"}, ["as asked", "a network by what it does"]),
        ({"optimizer": "fisher_snes"}, ["the smallest that could do", "products of few", "a small network"]),
        ({"policy": "linear", "optimizer": "fisher_snes"}, ["as asked"]),
    ],
)
def test_every_stage_has_the_reason_that_it_is_there_for(asked: dict[str, str], reasons: list[str]) -> None:
    stages = [line for line in dry_run("MountainCar-v0", **asked) if line.startswith("stage")]
    assert len(stages) == len(reasons)
    assert all(reason in line for reason, line in zip(reasons, stages, strict=True))


def test_it_is_said_where_candidates_share_episodes_and_why() -> None:
    text = "\n".join(dry_run("Reacher-v5"))
    assert "mlp:16,16, 482 numbers, by episode_newton (episodes 50): a network by what it does on every episode" in text
    assert "one that several share for episode_newton" in text
    alone = "\n".join(dry_run("Reacher-v5", policy="mlp:4", optimizer="episode_newton"))
    assert "one a candidate, which several share" in alone
    assert "the next number" not in alone
    assert "several share" not in "\n".join(dry_run("Pendulum-v1"))
