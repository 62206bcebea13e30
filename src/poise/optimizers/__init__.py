"""Black-box optimizers: they propose vectors of numbers and are told how good each was.

A file here is an optimizer: ``cma_es.py`` holds ``CmaEs`` and is chosen by ``--optimizer cma_es``.
"""

from __future__ import annotations

from poise.optimizers.base import Optimizer
from poise.registry import Registry

OPTIMIZERS: Registry[Optimizer] = Registry("optimizer", "poise.optimizers")
