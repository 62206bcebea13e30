"""Errors form one tree, suggest what was meant, and survive the way from one process to another."""

from __future__ import annotations

import pickle

import pytest

from poise import errors
from poise.errors import PoiseError, UnknownNameError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, PoiseError)]


def test_one_except_clause_catches_them_all_and_the_docstring_draws_them_all() -> None:
    assert errors.__doc__ is not None
    assert len(KINDS) >= 9
    for kind in KINDS:
        assert issubclass(kind, PoiseError)
        assert kind.__name__ in errors.__doc__


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not UnknownNameError])
def test_an_error_survives_pickling(kind: type[PoiseError]) -> None:
    again = pickle.loads(pickle.dumps(kind("expected this, got that")))
    assert (type(again), str(again)) == (kind, "expected this, got that")


def test_an_unknown_name_survives_pickling_with_all_it_knows() -> None:
    error = UnknownNameError("policy", "liner", ["linear", "quadratic"], "Try `poise envs`.")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (UnknownNameError, str(error))
    assert (again.kind, again.name, again.known) == ("policy", "liner", ("linear", "quadratic"))


@pytest.mark.parametrize(
    ("name", "known", "message"),
    [
        ("liner", ["linear", "quadratic"], "There is no thing named 'liner'. Did you mean 'linear'? Advice."),
        ("xyz", ["b", "a"], "There is no thing named 'xyz'. Known: a, b. Advice."),
        ("xyz", [f"name{i}" for i in range(30)], "There is no thing named 'xyz'. Advice."),
        ("xyz", [], "There is no thing named 'xyz'. Advice."),
    ],
)
def test_an_unknown_name_gets_the_nearest_or_all_if_they_are_few(name: str, known: list[str], message: str) -> None:
    assert str(UnknownNameError("thing", name, known, "Advice.")) == message


def test_errors_are_what_python_programmers_expect_them_to_be() -> None:
    assert issubclass(errors.InvalidValueError, ValueError)
    assert issubclass(UnknownNameError, LookupError)
