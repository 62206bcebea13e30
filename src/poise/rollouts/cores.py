"""How many processors this process may use."""

from __future__ import annotations

import math
import os
from pathlib import Path

from poise.errors import InvalidValueError

_CGROUPS = Path("/sys/fs/cgroup")


def usable_cores() -> int:
    """Processors that this process may run on, and no more than its container grants it time for."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(here, _granted(_CGROUPS / "cpu.max")))


def check_workers(workers: int | None) -> int:
    """How many workers: as many as asked for, `usable_cores` if nobody asked.

    Raises:
        InvalidValueError: fewer than one.
    """
    if workers is None:
        return usable_cores()
    if workers < 1:
        raise InvalidValueError(f"expected at least 1 worker, got {workers}; leave it out for one a processor")
    return workers


def _granted(file: Path) -> int:
    """Processors' worth of time that a container's limit allows, rounded up. Linux writes "QUOTA PERIOD" there."""
    try:
        quota, period = file.read_text(encoding="ascii").split()
        return math.ceil(int(quota) / int(period))
    except (OSError, ValueError):  # another system, or no limit ("max")
        return 2**16
