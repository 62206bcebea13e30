"""A suite file says what is compared: each combination once, random search among them, and no slip goes through."""

from __future__ import annotations

import itertools
import tomllib
from pathlib import Path

import pytest

from poise.errors import InvalidFileError
from poise.suites.suite import Suite, read

EXAMPLES = Path(__file__).parents[2] / "examples" / "suites"


def _read(tmp_path: Path, text: str) -> Suite:
    file = tmp_path / "suite.toml"
    file.write_text(text, encoding="utf-8")
    return read(file)


FULL = """
title = "Two ways"
seeds = [3, 5]
environments = ["CartPole-v1", {label = "slow", env = "Pendulum-v1", env_args = {g = 5.0}, low = -1500, high = -200}]
optimizers = ["cma_es", {label = "wide", optimizer = "snes", optimizer_args = {sigma0 = 2.0}}]
policies = ["linear", "mlp:8"]
budgets = [20_000, {label = "long", max_episodes = 900}]
variants = [{normalize = "none"}, {normalize = "probe"}]

[train]
evaluation_episodes = 50
optimizer_args = {population = 8}
"""


def test_every_combination_is_one_cell_with_the_settings_of_all_its_axes(tmp_path: Path) -> None:
    suite = _read(tmp_path, FULL)
    assert suite.title == "Two ways"
    cells = [cell for cell in suite.cells if "random_search" not in cell.method]
    assert len({cell.folder for cell in suite.cells}) == len(suite.cells) == 2 * 3 * 8 * 2
    assert len(cells) == 2 * 2 * 8 * 2
    (found,) = [c for c in cells if c.name == "slow, wide, mlp:8, long, normalize=probe, seed 5"]
    assert found.settings == {
        "env": "Pendulum-v1",
        "env_args": {"g": 5.0},
        "optimizer": "snes",
        "optimizer_args": {"sigma0": 2.0},
        "policy": "mlp:8",
        "max_episodes": 900,
        "normalize": "probe",
        "evaluation_episodes": 50,
    }
    assert found.seed == 5
    assert (suite.tasks[1].low, suite.tasks[1].high) == (-1500, -200)


def test_random_search_joins_with_the_same_policy_and_budget_and_without_anothers_options(tmp_path: Path) -> None:
    suite = _read(tmp_path, FULL)
    lines = {m.name: m for m in suite.methods if m.settings.get("optimizer") is None}
    rests = itertools.product(["linear", "mlp:8"], ["20,000 steps", "long"], ["normalize=none", "normalize=probe"])
    assert set(lines) == {", ".join(["random_search", *rest]) for rest in rests}
    for method in suite.methods:
        assert method.line == ", ".join(["random_search", *method.name.split(", ", 1)[1:]])
    cell = next(c for c in suite.cells if c.method == "random_search, mlp:8, long, normalize=probe")
    assert cell.settings["optimizer"] == "random_search"
    assert cell.settings["policy"] == "mlp:8"
    assert cell.settings["max_episodes"] == 900
    assert "optimizer_args" not in cell.settings


def test_a_suites_own_random_search_is_the_line_and_none_is_added(tmp_path: Path) -> None:
    suite = _read(
        tmp_path,
        'environments = ["CartPole-v1"]\n'
        'optimizers = ["snes", {label = "wide dice", optimizer = "random_search", optimizer_args = {low = -9}}]\n',
    )
    assert [method.name for method in suite.methods] == ["snes", "wide dice"]
    assert {method.line for method in suite.methods} == {"wide dice"}


def test_what_differs_in_its_optimizer_alone_has_one_line_to_beat(tmp_path: Path) -> None:
    suite = _read(
        tmp_path,
        'environments = ["A-v0"]\n'
        'variants = [{label = "model", frugal = true}, {label = "bold", optimizer = "snes"}, {optimizer = "ars"}]',
    )
    assert [method.name for method in suite.methods] == ["model", "bold", "optimizer=ars", "random_search"]
    assert {method.line for method in suite.methods} == {"random_search"}
    assert suite.cells[-1].settings == {"env": "A-v0", "optimizer": "random_search"}


def test_a_suite_may_be_one_environment_alone(tmp_path: Path) -> None:
    suite = _read(tmp_path, 'environments = ["CartPole-v1"]')
    assert [method.name for method in suite.methods] == ["auto", "random_search"]
    assert suite.title == "suite"
    assert suite.seeds == (0, 1, 2, 3, 4)
    assert suite.cells[0].settings == {"env": "CartPole-v1"}


