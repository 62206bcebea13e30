"""A stage of a plan: one kind of policy, what searches for it, and the other starts that are tried beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from poise.horizon import Horizon
from poise.optimizers import OPTIMIZERS
from poise.optimizers.base import Optimizer
from poise.policies.architecture import Architecture
from poise.seeding import generator
from poise.types import Json

SIZES = "population", "directions", "top", "episodes"
"""Options that say how many candidates a generation has; those that are set are doubled together."""


@dataclass(frozen=True)
class Start:
    """What searches, and from where.

    Attributes:
        optimizer: its name.
        optimizer_args: its options.
        without_survival_bonus: whether it is not told what a task pays for lasting; such a start is tried only where a
            bonus was found.
        where_episodes_end: whether it is tried only where something else than the time limit may end an episode.
        follows: whether the scale of its observations follows the search, whatever that of the run does.
        horizon: where its first episodes are cut off, although they might end by themselves; ``None`` has them cut off
            as those of the stage are.
        rung: of the ladder of episodes a candidate, on which it begins, from 0.
    """

    optimizer: str
    optimizer_args: Mapping[str, Json] = field(default_factory=dict)
    without_survival_bonus: bool = False
    where_episodes_end: bool = False
    follows: bool = False
    horizon: Horizon | None = None
    rung: int = 0

    @classmethod
    def from_json(cls, data: Mapping[str, Json]) -> Start:
        """The start that ``config.json`` describes."""
        horizon = data.get("horizon")
        return cls(**{**data, "horizon": None if horizon is None else Horizon(**horizon)})

    def make(self, dimension: int, seed: int, path: tuple[str | int, ...], doublings: int = 0) -> Optimizer:
        """A new optimizer with random numbers of its own, with the population doubled so many times."""
        chosen = OPTIMIZERS.get(self.optimizer)
        args = dict(self.optimizer_args)
        args.update({name: args[name] * 2**doublings for name in SIZES if args.get(name) is not None})
        return chosen(dimension, generator(seed, *path), chosen.make_options(args))


@dataclass(frozen=True)
class Stage:
    """One kind of policy and what searches for it.

    Attributes:
        policy: the kind of policy.
        optimizer: what searches.
        optimizer_args: its options.
        rivals: other starts; each has its turn, and the best goes on (see `trial`).
        rung: of the ladder of episodes a candidate, on which the first start begins, from 0.
    """

    policy: str
    optimizer: str
    optimizer_args: Mapping[str, Json] = field(default_factory=dict)
    rivals: tuple[Start, ...] = ()
    rung: int = 0

    @property
    def starts(self) -> tuple[Start, ...]:
        """All starts, the one that the stage begins with first."""
        return (Start(self.optimizer, self.optimizer_args, rung=self.rung), *self.rivals)

    def optimizer_for(
        self, architecture: Architecture, seed: int, index: int, doublings: int = 0, start: int = 0
    ) -> Optimizer:
        """A new optimizer for the stage of this index, with the population doubled so many times."""
        path = ("optimizer",) if index == 0 else ("optimizer", index)
        return self.starts[start].make(architecture.parameter_count, seed, path, doublings)

    @classmethod
    def from_json(cls, data: Mapping[str, Json]) -> Stage:
        """The stage that ``config.json`` describes; the first versions knew no rivals."""
        return cls(**{**data, "rivals": tuple(Start.from_json(rival) for rival in data.get("rivals", ()))})
