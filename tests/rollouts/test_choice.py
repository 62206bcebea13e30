"""The fastest engine that is equal to Gymnasium plays, and where there is none Gymnasium does."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from poise.errors import InvalidValueError, UnknownNameError
from poise.kernels.base import KernelUnavailableError
from poise.policies.architecture import Architecture
from poise.rollouts import cores, kernel_engine
from poise.rollouts.choice import make_engine, why_not_compiled
from poise.rollouts.delivery import NotSendableError
from poise.rollouts.environments import inspect
from poise.rollouts.in_process import InProcess
from poise.rollouts.kernel_engine import KernelEngine
from poise.rollouts.pool import Pool
from poise.types import EnvironmentSpec


def _wanted(identifier: str) -> tuple[EnvironmentSpec, Architecture]:
    info = inspect(EnvironmentSpec(identifier))
    return info.spec, Architecture("linear", info.observation, info.action)


@pytest.fixture
def nothing_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KernelEngine, "prepare", lambda self, architecture: None)


@pytest.mark.usefixtures("nothing_compiles")
@pytest.mark.parametrize(
    ("identifier", "name", "workers", "kind"),
    [
        ("CartPole-v1", "auto", None, KernelEngine),
        ("CartPole-v1", "kernel", 1, KernelEngine),
        ("CartPole-v1", "gymnasium", None, Pool),
        ("CartPole-v1", "gymnasium", 1, InProcess),
        ("FrozenLake-v1", "auto", 3, Pool),
        ("FrozenLake-v1", "auto", 1, InProcess),
    ],
)
def test_this_engine_plays(
    identifier: str, name: str, workers: int | None, kind: type[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cores, "usable_cores", lambda: 2)
    with make_engine(*_wanted(identifier), name, workers=workers) as engine:
        assert type(engine) is kind


def test_one_processor_has_no_use_for_several_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "usable_cores", lambda: 1)
    with make_engine(*_wanted("FrozenLake-v1")) as engine:
        assert type(engine) is InProcess


class Unpicklable:
    """What an environment may be given all the same."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Unpicklable:
        return self

    def __reduce__(self) -> Any:
        raise TypeError("this stays here")


def test_what_cannot_be_sent_is_played_here_unless_several_workers_were_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cores, "usable_cores", lambda: 2)
    info = inspect(EnvironmentSpec("poise.testing.troubles:Trouble-v0", {"once": Unpicklable()}))
    architecture = Architecture("linear", info.observation, info.action)
    with make_engine(info.spec, architecture) as engine:
        assert type(engine) is InProcess
    with pytest.raises(NotSendableError, match="--workers 1"):
        make_engine(info.spec, architecture, workers=2)


@pytest.mark.parametrize("name", ["auto", "gymnasium", "kernel"])
@pytest.mark.parametrize("setting", [{"workers": 0}, {"step_seconds": 0.0}])
def test_bad_numbers_are_refused_by_every_engine(name: str, setting: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError, match="got 0"):
        make_engine(*_wanted("CartPole-v1"), name, **setting)


def test_a_kernel_that_is_not_there_is_refused_when_it_is_asked_for() -> None:
    with pytest.raises(KernelUnavailableError, match="no compiled kernel"):
        make_engine(*_wanted("FrozenLake-v1"), "kernel")


def test_an_engine_of_another_name_is_refused_with_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match=r"There is no engine named 'kernels'\. Did you mean 'kernel'"):
        make_engine(*_wanted("CartPole-v1"), "kernels")


def test_a_kernel_that_does_not_work_here_is_replaced_with_one_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise KernelUnavailableError("no compiler today")

    monkeypatch.setattr(kernel_engine.KernelEngine, "prepare", fail)
    with caplog.at_level(logging.WARNING), make_engine(*_wanted("CartPole-v1"), workers=1) as engine:
        assert isinstance(engine, InProcess)
    assert [record.getMessage() for record in caplog.records] == ["no compiler today; Gymnasium plays instead"]
    with pytest.raises(KernelUnavailableError, match="no compiler today"):
        make_engine(*_wanted("CartPole-v1"), "kernel")


def test_why_there_is_no_kernel_is_said_only_where_one_could_be_expected() -> None:
    assert why_not_compiled(EnvironmentSpec("CartPole-v1")) is None
    assert why_not_compiled(EnvironmentSpec("FrozenLake-v1")) is None
    assert why_not_compiled(EnvironmentSpec("CartPole-v1", {"no_such_argument": 1}))
