"""What plays in a learnt world is compiled once on a machine, and whoever waits for it can be told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from poise.models import playing
from poise.models.transitions import Transitions
from poise.models.world import CLIPPED, Policies, World


def test_on_a_machine_that_never_compiled_it_it_is_known_to_be_missing(tmp_path: Path) -> None:
    script = "from poise.models.playing import is_compiled; print(is_compiled())"
    surroundings = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], env=surroundings, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_once_it_has_played_it_is_compiled() -> None:
    rng = np.random.default_rng(0)
    before = rng.standard_normal((9, 1))
    lived = Transitions(before, before, before + 0.1, before[:, 0], np.zeros(9, dtype=np.bool_))
    bound = np.ones(1, dtype=np.float32)
    policies = Policies(np.zeros((1, 1, 2), dtype=np.float32), False, CLIPPED, -bound, bound)
    World(lived, np.array([-9.0]), np.array([9.0]), rng).imagine(policies, before[:1], 2)
    assert playing.is_compiled()
