"""Newton's method on the episodes of a policy: a parabola for each of them, and one step for their sum.

Policies of one class pull in as many directions as there are episodes: what reaches one target better reaches another
worse, and the gradient of the mean is what is left when they cancel. Its noise is all that a search by whole returns
sees. An episode by itself tells more. Given its seed its return is a function of what the policy does on it alone, so
that a few directions in the space of parameters matter, those in which its outputs change (the right singular vectors
of its Jacobian); along each of them two more policies give slope and curvature. The sum of all these parabolas has one
highest point (a step of Newton's method), and a few shares of the step, each on the same fresh episodes, say how much
of it is good.

Sources: Nocedal and Wright (2006), "Numerical optimization", sections 3.4 (a Hessian made definite), 4 (reach as a
trust region) and 8.1 (differences); Kakade (2001), "A natural policy gradient", for the metric in which a step that
nothing speaks for is short.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from poise.optimizers._metric import MOST_PARAMETERS, whitened
from poise.optimizers._options import LARGEST, SMALLEST, about
from poise.optimizers.base import Optimizer, State
from poise.types import FloatArray

SHARES = (0.0, 0.25, 0.5, 1.0, 2.0)
"""Of a step, that are compared."""

REACHES = (0.8, 0.85, 0.95, 1.1, 1.4)
"""What the reach is multiplied by after each of them was the best."""

MOST_SAY = 10.0
"""Greatest difference that an episode's candidates make, in medians over the episodes: a greater one counts as this."""

WEAK, NONE = 0.1, 1e-6
"""Of an episode's largest singular value: the least that a direction is stretched for, and that is not rounding."""

LEAST_REACH, MOST_REACH = 1e-6, 1e3
"""Of the first reach: below the one nothing is left to try, beyond the other nobody looks for a difference."""


