"""Figures over runs: the interquartile mean with its interval, on a scale that says what it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.suites.made_up import results_of

from poise.statistics.aggregate import interquartile_mean
from poise.suites.curves import learning_curves
from poise.suites.profiles import performance_profiles
from poise.suites.results import Results
from poise.suites.suite import Suite, read
from poise.suites.tables import figure_text, markdown, text, to_json


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    file = tmp_path / "s.toml"
    file.write_text(
        'title = "T"\nseeds = 4\nenvironments = ["A-v0", {env = "B-v0", low = 0, high = 10}]\noptimizers = ["snes"]'
    )
    return read(file)


GOOD = {
    ("A-v0", "snes"): [90.0, 100.0, 110.0, 200.0],
    ("A-v0", "random_search"): [20.0, 30.0, 25.0, 28.0],
    ("B-v0", "snes"): [5.0, 6.0, 7.0, 8.0],
    ("B-v0", "random_search"): [5.0, 6.0, 7.0, 9.0],
}


@pytest.fixture
def results(suite: Suite) -> Results:
    return results_of(suite, GOOD, thresholds={"A-v0": 110.0}, random_return=10.0)


def test_a_figure_is_the_interquartile_mean_of_the_runs_with_its_interval(results: Results) -> None:
    figure = results.figure("A-v0", "snes")
    assert figure is not None
    assert figure.interval is not None
    assert figure.value == 105.0, "the lowest and the highest of four are left out"
    assert 90 <= figure.interval.low < 105 < figure.interval.high <= 200
    assert figure.interval.method == "stratified-bootstrap"
    assert results.figure("A-v0", "snes") == figure, "chance has a seed"


def test_zero_is_a_random_policy_and_one_the_threshold_unless_the_suite_says_so(results: Results) -> None:
    a, b = results.scales["A-v0"], results.scales["B-v0"]
    assert (a.low, a.high) == (10.0, 110.0)
    assert (a.low_is, a.high_is) == ("a random policy", "its threshold")
    assert (b.low, b.high, b.low_is) == (0.0, 10.0, "set in the suite")
    np.testing.assert_allclose(a(np.array([10.0, 60.0, 110.0])), [0, 0.5, 1])


def test_without_a_threshold_one_is_the_best_of_all_runs(suite: Suite) -> None:
    scale = results_of(suite, GOOD, random_return=10.0).scales["A-v0"]
    assert (scale.high, scale.high_is) == (200.0, "the best of these runs")


def test_over_all_environments_every_run_counts_on_its_own_scale(results: Results) -> None:
    scores = results.scores("snes")
    assert scores is not None
    np.testing.assert_allclose(scores, [[0.8, 0.9, 1.0, 1.9], [0.5, 0.6, 0.7, 0.8]])
    figure = results.overall("snes")
    assert figure is not None
    assert figure.value == pytest.approx(float(interquartile_mean(scores)))


def test_what_beats_random_search_lies_above_it_with_its_whole_interval(results: Results) -> None:
    assert results.beats("A-v0", "snes")
    assert not results.beats("B-v0", "snes"), "the intervals overlap"
    assert not results.beats("A-v0", "random_search")


def test_a_run_that_failed_is_named_and_its_method_has_no_figure_over_all(suite: Suite) -> None:
    results = results_of(suite, {**GOOD, ("B-v0", "snes"): [5.0, None, 7.0, 8.0]}, random_return=1.0)
    assert results.overall("snes") is None
    assert results.overall("random_search") is not None
    assert figure_text(results.figure("B-v0", "snes"), 4).endswith("(3 of 4 runs)")
    table = markdown(results, {})
    assert "| B-v0, snes, seed 1 | it \\| broke |" in table
    assert to_json(results)["overall"]["snes"]["interquartile_mean"] is None


def test_a_run_whose_environment_failed_in_some_episodes_is_named(results: Results) -> None:
    name = "A-v0, snes, seed 2"
    line = {**results.lines[name], "first_failure": "a wheel came off"}
    line["evaluation"] = {**line["evaluation"], "failed_episodes": 3}
    spoiled = Results(results.suite, {**results.lines, name: line}, results.histories, {})
    assert "With episodes that the environment failed" not in markdown(results, {})
    assert f"| {name} | 3 of 50 episodes have no return; the first: a wheel came off |" in markdown(spoiled, {})


def test_an_environment_without_any_run_is_left_out_of_the_whole_and_the_table_says_so(suite: Suite) -> None:
    none = [None] * 4
    results = results_of(suite, {**GOOD, ("A-v0", "snes"): none, ("A-v0", "random_search"): none})
    assert results.figure("A-v0", "snes") is None
    assert "**1 of 2 environments, as a score**" in markdown(results, {})
    assert text(results)[-3].startswith("1 of 2 environments")
    assert learning_curves(results, "A-v0") is None
    assert performance_profiles(results) is not None


def test_one_run_of_each_has_no_interval(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text('seeds = 1\nenvironments = ["A-v0"]')
    results = results_of(read(file), {("A-v0", "auto"): [5.0], ("A-v0", "random_search"): [-0.0001]})
    assert figure_text(results.figure("A-v0", "auto")) == "5.000"
    assert figure_text(results.figure("A-v0", "random_search")) == "-0.0001"
    assert not results.beats("A-v0", "auto")
    assert "single run" in markdown(results, {})
    for picture in (learning_curves(results, "A-v0"), performance_profiles(results)):
        assert picture is not None
        assert "opacity" not in picture, "no band"


def test_the_markdown_table_holds_what_was_found(results: Results) -> None:
    table = markdown(results, {"profiles.svg": "performance profiles"})
    rows = {line.split(" | ")[0]: line.split(" | ") for line in table.splitlines() if line.startswith("| ")}
    assert table.startswith("# T\n")
    assert "interquartile mean of 4 runs" in table
    assert "| environment | snes | random_search |" in table
    assert "| A-v0 | **105.0 [" in table
    assert "| B-v0 | 6.500 [" in table
    assert rows["| **all, as a score**"][1].startswith("0.800 [")
    assert "| A-v0 | 102 | 102 |" in table, "median steps of the search"
    assert "| A-v0 | 10.0 | a random policy | 110.0 | its threshold |" in table
    assert "![performance profiles](profiles.svg)" in table


def test_curves_show_every_method_with_its_band_and_its_final_mark(results: Results) -> None:
    picture = learning_curves(results, "A-v0")
    assert picture is not None
    drawn = picture.split("</style>")[1]
    assert drawn.count('opacity="0.16"') == 2
    assert {"A-v0", "environment steps of the search", "return", "snes", "random_search"} <= {
        part.split("</text>")[0].rpartition(">")[2] for part in drawn.split("<text")[1:]
    }
    assert drawn.count("<circle") == 2, "the mark of snes, and its sample in the legend"
    assert learning_curves(results, "A-v0") == picture


def test_a_profile_falls_from_all_runs_to_none(results: Results) -> None:
    picture = performance_profiles(results)
    assert picture is not None
    line = picture.split('<polyline class="s0"')[1].split('points="')[1].split('"')[0]
    heights = [float(pair.split(",")[1]) for pair in line.split()]
    assert heights == sorted(heights), "down is later in SVG"
    assert heights[0] == 78.0, "every run is above 0"
    assert heights[-1] == 378.0, "and none above 1.9"