def test_an_environment_may_bring_its_own_optimizer_and_still_meets_random_search(tmp_path: Path) -> None:
    suite = _read(tmp_path, 'environments = [{env = "CartPole-v1", optimizer = "ars", optimizer_args = {step = 0.1}}]')
    assert [cell.settings["optimizer"] for cell in suite.cells[::5]] == ["ars", "random_search"]


def test_folders_are_safe_and_distinct_on_every_system(tmp_path: Path) -> None:
    suite = _read(
        tmp_path,
        'seeds = 1\nenvironments = [{label = "a/b", env = "X-v0"}, {label = "A:B", env = "X-v0"}, '
        '{label = "..", env = "X-v0"}]',
    )
    folders = [cell.folder.split("/") for cell in suite.cells]
    assert {len(parts) for parts in folders} == {4}
    assert len({parts[1].lower() for parts in folders}) == 3
    assert all(part not in ("", ".", "..") for parts in folders for part in parts)


WRONG = [
    ('enviroments = ["CartPole-v1"]', "Did you mean 'environments'"),
    ("seeds = 3", "expected environments to be a list"),
    ("environments = []", "at least one entry"),
    ("environments = [3]", "environments, entry 1: expected env to be text, got 3"),
    ('environments = [{label = "x"}]', "expected env in every entry"),
    ('environments = ["A-v0", "A-v0"]', "'A-v0' twice; give one a label"),
    ('environments = [{env = "A-v0", lwo = 3}]', "Did you mean 'low'"),
    ('environments = [{env = "A-v0", low = 3, high = 2}]', "low to be less than high"),
    ('environments = [{env = "A-v0", low = "x"}]', "expected low to be a return"),
    ('environments = ["A-v0"]\nseeds = 0', "1 or more"),
    ('environments = ["A-v0"]\nseeds = [1, 1]', "seeds that differ"),
    ('environments = ["A-v0"]\nseeds = [-1]', "a seed must be an integer"),
    ('environments = ["A-v0"]\nseeds = "few"', "a number of runs, or a list"),
    ('environments = ["A-v0"]\nseeds = 90_000', "at most 100,000 runs"),
    ('environments = ["A-v0"]\ntitle = 3', "title to be text"),
    ('environments = ["A-v0"]\ntrain = 3', "train to be a table"),
    ('environments = ["A-v0"]\n[train]\nseed = 3', "under seeds"),
    ('environments = ["A-v0"]\n[train]\nmax_step = 3', "Did you mean 'max_steps'"),
    ('environments = ["A-v0"]\n[train]\nmax_steps = "many"', "expected max_steps to be an integer, got 'many'"),
    ('environments = ["A-v0"]\n[train]\nmax_steps = true', "expected max_steps to be an integer, got True"),
    ('environments = ["A-v0"]\n[train]\ncommon_episodes = 1', "expected common_episodes to be true or false"),
    ('environments = ["A-v0"]\n[train]\nepisodes_per_candidate = ["1"]', "a list of integers"),
    ('environments = ["A-v0"]\n[train]\ntarget = nan', "finite number"),
    ('environments = ["A-v0"]\n[train]\nenv_args = {day = 2020-01-01}', "table of numbers and text"),
    ('environments = ["A-v0"]\noptimizers = [{optimizer = "snes", sigma0 = 2}]', "stand in optimizer_args"),
    ('environments = ["A-v0"]\nvariants = ["x"]', "variants, entry 1: expected a table"),
    ('environments = [{env = "A-v0", max_steps = 3}]\nbudgets = [3, 4]', "one axis to set max_steps"),
    ('environments = ["A-v0"]\npolicies = ["linear"]\nvariants = [{policy = "mlp:8"}]', "one axis to set policy"),
    ('environments = ["A-v0"', "cannot be read as TOML"),
    ("\\x00", "cannot be read as TOML"),
]


@pytest.mark.parametrize(("text", "words"), WRONG)
def test_a_slip_is_named_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InvalidFileError, match=r"suite\.toml") as caught:
        _read(tmp_path, text)
    assert words in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidFileError, match="there is no file"):
        read(tmp_path / "nowhere.toml")
    with pytest.raises(InvalidFileError, match="cannot read"):
        read(tmp_path)
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidFileError, match="cannot be read"):
        read(tmp_path / "bytes.toml")
    (tmp_path / "large.toml").write_text("#" * (2**20 + 1))
    with pytest.raises(InvalidFileError, match="larger than 1 MiB"):
        read(tmp_path / "large.toml")


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.toml")), ids=lambda file: file.name)
def test_the_examples_can_be_run(file: Path) -> None:
    from poise.suites.benchmark import check

    suite = read(file)
    check(suite)
    assert suite.title == tomllib.loads(file.read_text())["title"]