class EpisodeNewton(Optimizer):
    """Steps to the highest point of the sum of the episodes' parabolas."""

    name = "episode_newton"
    is_patient = True
    most_parameters = MOST_PARAMETERS

    @dataclass(frozen=True)
    class Options(Optimizer.Options):
        """Parameters of Newton's method on episodes."""

        episodes: int = field(default=50, metadata=about("episodes a step, each with a parabola of its own", low=1))
        directions: int = field(default=10, metadata=about("directions of each, two candidates for each", low=1))
        reach0: float = field(
            default=0.3,
            metadata=about(
                "first distance of candidates in all directions together, as a share of what outputs are",
                low=SMALLEST,
                high=LARGEST,
            ),
        )
        ridge: float = field(
            default=0.02, metadata=about("curvature that is added, as a share of the mean one", low=SMALLEST, high=1e6)
        )
        memory: float = field(
            default=0.75, metadata=about("share of the curvature that is kept from step to step", low=0.0, below=1.0)
        )
        mean0: float = field(
            default=0.3, metadata=about("deviation around zero of a random start", low=0.0, high=LARGEST)
        )

    def _start(self) -> None:
        self._mu: FloatArray = self.options.mean0 * self._rng.standard_normal(self.dimension)
        self._reach = float(self.options.reach0)
        self._step: FloatArray | None = None
        self._basis: FloatArray | None = None
        self._probes: FloatArray | None = None
        self._hessian: FloatArray | None = None
        self._unit = 0.0

    @property
    def groups(self) -> int:
        """Episodes of the next generation: all for parabolas, half as many to compare shares of a step."""
        return int(self.options.episodes) if self._step is None else -(-int(self.options.episodes) // 2)

    @property
    def population(self) -> int:
        """Number of candidates in the next generation, over all its episodes."""
        members = 1 + 2 * self._directions if self._step is None else len(SHARES)
        return self.groups * members

    @property
    def _directions(self) -> int:
        return min(int(self.options.directions), self.dimension)

    @property
    def center(self) -> FloatArray:
        """The parameters that it has come to, shape (dimension,)."""
        return self._mu.copy()

    @property
    def stop_reason(self) -> str | None:
        """Set when no step has been good for long."""
        if self._reach < LEAST_REACH * self.options.reach0:
            return f"the reach fell below {LEAST_REACH:g} of the first"
        return None

    @property
    def may_begin_anywhere(self) -> bool:
        """Before the first generation."""
        return self.generation == 0 and self._pending is None

    def begin_at(self, parameters: FloatArray) -> None:
        """Starts there."""
        self._mu = np.array(parameters, dtype=np.float64)

    @property
    def wants_changes(self) -> bool:
        """Whether the next generation is one of parabolas, whose directions are not known yet."""
        return self._step is None and self._probes is None and self._pending is None

    def take_changes(self, jacobians: Sequence[FloatArray], size: float) -> None:
        """Takes the directions of each episode's parabola from what changes on it.

        Where nothing changes, or a number is beyond all others, they are random ones.
        """
        every = np.concatenate(jacobians) if jacobians else np.empty((0, self.dimension))
        with np.errstate(over="ignore", invalid="ignore"):
            metric = every.T @ every
        basis = whitened(metric)
        if basis is None or not (np.isfinite(size) and size > 0):
            return
        self._basis = basis
        self._probes = np.stack([self._directions_of(jacobian @ basis, size) for jacobian in jacobians])

    def _directions_of(self, changes: FloatArray, size: float) -> FloatArray:
        """Those that change most on one episode, by a share of what the outputs are, shape (dimension, directions).

        Args:
            changes: of its outputs along the axes of the metric, shape (outputs of its steps, dimension).
            size: mean of the squared outputs.
        """
        probes = np.zeros((self.dimension, self._directions))
        singular, right = first_right_singular_vectors(changes, self._directions)
        if len(singular) and singular[0] > 0:
            stretch = np.sqrt(size * len(changes) / (singular**2 + (WEAK * singular[0]) ** 2))
            probes[:, : len(singular)] = self._reach / np.sqrt(self._directions) * right * stretch
            probes[:, : len(singular)][:, singular < NONE * singular[0]] = 0.0
        return probes

    def _sample(self) -> FloatArray:
        if self._step is not None:
            return np.tile(self._mu + np.outer(SHARES, self._step), (self.groups, 1))
        if self._probes is None or self._basis is None:
            shape = self.groups, self.dimension, self._directions
            self._basis = np.eye(self.dimension)
            self._probes = self._reach * np.linalg.qr(self._rng.standard_normal(shape))[0]
        along = np.swapaxes(self._probes, 1, 2)
        still = np.zeros((self.groups, 1, self.dimension))
        moves = np.concatenate([still, along, -along], axis=1).reshape(-1, self.dimension)
        return self._mu + moves @ self._basis.T

    def _update(self, candidates: FloatArray, scores: FloatArray) -> None:
        if self._step is not None:
            means = (scores / max(self._unit, np.abs(scores).max())).reshape(-1, len(SHARES)).mean(axis=0)
            best = int(means.argmax())
            self._mu = self._mu + SHARES[best] * self._step
            self._reach, self._step = self._reach * REACHES[best], None
        elif self._probes is not None and self._basis is not None:
            self._step = self._next_step(self._probes, self._basis, scores)
            self._basis = self._probes = None
            if self._step is None:  # candidates as near as these make no difference
                self._reach = min(self._reach * REACHES[-1], MOST_REACH * self.options.reach0)

    def _next_step(self, probes: FloatArray, basis: FloatArray, scores: FloatArray) -> FloatArray | None:
        """The way to the highest point of all parabolas, shape (dimension,); ``None`` where all of them are flat."""
        unit = max(self._unit, float(np.abs(scores).max()))  # in which no sum can overflow
        if not unit > 0:
            return None
        gradient, hessian = slope_and_curvature(probes, scores.reshape(len(probes), -1) / unit)
        if not gradient.any():
            return None
        inverse = np.linalg.inv(basis)
        gradient, hessian = inverse.T @ gradient, inverse.T @ hessian @ inverse
        if self._hessian is not None:
            memory = self.options.memory
            hessian = memory * (self._unit / unit) * self._hessian + (1 - memory) * hessian
        self._hessian, self._unit = hessian, unit
        along = basis.T @ hessian @ basis
        mean = np.trace(along) / self.dimension
        if not mean > 0:
            return None
        ridge = self.options.ridge * mean * np.eye(self.dimension)
        return np.asarray(basis @ np.linalg.solve(along + ridge, basis.T @ gradient))

    def _state(self) -> State:
        pending = {"step": self._step, "basis": self._basis, "probes": self._probes}
        return {"mu": self._mu, "reach": self._reach, "hessian": self._hessian, "unit": self._unit, **pending}

    def _restore(self, state: State) -> None:
        self._mu, self._reach = state["mu"], float(state["reach"])
        self._hessian, self._unit = state["hessian"], float(state["unit"])
        self._step, self._basis, self._probes = state["step"], state["basis"], state["probes"]
        n = self.dimension
        shapes = {"step": (n,), "basis": (n, n), "hessian": (n, n), "probes": (self.groups, n, self._directions)}
        for part, shape in shapes.items():
            if state[part] is not None and state[part].shape != shape:
                raise ValueError(f"expected shape {shape} of {part}, got {state[part].shape}")


def first_right_singular_vectors(matrix: FloatArray, count: int) -> tuple[FloatArray, FloatArray]:
    """The largest singular values of a matrix, at most `count`, and as columns the vectors that belong to them.

    They are those of the smaller of its two squares, which is quicker than to take the whole matrix apart. A vector of
    a value that is below `WEAK`, as a share of the largest, is shorter than one by as much.

    Args:
        matrix: shape (m, n).
        count: at least 1.

    Returns:
        Shapes (k,) and (n, k), the largest first.
    """
    is_tall = len(matrix) > matrix.shape[1]
    squares, vectors = np.linalg.eigh(matrix.T @ matrix if is_tall else matrix @ matrix.T)
    order = np.argsort(-squares, kind="stable")[:count]
    singular, vectors = np.sqrt(np.maximum(squares[order], 0.0)), vectors[:, order]
    if not (len(order) and singular[0] > 0):
        return singular, np.zeros((matrix.shape[1], len(order)))
    least = np.maximum(singular, WEAK * singular[0])
    return singular, vectors * (singular / least) if is_tall else matrix.T @ vectors / least


def slope_and_curvature(probes: FloatArray, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Of the mean of parabolas, one for each episode: shapes (dimension,) and (dimension, dimension).

    The curvature is that of parabolas that all open downwards, and is given as a positive one. One that opens upwards
    counts as its mirror image, and none has its highest point beyond the candidates that it was drawn through. One that
    is far steeper than most is made flatter, without moving that point: it would decide alone.

    Args:
        probes: steps along which each episode was tried, at right angles, shape (episodes, dimension, directions).
        scores: of each episode with no step, with each of them and with each reversed, shape (episodes,
            1 + 2 directions).
    """
    episodes, dimension, directions = probes.shape
    still, plus, minus = np.split(scores, [1, 1 + directions], axis=1)
    slope = (plus - minus) / 2
    curvature = np.maximum(np.abs(plus + minus - 2 * still), np.abs(slope))
    spread = np.abs(scores - still).max(axis=1, keepdims=True)
    most = MOST_SAY * np.median(spread)
    say = np.divide(most, spread, out=np.ones_like(spread), where=(spread > most) & (most > 0))
    slope, curvature = say * slope, say * curvature
    squares = (probes * probes).sum(axis=1, keepdims=True)
    duals = np.divide(probes, squares, out=np.zeros_like(probes), where=squares > 0)
    rows = (duals * np.sqrt(curvature)[:, np.newaxis, :]).transpose(1, 0, 2).reshape(dimension, -1)
    return np.einsum("enr,er->n", duals, slope) / episodes, rows @ rows.T / episodes
