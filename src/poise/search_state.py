"""Where a search stands: with the optimizer's own state, all that a checkpoint needs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from poise.course import Course
from poise.horizon import Horizon
from poise.optimizers.base import Optimizer
from poise.policies.architecture import Architecture, Normalizer
from poise.policies.candidate import Candidate
from poise.seeding import SeedStream
from poise.statistics.plateau import Plateau
from poise.toll import Toll
from poise.trial import Rival, Trial
from poise.types import Failures, ObservationSums, Usage

MILESTONES, MILESTONE_SPACING = 32, 16
"""Most centres that are kept on the way, and generations between two of them, twice as many each time they are full."""


@dataclass
class SearchState:
    """Where a search stands; with the optimizer's own state, all that a checkpoint needs.

    A search goes through stages, one optimizer and one kind of policy each, and a stage climbs a ladder: few episodes a
    candidate first, more when that gets no further.

    Attributes:
        optimizer: proposes vectors of parameters.
        architecture: the policy they are parameters of, with its present normaliser.
        seeds: gives out the episodes of the search.
        archive: the best candidates of this rung of the ladder, best first; of equals the newer first, for a search
            improves as it goes. What few episodes claim cannot be held against what more do.
        finalists: the optimizer's centre at the end of each rung and its course, and the best candidates of each stage
            that is over.
        milestones: the course every so many generations: a search may have been better before it ended.
        spacing: how many.
        scale: of the observations, if it was measured before the search.
        follows: whether the normaliser follows what is observed, because a trial said so.
        sums: over all observations so far, where the normaliser follows them.
        first_horizon: where the episodes of a stage's first generation are cut off; ``None`` if none are.
        horizon: where those of this generation are; ``None`` since whole ones are played.
        rare: whether most candidates of some generation shared the lowest score; what the others earn is mostly luck.
        survival_bonus: reward of a step that the optimizer is not told of, because a trial said so.
        known_toll: what a search may be charged that learns to end episodes; ``None`` where random policies seldom do.
        toll: what the optimizer is charged; ``None`` for nothing.
        lasted: mean number of steps of the last generation's episodes.
        again: whether the first stage learnt no more than to end episodes, and is searched a second time.
        trial: the other starts of this stage; ``None`` when one of them is chosen, or there is but one.
        usage: what the search has paid.
        failures: the episodes in which the environment failed.
        lowest, highest: the smallest and the largest return of any episode so far.
        generation: number of generations, over all stages.
        stage, rung: number of the present stage and rung, from 0.
        trend: mean score of each generation of this rung.
        course: running mean of the centres of this rung, all read with the present normaliser; ``None`` before its
            first generation of whole episodes, and where they are no estimates.
        start: which of the stage's starts searches, from 0.
        first_level: mean score of its first generation of whole episodes; ``None`` before.
        luck_matters: whether chance decides between candidates on this rung; ``None`` while nobody asked.
        levels: mean score at which each stage that is over ended.
        starts: which start each of them went on with.
        best_left: the one of them that ended highest, as it was left; ``None`` once it goes on.
        seconds: wall time spent, over all sessions.
        stopped_because: why it ended, in words; ``None`` while it may go on.
    """

    optimizer: Optimizer
    architecture: Architecture
    seeds: SeedStream
    archive: list[Candidate] = field(default_factory=list)
    finalists: list[Candidate] = field(default_factory=list)
    milestones: list[Candidate] = field(default_factory=list)
    spacing: int = MILESTONE_SPACING
    scale: Normalizer | None = None
    follows: bool = False
    sums: ObservationSums | None = None
    first_horizon: Horizon | None = None
    horizon: Horizon | None = None
    rare: bool = False
    survival_bonus: float = 0.0
    known_toll: Toll | None = None
    toll: Toll | None = None
    lasted: float = 0.0
    again: bool = False
    trial: Trial | None = None
    usage: Usage = field(default_factory=Usage)
    failures: Failures = field(default_factory=Failures)
    lowest: float = np.inf
    highest: float = -np.inf
    generation: int = 0
    stage: int = 0
    rung: int = 0
    trend: Plateau = field(init=False)
    course: Course | None = None
    start: int = 0
    first_level: float | None = None
    luck_matters: bool | None = None
    levels: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    best_left: Rival | None = None
    seconds: float = 0.0
    stopped_because: str | None = None

    def __post_init__(self) -> None:
        self.trend = Plateau(self.patience)

    @property
    def patience(self) -> int:
        """Generations that a window of the trend spans: more for more parameters, which take longer to learn.

        Half as many are enough for an optimizer to look closer: that costs less than a rung of more episodes. Twice as
        many has one whose scores rise slowly for long.
        """
        generations = 10 + 3 * math.ceil(math.sqrt(self.optimizer.dimension))
        if self.optimizer.is_patient:
            return 2 * generations
        return generations // 2 if self.optimizer.can_look_closer else generations

    @property
    def present(self) -> Rival:
        """The start that is searched from now, as far as it has come."""
        return Rival(
            self.optimizer,
            self.architecture,
            self.follows,
            self.sums,
            self.survival_bonus,
            self.horizon,
            self.rung,
            self.start,
            self.first_level,
            self.toll,
        )

    @property
    def best_stage(self) -> Rival | None:
        """The stage that came highest, the present one among them; of equals the first. ``None`` once one goes on."""
        return self.present if self.trend.level > max(self.levels, default=-math.inf) else self.best_left

    @property
    def climb(self) -> float:
        """How far this stage has come from where its start began; 0 before whole episodes are played."""
        return 0.0 if self.first_level is None or not len(self.trend.values) else self.trend.level - self.first_level

    @property
    def falls_short(self) -> bool:
        """Whether this stage has not come half as far as an earlier one, from where its start began."""
        best = max(self.levels, default=-math.inf)
        return self.first_level is not None and self.trend.level < (self.first_level + best) / 2

    @property
    def has_learnt_to_leave(self) -> bool:
        """Whether candidates of the first stage end their episodes at a loss, sooner than random policies do."""
        toll = self.known_toll
        return toll is not None and self.stage == 0 and self.trend.level < 0 and self.lasted < toll.usual

    @property
    def centre(self) -> Candidate:
        """The optimizer's centre. It was never scored itself: it claims what the best did, and has to show it."""
        claim = self.archive[0].claim if self.archive else -np.inf
        return Candidate(self.architecture, self.optimizer.center, claim)

    @property
    def centres(self) -> list[Candidate]:
        """The optimizer's centre, and the running mean of those of this rung where there is one."""
        mean = [] if self.course is None else [replace(self.centre, parameters=self.course.mean)]
        return [self.centre, *mean]

    @property
    def best_claim(self) -> float | None:
        """The best score that any candidate had; ``None`` before the first. Lucky ones are among them."""
        return max((candidate.claim for candidate in [*self.finalists, *self.archive]), default=None)

    @property
    def candidates(self) -> list[Candidate]:
        """All that a search has to offer, the present centre first; starts on trial claim what it does."""
        tried = self.trial.tried if self.trial is not None else []
        rivals = [Candidate(rival.architecture, rival.optimizer.center, self.centre.claim) for rival in tried]
        return [*self.centres, *rivals, *self.finalists, *self.archive, *self.milestones]

    def follow_course(self) -> None:
        """Adds the present centre to the course, and keeps that, if its turn has come.

        What played short episodes claims nothing, and is on its way to something else.
        """
        if self.horizon is not None:
            return
        if self.optimizer.center_is_estimate:
            center, window = self.optimizer.center, max(1, self.patience // 2)
            self.course = Course(center) if self.course is None else self.course.with_next(center, window)
        if self.generation % self.spacing == 0:
            self.milestones.append(self.centres[-1])
            if len(self.milestones) > MILESTONES:
                self.milestones, self.spacing = self.milestones[1::2], 2 * self.spacing
