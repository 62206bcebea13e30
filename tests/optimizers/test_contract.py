"""Every registered optimizer keeps the contract, with its defaults and with options that open other paths."""

from __future__ import annotations

from functools import partial

import pytest

from poise.optimizers import OPTIMIZERS
from poise.optimizers.ars import Ars
from poise.optimizers.cma_es import CmaEs
from poise.testing.optimizer_suite import CHECKS, Check, Factory

FACTORIES: dict[str, Factory] = {
    **{name: OPTIMIZERS.get(name) for name in OPTIMIZERS.names()},
    "cma_es with restarts": partial(CmaEs, options=CmaEs.Options(restarts=2, population=5)),
    "ars that looks closer": partial(Ars, options=Ars.Options(halvings=2)),
    "ars that winsorizes": partial(Ars, options=Ars.Options(winsorize=2.0)),
    "ars that winsorizes at first": partial(Ars, options=Ars.Options(winsorize=2.0, winsorize_means=False)),
    "ars that settles": partial(Ars, options=Ars.Options(halvings=2, settles=True)),
    "cma_es of two": partial(CmaEs, options=CmaEs.Options(population=2)),
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
@pytest.mark.parametrize("factory", FACTORIES.values(), ids=FACTORIES.keys())
def test_keeps_the_contract(factory: Factory, check: Check) -> None:
    check(factory)


@pytest.mark.parametrize("name", OPTIMIZERS.names())
def test_is_known_by_the_name_of_its_file(name: str) -> None:
    assert OPTIMIZERS.get(name).name == name
