"""A search set down exactly and taken up again: arrays to the bit, the optimizer with its generator, all counts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from poise.course import Course
from poise.horizon import Horizon
from poise.optimizers import OPTIMIZERS
from poise.optimizers.base import Optimizer
from poise.policies.architecture import Architecture, Normalizer
from poise.policies.candidate import Candidate
from poise.runs import checkpoint_file, form
from poise.search_state import MILESTONE_SPACING, SearchState
from poise.seeding import Purpose, SeedStream
from poise.statistics.plateau import Plateau
from poise.toll import Toll
from poise.trial import Rival, Trial
from poise.types import Failures, ObservationSums, Usage


@dataclass
class Progress:
    """Where a whole run stands.

    Attributes:
        search: the search.
        selection_seeds: gives out the episodes of selection.
        selection_usage: what confirming and selecting have cost.
        winner: the candidate chosen, once it is.
        before_race: where selection stood when the search had ended: position of its seeds, usage and failures;
            ``None`` until then. A larger budget takes the run back to there.
        selection_failures: the episodes of selection in which the environment failed.
    """

    search: SearchState
    selection_seeds: SeedStream
    selection_usage: Usage = field(default_factory=Usage)
    winner: Candidate | None = None
    before_race: tuple[int, Usage, Failures] | None = None
    selection_failures: Failures = field(default_factory=Failures)

    def end_search(self) -> None:
        """Notes that the search has ended, and only the choice is left."""
        self.before_race = self.selection_seeds.position, self.selection_usage, self.selection_failures

    def reopen(self) -> None:
        """Goes back to the end of the search, as if nothing had been chosen."""
        self.winner = None
        if self.before_race is not None:
            position, self.selection_usage, self.selection_failures = self.before_race
            self.selection_seeds = SeedStream(self.selection_seeds.seed, Purpose.SELECTION, position)
            self.before_race = None


def save(path: Path, progress: Progress) -> None:
    """Writes a checkpoint.

    Raises:
        OutputError: if it cannot be written.
    """
    checkpoint_file.write(path, _to_state(progress))


def load(path: Path, base: Architecture) -> Progress:
    """Reads a checkpoint.

    Args:
        path: the file.
        base: an architecture for the run's environment; kind and normaliser come from the checkpoint.

    Raises:
        InvalidFileError: if it is missing, damaged, or of another version.
    """
    return checkpoint_file.read(path, lambda state: _from_state(state, base))


def _to_state(progress: Progress) -> dict[str, Any]:
    search = progress.search
    return {
        **_from_optimizer(search.optimizer),
        "architecture": _from_architecture(search.architecture),
        "run_seed": search.seeds.seed,
        "search_position": search.seeds.position,
        "selection_position": progress.selection_seeds.position,
        "archive": [from_candidate(candidate) for candidate in search.archive],
        "finalists": [from_candidate(candidate) for candidate in search.finalists],
        "milestones": [from_candidate(candidate) for candidate in search.milestones],
        "spacing": search.spacing,
        "scale": None if search.scale is None else {"mean": search.scale.mean, "scale": search.scale.scale},
        "follows": search.follows,
        "sums": _from_sums(search.sums),
        "first_horizon": None if search.first_horizon is None else asdict(search.first_horizon),
        "horizon": None if search.horizon is None else asdict(search.horizon),
        "rare": search.rare,
        "survival_bonus": search.survival_bonus,
        "known_toll": None if search.known_toll is None else asdict(search.known_toll),
        "toll": None if search.toll is None else asdict(search.toll),
        "lasted": search.lasted,
        "again": search.again,
        "trial": None if search.trial is None else _from_trial(search.trial),
        "usage": asdict(search.usage),
        "selection_usage": asdict(progress.selection_usage),
        "failures": asdict(search.failures),
        "selection_failures": asdict(progress.selection_failures),
        # As arrays: before the first generation they are infinite, which JSON cannot say.
        "range": np.array([search.lowest, search.highest]),
        "generation": search.generation,
        "stage": search.stage,
        "rung": search.rung,
        "trend": search.trend.values,
        "course": None if search.course is None else asdict(search.course),
        "levels": np.array(search.levels, dtype=np.float64),
        "start": search.start,
        "first_level": search.first_level,
        "luck_matters": search.luck_matters,
        "starts": np.array(search.starts, dtype=np.int64),
        "best_left": None if search.best_left is None else _from_rival(search.best_left),
        "seconds": search.seconds,
        "stopped_because": search.stopped_because,
        "winner": None if progress.winner is None else from_candidate(progress.winner),
        "before_race": None
        if progress.before_race is None
        else {
            "position": progress.before_race[0],
            "usage": asdict(progress.before_race[1]),
            "failures": asdict(progress.before_race[2]),
        },
    }


def _from_state(state: dict[str, Any], base: Architecture) -> Progress:
    form.check(state, form.SEARCH)
    form.check_where_there(state, form.SINCE)
    form.check_where_there(state.get("before_race") or {}, {"failures": form.FAILURES})
    seed, scale, winner = state["run_seed"], state["scale"], state["winner"]
    before = state.get("before_race")
    search = SearchState(
        optimizer=_to_optimizer(state),
        architecture=_to_architecture(state["architecture"], base),
        seeds=SeedStream(seed, Purpose.SEARCH, state["search_position"]),
        archive=[to_candidate(candidate, base) for candidate in state["archive"]],
        finalists=[to_candidate(candidate, base) for candidate in state["finalists"]],
        milestones=[to_candidate(candidate, base) for candidate in state.get("milestones", [])],
        spacing=max(1, state.get("spacing", MILESTONE_SPACING)),
        scale=None if scale is None else Normalizer(scale["mean"], scale["scale"]),
        follows=state.get("follows", False),
        sums=_to_sums(state["sums"]),
        first_horizon=_to_horizon(state.get("first_horizon")),
        horizon=_to_horizon(state.get("horizon")),
        rare=state.get("rare", False),
        survival_bonus=state.get("survival_bonus", 0.0),
        known_toll=_to_toll(state.get("known_toll")),
        toll=_to_toll(state.get("toll")),
        lasted=state.get("lasted", 0.0),
        again=state.get("again", False),
        trial=_to_trial(state.get("trial"), base),
        usage=Usage(**state["usage"]),
        failures=Failures(**state.get("failures", {})),
        lowest=float(state["range"][0]),
        highest=float(state["range"][1]),
        generation=state["generation"],
        stage=state["stage"],
        rung=state["rung"],
        start=max(0, state.get("start", 0)),
        first_level=_to_level(state.get("first_level")),
        luck_matters=state.get("luck_matters"),
        course=_to_course(state.get("course")),
        levels=state["levels"].tolist(),
        starts=np.maximum(0, state.get("starts", np.zeros(len(state["levels"]), dtype=np.int64))).tolist(),
        best_left=None if state.get("best_left") is None else _to_rival(state["best_left"], base),
        seconds=state["seconds"],
        stopped_because=state["stopped_because"],
    )
    if len(search.starts) != len(search.levels):
        raise ValueError(f"starts of {len(search.starts)} stages, levels of {len(search.levels)}")
    search.trend = Plateau(search.patience, state["trend"].tolist())
    return Progress(
        search,
        SeedStream(seed, Purpose.SELECTION, state["selection_position"]),
        Usage(**state["selection_usage"]),
        None if winner is None else to_candidate(winner, base),
        None
        if before is None
        else (before["position"], Usage(**before["usage"]), Failures(**before.get("failures", {}))),
        Failures(**state.get("selection_failures", {})),
    )


def _from_optimizer(optimizer: Optimizer) -> dict[str, Any]:
    return {"optimizer": optimizer.name, "state": optimizer.state()}


def _to_optimizer(state: Mapping[str, Any]) -> Optimizer:
    optimizer = OPTIMIZERS.get(state["optimizer"]).from_state(state["state"])
    fresh = type(optimizer)(optimizer.dimension, np.random.default_rng(0), optimizer.options)
    form.check(state["state"], form.like({"own": fresh.state()["own"]}))
    return optimizer


def _from_rival(rival: Rival) -> dict[str, Any]:
    return {
        **_from_optimizer(rival.optimizer),
        "architecture": _from_architecture(rival.architecture),
        "follows": rival.follows,
        "sums": _from_sums(rival.sums),
        "survival_bonus": rival.survival_bonus,
        "horizon": None if rival.horizon is None else asdict(rival.horizon),
        "rung": rival.rung,
        "start": rival.start,
        "first_level": rival.first_level,
        "toll": None if rival.toll is None else asdict(rival.toll),
    }


def _to_rival(state: Mapping[str, Any], base: Architecture) -> Rival:
    return Rival(
        _to_optimizer(state),
        _to_architecture(state["architecture"], base),
        state["follows"],
        _to_sums(state["sums"]),
        state["survival_bonus"],
        _to_horizon(state["horizon"]),
        max(0, int(state.get("rung", 0))),
        max(0, int(state.get("start", 0))),
        _to_level(state.get("first_level")),
        _to_toll(state.get("toll")),
    )


def _to_toll(state: Mapping[str, Any] | None) -> Toll | None:
    return None if state is None else Toll(float(state["price"]), int(state["whole"]), float(state["usual"]))


def _to_level(state: float | None) -> float | None:
    return None if state is None else float(state)


def _from_trial(trial: Trial) -> dict[str, Any]:
    waiting, tried = ([_from_rival(rival) for rival in rivals] for rivals in (trial.waiting, trial.tried))
    return {"began": asdict(trial.began), "waiting": waiting, "tried": tried}


def _to_trial(state: Mapping[str, Any] | None, base: Architecture) -> Trial | None:
    if state is None:
        return None
    waiting, tried = ([_to_rival(rival, base) for rival in state[key]] for key in ("waiting", "tried"))
    return Trial(Usage(**state["began"]), waiting, tried)


def _from_sums(sums: ObservationSums | None) -> dict[str, Any] | None:
    return None if sums is None else {"count": sums.count, "total": sums.total, "squares": sums.squares}


def _to_sums(state: Mapping[str, Any] | None) -> ObservationSums | None:
    return None if state is None else ObservationSums(state["count"], state["total"], state["squares"])


def _to_course(state: Mapping[str, Any] | None) -> Course | None:
    return None if state is None else Course(state["mean"], max(1, state["count"]))


def _to_horizon(state: Mapping[str, int] | None) -> Horizon | None:
    return None if state is None else Horizon(**state)


def from_candidate(candidate: Candidate) -> dict[str, Any]:
    """A candidate as JSON values and arrays."""
    return {
        "architecture": _from_architecture(candidate.architecture),
        "parameters": candidate.parameters,
        "claim": candidate.claim if math.isfinite(candidate.claim) else None,  # a centre of whose kind none has played
    }


def to_candidate(state: Mapping[str, Any], base: Architecture) -> Candidate:
    """The candidate that `from_candidate` described; `base` is any architecture for its environment."""
    claim = -math.inf if state["claim"] is None else state["claim"]
    return Candidate(_to_architecture(state["architecture"], base), state["parameters"], claim)


def _from_architecture(architecture: Architecture) -> dict[str, Any]:
    normalizer = architecture.normalizer
    return {
        "name": architecture.name,
        "mean": None if normalizer is None else normalizer.mean,
        "scale": None if normalizer is None else normalizer.scale,
    }


def _to_architecture(state: Mapping[str, Any], base: Architecture) -> Architecture:
    normalizer = None if state["mean"] is None else Normalizer(state["mean"], state["scale"])
    return replace(base, name=state["name"], normalizer=normalizer)
