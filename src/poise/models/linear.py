"""A linear model of how observations change, by ridge regression, one transition at a time.

    z' - z = A z + B u + c + noise

with z the whitened observation and u what was done. This is the oldest model of system identification; see Ljung,
"System Identification: Theory for the User" (1999), chapter 7.

Where sensors are noisy, least squares takes their noise for a pull back to the mean, the more so the better the system
is kept in place. Then what was foreseen of an observation, which knows nothing of the noise in it, stands for it as an
instrument; see Söderström & Stoica, "Instrumental Variable Methods for System Identification" (1983).
"""

from __future__ import annotations

import numpy as np

from poise.types import FloatArray

RIDGE, LEAST_RIDGE = 10.0, 1e-5
"""Largest and least penalty of the squared coefficients of observations, in whitened units.

The penalty says that left alone an observation changes little in one step, until some ten transitions say otherwise. On
CartPole with noise of 0.01 in every sensor the large one brings the first episode from half of the seeds to two
thirds, with a twentieth of the actions flipped from nine tenths to nearly all. Without noise it does harm: of the
policies frozen after 40 steps it leaves a third perfect; even a least one of 0.001 spoils one in 200, where the cart
has hardly moved in those steps and its place could not be told from the constant.
"""

NOISY_RIDGE = 30.0
"""The penalty with instruments, which scatter more where there are few transitions."""

CONTROL_RIDGE = 0.01
"""Largest penalty of the squared coefficients of controls: little, for what is done may well have a large effect."""

NOISY = 0.003
"""Share of the changes that the model leaves unexplained, from which on the penalty is the largest."""

SPARE_TRANSITIONS = 4
"""Transitions beyond the number of coefficients before that share is believed."""


class LinearModel:
    """Sums over transitions from which the least-squares model follows at any moment.

    Args:
        features: length of a whitened observation.
        controls: length of a control.
    """

    def __init__(self, features: int, controls: int) -> None:
        size = features + controls + 1
        self.count = 0
        self._features, self._controls = features, controls
        self._gram = np.zeros((size, size))
        self._moment = np.zeros((size, features))
        self._crossed_gram, self._crossed_moment = np.zeros((size, size)), np.zeros((size, features))
        self._energy = 0.0
        self._found: tuple[FloatArray, FloatArray, FloatArray] | None = None

    def add(
        self, before: FloatArray, control: FloatArray, after: FloatArray, foreseen: FloatArray | None = None
    ) -> None:
        """Learns from one transition.

        Args:
            before: whitened observation, shape (features,).
            control: what was done, shape (controls,).
            after: the next whitened observation, shape (features,).
            foreseen: what was foreseen of `before` one step earlier, shape (features,); ``None`` if nothing was.
        """
        regressor, change = np.concatenate([before, control, [1.0]]), after - before
        instrument = regressor if foreseen is None else np.concatenate([foreseen, control, [1.0]])
        self._crossed_gram += np.outer(instrument, regressor)
        self._crossed_moment += np.outer(instrument, change)
        self._gram += np.outer(regressor, regressor)
        self._moment += np.outer(regressor, change)
        self._energy += float(change @ change)
        self.count += 1
        self._found = None

    def matrices(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The model ``z' = A z + B u + c``: A of shape (features, features), B (features, controls), c (features,)."""
        if self._found is None:
            self._found = self._fit()
        return self._found

    def _fit(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        unexplained, n = self.unexplained, self._features
        if self._spare >= SPARE_TRANSITIONS and unexplained > NOISY:
            solution = self._solve(self._crossed_gram, self._crossed_moment, NOISY_RIDGE).T
        else:
            ridge = min(max(RIDGE * unexplained / NOISY, LEAST_RIDGE), RIDGE)
            solution = self._solve(self._gram, self._moment, ridge).T
        return np.eye(n, dtype=np.float64) + solution[:, :n], solution[:, n:-1], solution[:, -1]

    @property
    def unexplained(self) -> float:
        """Share of the squared changes that a model with next to no penalty does not explain; 1 while too few."""
        if self._spare < SPARE_TRANSITIONS or self._energy == 0:
            return 1.0
        solution = self._solve(self._gram, self._moment, LEAST_RIDGE)
        left = self._energy - 2 * (solution * self._moment).sum() + (solution * (self._gram @ solution)).sum()
        return max(float(left), 0.0) / self._energy * self.count / self._spare

    @property
    def _spare(self) -> int:
        return self.count - len(self._gram)

    def _solve(self, gram: FloatArray, moment: FloatArray, ridge: float) -> FloatArray:
        penalty = np.diag([*[ridge] * self._features, *[min(ridge, CONTROL_RIDGE)] * self._controls, ridge])
        return np.asarray(np.linalg.solve(gram + penalty, moment), dtype=np.float64)
