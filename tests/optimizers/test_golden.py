"""The first generations of every optimizer are pinned: a change of the algorithm, wanted or not, shows here.

To pin anew after a change that is meant: ``python tests/optimizers/test_golden.py``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from poise.optimizers import OPTIMIZERS
from poise.testing.optimizer_suite import sphere

FOLDER = Path(__file__).parent / "golden"
DIMENSION, GENERATIONS, SEED = 3, 4, 20


def first_generations(name: str) -> dict[str, Any]:
    optimizer = OPTIMIZERS.get(name)(DIMENSION, np.random.default_rng(SEED))
    generations = []
    for _ in range(GENERATIONS):
        candidates = optimizer.ask()
        optimizer.tell(sphere(candidates, np.array([0.5, -1.0, 2.0])))
        generations.append({"candidates": candidates[:4].tolist(), "center": optimizer.center.tolist()})
    return {"dimension": DIMENSION, "seed": SEED, "generations": generations}


@pytest.mark.parametrize("name", OPTIMIZERS.names())
def test_first_generations_are_those_that_were_pinned(name: str) -> None:
    path = FOLDER / f"{name}.json"
    advice = (
        f"If that is meant, run `python {Path(__file__).name}` in {Path(__file__).parent.name}/ and commit {path.name}."
    )
    assert path.exists(), f"{name} has no pinned generations. {advice}"
    pinned, now = json.loads(path.read_text()), first_generations(name)
    for number, (old, new) in enumerate(zip(pinned["generations"], now["generations"], strict=True)):
        for part in ("candidates", "center"):
            message = f"{part} of generation {number} of {name} are others than those pinned. {advice}"
            # Libraries of linear algebra differ in the last bits, so these are compared to nine digits.
            np.testing.assert_allclose(new[part], old[part], rtol=1e-9, atol=1e-12, err_msg=message)


def pin() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name in OPTIMIZERS.names():
        (FOLDER / f"{name}.json").write_text(json.dumps(first_generations(name), indent=1) + "\n")


if __name__ == "__main__":
    pin()
