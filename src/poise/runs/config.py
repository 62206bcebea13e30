"""What a run was asked to do. The command line's flags, the Python arguments and ``config.json`` all come from here."""

from __future__ import annotations

import difflib
import math
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from importlib import metadata
from typing import Any

from poise.errors import InvalidFileError, InvalidValueError, NewerVersionError, PoiseError, UnknownNameError
from poise.optimizers import OPTIMIZERS
from poise.policies.architecture import check_policy_name
from poise.seeding import check_seed
from poise.types import Budget, Json

FORMAT, VERSION = "poise.run", 1

AUTO = "auto"
"""A setting that `runs.auto` decides."""

VALUE_ITERATION = "value_iteration"
"""What finds a policy where a table of the environment can be learnt; see `tabular`."""

NORMALIZATIONS = (AUTO, "none", "probe", "running")

_KINDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("env", "policy", "optimizer", "normalize", "engine"), (str,)),
    **dict.fromkeys(("env_args", "optimizer_args"), (dict,)),
    "episodes_per_candidate": (list, type(None)),
}
"""What the values in a config.json can be; those that are not here are numbers, or missing."""

_DECIDED_BY_FRUGAL = (
    *("policy", "optimizer", "optimizer_args", "normalize", "survival_bonus"),
    *("episodes_per_candidate", "common_episodes", "confirmation_episodes"),
)


@dataclass(frozen=True)
class TrainConfig:
    """Everything that fixes a run.

    Attributes:
        env: Gymnasium's identifier of the environment.
        env_args: keyword arguments for `gymnasium.make`.
        seed: every random number of the run comes from it.
        policy: the kind of policy; ``"auto"`` tries several, the smallest first.
        optimizer: what searches.
        optimizer_args: options of the optimizer; those left out have its defaults.
        max_steps, max_episodes, max_seconds, target: the budget of the search, as in `Budget`; with none of the first
            three, a number of steps that the plan chooses.
        episodes_per_candidate, common_episodes: as in `Effort`.
        normalize: what is done to the features: ``"none"``; ``"probe"``, a scale measured on random policies before the
            search and then kept; ``"running"``, a scale that follows the observations of the search; or ``"auto"``.
        survival_bonus: as in `Effort`; 0 tells the optimizer the returns as they are.
        selection_episodes: fresh episodes that the chosen policy must have played; ``None`` for `defaults.Scale`'s.
        confirmation_episodes: fresh episodes that a candidate must last through before the search believes that
            nothing is left to gain; ``None`` for `defaults.Scale`'s.
        evaluation_episodes: fresh episodes of the evaluation; ``None`` for `defaults.Scale`'s.
        confidence: of the reported intervals.
        engine: ``"auto"`` for the fastest that is equal to Gymnasium, or ``"gymnasium"``.
        frugal: learn a model, and spare real steps; policy, optimizer and scale are then its affair.
    """

    env: str
    env_args: Mapping[str, Json] = field(default_factory=dict)
    seed: int = 0
    policy: str = AUTO
    optimizer: str = AUTO
    optimizer_args: Mapping[str, Json] = field(default_factory=dict)
    max_steps: int | None = None
    max_episodes: int | None = None
    max_seconds: float | None = None
    target: float | None = None
    episodes_per_candidate: tuple[int, ...] | None = None
    common_episodes: bool = True
    normalize: str = AUTO
    survival_bonus: float = 0.0
    selection_episodes: int | None = None
    confirmation_episodes: int | None = None
    evaluation_episodes: int | None = None
    confidence: float = 0.95
    engine: str = "auto"
    frugal: bool = False

    def __post_init__(self) -> None:
        check_seed(self.seed)
        self.budget  # noqa: B018  its own check speaks
        if self.policy != AUTO:
            check_policy_name(self.policy)
        if self.optimizer not in (AUTO, VALUE_ITERATION):
            OPTIMIZERS.get(self.optimizer)
        if self.episodes_per_candidate is not None:
            object.__setattr__(self, "episodes_per_candidate", tuple(self.episodes_per_candidate))  # JSON has lists
            if not self.episodes_per_candidate or min(self.episodes_per_candidate) < 1:
                raise InvalidValueError(
                    f"episodes_per_candidate must be at least 1, got {', '.join(map(str, self.episodes_per_candidate))}"
                )
        if self.normalize not in NORMALIZATIONS:
            raise UnknownNameError("normalization", self.normalize, NORMALIZATIONS)
        for name, least in {"selection_episodes": 1, "confirmation_episodes": 1, "evaluation_episodes": 2}.items():
            value = getattr(self, name)
            if value is not None and value < least:
                raise InvalidValueError(f"{name} must be at least {least}, got {value}")
        if not math.isfinite(self.survival_bonus):
            raise InvalidValueError(f"survival_bonus must be a finite number, got {self.survival_bonus}")
        if self.frugal:
            self._check_frugal()
        if not 0 < self.confidence < 1:
            raise InvalidValueError(f"confidence must be between 0 and 1, got {self.confidence}")

    def _check_frugal(self) -> None:
        left_out = TrainConfig(self.env)
        for name in _DECIDED_BY_FRUGAL:
            value = getattr(self, name)
            if value != getattr(left_out, name):
                raise InvalidValueError(
                    f"expected no {name} beside frugal, which decides it, got {value!r}; leave it out"
                )

    @property
    def budget(self) -> Budget:
        """When the search must stop."""
        return Budget(self.max_steps, self.max_episodes, self.max_seconds, self.target)

    def to_json(self, plan: Json) -> Json:
        """The content of ``config.json``.

        Args:
            plan: what was decided where the configuration says ``"auto"``.
        """
        versions = {name: metadata.version(name) for name in ("poise", "gymnasium", "numpy")}
        return {
            "format": FORMAT,
            "version": VERSION,
            "train": asdict(self),
            "plan": plan,
            "versions": {**versions, "python": platform.python_version()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TrainConfig:
        """The configuration that `to_json` described.

        Raises:
            InvalidFileError: if it is of another version or has unknown keys.
        """
        found = data.get("version")
        if data.get("format") == FORMAT and isinstance(found, int) and found > VERSION:
            raise NewerVersionError.of("config.json", found, VERSION)
        if data.get("format") != FORMAT or found != VERSION:
            raise InvalidFileError(
                f"expected a config.json of format {FORMAT!r} version {VERSION}, got {data.get('format')!r} version "
                f"{found!r}"
            )
        train = data.get("train")
        if not isinstance(train, dict) or "env" not in train:
            raise InvalidFileError("expected a config.json with the settings of a training under 'train'")
        known = [f.name for f in fields(cls)]
        for key in train:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise InvalidFileError(f"config.json: unknown key {key!r}{hint}")
        for key, value in train.items():
            kinds = _KINDS.get(key, (int, float, type(None)))
            if not isinstance(value, kinds):
                raise InvalidFileError(f"config.json: {key} cannot be {value!r:.40}")
        try:
            return cls(**train)
        except (PoiseError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise InvalidFileError(f"config.json: {error}") from error
