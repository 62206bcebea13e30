"""From an estimated gradient to a step: Adam and ClipUp. Both ascend, since poise maximises."""

from __future__ import annotations

import numpy as np

from poise.types import FloatArray, Json


class Adam:
    """Steps of about one size in every coordinate.

    Source: Kingma and Ba, arXiv:1412.6980, Algorithm 1, with its names and defaults.

    Args:
        n: length of the gradient.
        alpha: step size.
    """

    BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8

    def __init__(self, n: int, alpha: float) -> None:
        self._alpha = alpha
        self._t = 0
        self._m: FloatArray = np.zeros(n)
        self._v: FloatArray = np.zeros(n)

    def step(self, gradient: FloatArray) -> FloatArray:
        """The change of the parameters, shape (n,)."""
        self._t += 1
        self._m = self.BETA_1 * self._m + (1 - self.BETA_1) * gradient
        self._v = self.BETA_2 * self._v + (1 - self.BETA_2) * gradient**2
        m_hat = self._m / (1 - self.BETA_1**self._t)
        v_hat = self._v / (1 - self.BETA_2**self._t)
        return np.asarray(self._alpha * m_hat / (np.sqrt(v_hat) + self.EPSILON))

    def state(self) -> dict[str, Json]:
        """All that `restore` needs."""
        return {"t": self._t, "m": self._m, "v": self._v}

    def restore(self, state: dict[str, Json]) -> None:
        """Takes back what `state` gave."""
        self._t, self._m, self._v = state["t"], state["m"], state["v"]


class ClipUp:
    """Momentum on the gradient's direction alone, with a speed limit.

    Source: Toklu, Liskowski and Srivastava, arXiv:2008.02387, Algorithm 1.

    Args:
        n: length of the gradient.
        alpha: length that a gradient adds to the velocity.
        max_speed: greatest length of a step.
        momentum: share of the velocity that is kept, from 0 to less than 1.
    """

    def __init__(self, n: int, alpha: float, max_speed: float, momentum: float) -> None:
        self._alpha, self._max_speed, self._momentum = alpha, max_speed, momentum
        self._velocity: FloatArray = np.zeros(n)

    def step(self, gradient: FloatArray) -> FloatArray:
        """The change of the parameters, shape (n,). A gradient of zero has no direction and adds nothing."""
        length = float(np.linalg.norm(gradient))
        velocity = self._momentum * self._velocity
        if length > 0:
            velocity = velocity + self._alpha * (gradient / length)
        speed = float(np.linalg.norm(velocity))
        if speed > self._max_speed:
            velocity = velocity * (self._max_speed / speed)
        self._velocity = velocity
        return velocity.copy()

    def state(self) -> dict[str, Json]:
        """All that `restore` needs."""
        return {"velocity": self._velocity}

    def restore(self, state: dict[str, Json]) -> None:
        """Takes back what `state` gave."""
        self._velocity = state["velocity"]
