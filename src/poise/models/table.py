"""A table of what followed each action in each state, and the best that can be made of it by value iteration.

Sources: Puterman (1994), "Markov decision processes", section 6.3, for value iteration; Brafman and Tennenholtz (2002),
"R-max", JMLR 3, for taking the unknown for the best.
"""

from __future__ import annotations

import numpy as np

from poise.types import FloatArray, IntArray

UNTRIED = -1e12
"""Value of an action that was never tried, where only what is known counts."""

LARGEST = 1e300
"""Largest sum of rewards that a table is read with: values can still be worked out."""


class Table:
    """Counts of transitions between states, with their rewards.

    Args:
        states, actions: how many there are.
    """

    def __init__(self, states: int, actions: int) -> None:
        self.states, self.actions = states, actions
        self.visits: IntArray = np.zeros(states * actions, dtype=np.int64)
        self.rewards: FloatArray = np.zeros(states * actions)
        self.lowest, self.highest = np.inf, -np.inf
        self._place: dict[tuple[int, int], int] = {}
        self._counts: list[int] = []

    def learn(self, state: int, action: int, reward: float, following: int | None) -> int:
        """Takes in one step.

        Args:
            state: where it began.
            action: what was done.
            reward: what was earned.
            following: where it led; ``None`` if the episode terminated.

        Returns:
            How often this action has been tried in this state.
        """
        pair = state * self.actions + action
        self.visits[pair] += 1
        self.rewards[pair] += reward
        self.lowest, self.highest = min(self.lowest, reward), max(self.highest, reward)
        key = (pair, self.states if following is None else following)
        place = self._place.setdefault(key, len(self._counts))
        if place == len(self._counts):
            self._counts.append(0)
        self._counts[place] += 1
        return int(self.visits[pair])

    @property
    def deterministic(self) -> bool:
        """Whether no action has led from one state to two."""
        return len(self._counts) == int((self.visits > 0).sum())

    def values(self, discount: float, *, known_after: int = 1, optimistic: bool = False, sweeps: int) -> FloatArray:
        """The value of each action in each state, shape (states, actions).

        Args:
            discount: of a reward one step later, below 1.
            known_after: how often an action must have been tried for the table to be believed.
            optimistic: whether what is not known is taken for better than all that was met; otherwise an action that
                was never tried is worth `UNTRIED`.
            sweeps: most passes over the table.
        """
        pairs, following, shares = self._transitions()
        known = self.visits >= known_after
        reward = self.rewards / np.maximum(self.visits, 1)
        unknown = self._dream() / (1.0 - discount) if optimistic else UNTRIED
        value = np.zeros(self.states + 1)  # the last is the end, where nothing is earned any more
        while True:
            later = np.bincount(pairs, weights=shares * value[following], minlength=len(known))
            actions = np.where(known, reward + discount * later, unknown).reshape(self.states, self.actions)
            best = actions.max(axis=1)
            best[best == UNTRIED] = 0.0  # nobody has been there
            change, value[:-1] = float(np.abs(best - value[:-1]).max()), best
            sweeps -= 1
            if sweeps <= 0 or change <= 1e-9 * (1.0 + float(np.abs(best).max())):
                return actions

    def _dream(self) -> float:
        """A reward that is better than all that were met."""
        return self.highest + ((self.highest - self.lowest) or 1.0) if self._counts else 1.0

    def _transitions(self) -> tuple[IntArray, IntArray, FloatArray]:
        """Each transition that was seen: its pair, where it led, and its share among those of the pair."""
        keys = np.array(list(self._place), dtype=np.int64).reshape(-1, 2)
        return keys[:, 0], keys[:, 1], np.array(self._counts) / np.maximum(self.visits[keys[:, 0]], 1)

    def state(self) -> dict[str, IntArray | FloatArray]:
        """All that `from_state` needs."""
        return {
            "size": np.array([self.states, self.actions]),
            "visits": self.visits,
            "rewards": self.rewards,
            "range": np.array([self.lowest, self.highest]),
            "keys": np.array(list(self._place), dtype=np.int64).reshape(-1, 2),
            "counts": np.array(self._counts, dtype=np.int64),
        }

    @classmethod
    def from_state(cls, state: dict[str, IntArray | FloatArray]) -> Table:
        """The table that `state` described.

        Raises:
            ValueError: its parts do not belong together.
        """
        states, actions = (int(size) for size in state["size"])
        _check_parts(states, actions, state)
        table = cls(states, actions)
        table.visits, table.rewards = state["visits"].astype(np.int64), state["rewards"].astype(np.float64)
        table.lowest, table.highest = (float(bound) for bound in state["range"])
        table._counts = [int(count) for count in state["counts"]]
        table._place = {(int(pair), int(following)): i for i, (pair, following) in enumerate(state["keys"])}
        return table


def _check_parts(states: int, actions: int, state: dict[str, IntArray | FloatArray]) -> None:
    visits, rewards, keys, counts = (state[name] for name in ("visits", "rewards", "keys", "counts"))
    pairs = states * actions
    if states < 1 or actions < 1 or visits.shape != (pairs,) or rewards.shape != (pairs,):
        raise ValueError(f"expected visits and rewards of {states} x {actions}, got {visits.shape}, {rewards.shape}")
    if any(part.dtype != np.int64 for part in (visits, keys, counts)):
        raise ValueError("expected visits, transitions and counts in whole numbers")
    largest = max(np.abs(rewards).max(), np.abs(state["range"]).max() if len(keys) else 0.0)
    if not largest <= LARGEST:
        raise ValueError(f"expected rewards of at most {LARGEST:g}, got {largest:g}")
    if keys.ndim != 2 or keys.shape[1:] != (2,) or counts.shape != keys.shape[:1]:
        raise ValueError(f"expected as many counts as transitions, got {counts.shape} for {keys.shape}")
    if len(np.unique(keys, axis=0)) != len(keys) or not ((keys >= 0) & (keys < [pairs, states + 1])).all():
        raise ValueError(f"expected different transitions among {states} states and {actions} actions")
    # Where the shares of a pair do not add up to one, values grow without end.
    met = np.bincount(keys[:, 0], weights=counts, minlength=pairs)
    if not (counts >= 1).all() or not np.array_equal(met, visits):
        raise ValueError("expected as many transitions of an action in a state as it has visits")
