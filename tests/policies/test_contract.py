"""Every parametric function keeps the contract."""

from __future__ import annotations

import pytest

from poise.policies.linear import Linear
from poise.policies.mlp import Mlp
from poise.policies.quadratic import Quadratic
from poise.testing.policy_suite import CHECKS, Check, Factory

FACTORIES: dict[str, Factory] = {
    "linear": Linear,
    "linear+bias": lambda inputs, outputs: Linear(inputs, outputs, bias=True),
    "quadratic": Quadratic,
    "mlp:6": lambda inputs, outputs: Mlp(inputs, outputs, (6,)),
    "mlp:5,1,4": lambda inputs, outputs: Mlp(inputs, outputs, (5, 1, 4)),
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
@pytest.mark.parametrize("factory", FACTORIES.values(), ids=FACTORIES.keys())
def test_keeps_the_contract(factory: Factory, check: Check) -> None:
    check(factory)
