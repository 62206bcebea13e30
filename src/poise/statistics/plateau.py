"""Whether a noisy series still rises: what tells a search that more of the same is of no use."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from poise.types import FloatArray

GROWTH = 0.15
"""Share of the series that a window spans once that is more than its least width: slow progress takes long to see."""

SOON, SURE = 0.5, -0.5
"""Standard errors by which the later window must be higher: to tell a plateau soon, or to be surer of it."""


class Plateau:
    """Compares the mean of the last values with the mean of as many before them.

    A series is on a plateau when the later window is not higher by so many standard errors of their difference. A flat
    series is found out after about two windows by either margin. One that rises by less than its noise shows in a
    window is taken for flat: it is asked after every value, and to say yes once is enough. `SURE` says so less often.

    Args:
        window: least number of values in a window, at least 1.
        values: the series so far.
    """

    def __init__(self, window: int, values: Iterable[float] = ()) -> None:
        self.window = window
        self._values = [float(value) for value in values]

    @property
    def values(self) -> FloatArray:
        """The series, shape (values,)."""
        return np.array(self._values, dtype=np.float64)

    def add(self, value: float) -> None:
        """Appends to the series."""
        self._values.append(float(value))

    @property
    def level(self) -> float:
        """Mean of the last window; minus infinity while there is nothing."""
        return float(np.mean(self._values[-self._width :])) if self._values else -math.inf

    def reached(self, margin: float = SOON, least: float = -math.inf) -> bool:
        """Whether the series no longer rises, by `SOON` or `SURE`, or rises by no more than `least`."""
        width = self._width
        if len(self._values) < 2 * width:
            return False
        before, after = np.array(self._values[-2 * width : -width]), np.array(self._values[-width:])
        error = math.sqrt((before.var() + after.var()) / width)
        return bool(after.mean() <= before.mean() + max(margin * error, least))

    @property
    def may_be_next(self) -> bool:
        """Whether the series is long enough for a plateau with one value more."""
        return len(self._values) + 1 >= 2 * self._width

    @property
    def _width(self) -> int:
        return max(self.window, int(GROWTH * len(self._values)))
