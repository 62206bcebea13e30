"""The stages of a search, which of them comes next, and what is played before the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from poise.errors import InvalidFileError
from poise.policies.architecture import Architecture
from poise.probing import PROBES, STILL, affordable
from poise.rollouts.environments import EnvironmentInfo
from poise.runs.config import VALUE_ITERATION, TrainConfig
from poise.runs.stage import Stage, Start
from poise.search_state import SearchState
from poise.succession import begin_stage, begin_trial, go_on
from poise.trial import Rival
from poise.types import Effort, Json

EPISODES = (1, 3, 10)
"""The ladder of episodes a candidate."""


@dataclass(frozen=True)
class Plan:
    """The stages of a search.

    Attributes:
        stages: one after another, each until its scores no longer rise.
        open_ended: whether the search, when it is through, goes on with the stage that came highest: from where it was
            left, and then from its beginning, each time with twice the population. Otherwise it ends when the optimizer
            of its only stage does.
    """

    stages: tuple[Stage, ...]
    open_ended: bool

    @property
    def learns_a_table(self) -> bool:
        """Whether a table is learnt instead of a search."""
        return any(stage.optimizer == VALUE_ITERATION for stage in self.stages)

    def first_architecture(self, info: EnvironmentInfo) -> Architecture:
        """The policy that the search begins with."""
        return Architecture(self.stages[0].policy, info.observation, info.action)

    def order(self, *, again: bool) -> tuple[Stage, ...]:
        """The stages one after another, the first of them twice where it is searched again."""
        return (self.stages[0], *self.stages) if again else self.stages

    def stage(self, index: int, levels: Sequence[float], *, again: bool = False) -> tuple[int, int] | None:
        """Which stage of the `order` an index means, and how often it has been repeated; ``None`` at the end.

        Args:
            index: from 0; beyond the stages of the order come repetitions of the best.
            levels: where each stage before it ended.
            again: whether the first is searched a second time.
        """
        count = len(self.order(again=again))
        if index < count:
            return index, 0
        if not self.open_ended:
            return None
        first = levels[:count]
        return first.index(max(first)), index - count + 1

    def proceed(self, state: SearchState, base: Architecture, seed: int) -> bool:
        """Begins the next stage of a search; false if there is none.

        Args:
            state: the search.
            base: an architecture for its environment, of any kind.
            seed: the run's seed.
        """
        levels = [*state.levels, state.trend.level]
        state.again = state.again or (self.open_ended and state.has_learnt_to_leave)
        found = self.stage(state.stage + 1, levels, again=state.again)
        if found is None:
            return False
        number, repetition = found
        if repetition == 1 and go_on(state):
            return True
        doublings = max(repetition - 1, 1) if repetition else 0  # one that cannot go on begins again at once
        stage, starts = self.order(again=state.again)[number], [*state.starts, state.start]
        chosen = min(starts[number], len(stage.rivals)) if doublings else 0
        start = stage.starts[chosen]
        architecture = replace(base, name=stage.policy, normalizer=None)
        optimizer = stage.optimizer_for(architecture, seed, state.stage + 1, doublings, chosen)
        stays = state.again and (number == 1 or (number > 1 and levels[1] > levels[0]))
        begin_stage(
            state,
            architecture,
            optimizer,
            start=chosen,
            rung=start.rung,
            horizon=start.horizon,
            toll=state.known_toll if stays else None,
        )
        self.begin_trial(state, seed)
        return True

    def begin_trial(self, state: SearchState, seed: int, bonus: float = 0.0) -> None:
        """Puts the rivals of the present stage beside the optimizer that it began with.

        Args:
            state: the search, at the beginning of a stage.
            seed: the run's seed.
            bonus: what the task pays for a step of doing nothing; 0 leaves out those that are not to be told of it.
        """
        order = self.order(again=state.again)
        if state.stage >= len(order):
            return  # a repetition
        others = []
        for index, start in enumerate(order[state.stage].rivals):
            if self._is_tried(start, state, bonus):
                path = "optimizer", state.stage, "rival", index
                optimizer = start.make(state.optimizer.dimension, seed, path)
                others.append(
                    Rival(
                        optimizer,
                        replace(state.architecture, normalizer=None) if start.follows else state.architecture,
                        start.follows or state.follows,
                        None if start.follows else state.sums,
                        bonus if start.without_survival_bonus else state.survival_bonus,
                        state.first_horizon or start.horizon,
                        start.rung,
                        index + 1,
                        toll=state.toll,
                    )
                )
        begin_trial(state, others)

    @staticmethod
    def _is_tried(start: Start, state: SearchState, bonus: float) -> bool:
        """Whether what was found out before the search speaks for a start that depends on it."""
        if start.without_survival_bonus and not bonus:
            return False
        return state.first_horizon is None or not start.where_episodes_end

    def probes(self, config: TrainConfig, info: EnvironmentInfo) -> int:
        """Episodes that are played before the search, at most: for the scale, or for what else they tell a plan."""
        plays = config.normalize == "probe"
        if config.normalize == "running":
            plays = self.open_ended and affordable(config.budget, info.max_episode_steps)
        return (PROBES + (STILL if info.action.kind == "box" else 0)) if plays else 0

    def may_begin_short(self, *, compiled: bool) -> bool:
        """Whether random policies are to say if episodes begin short; compiled steps need not be spared."""
        return self.open_ended and not compiled

    def effort(self, config: TrainConfig) -> Effort:
        """How the search spends its episodes."""
        ladder = config.episodes_per_candidate or EPISODES
        follows = config.normalize == "running"
        stages = len(self.stages) if self.open_ended else 1
        return Effort(ladder, config.common_episodes, follows, self.open_ended, stages, config.survival_bonus)

    def to_json(self) -> Json:
        """What ``config.json`` says of it."""
        return {"stages": [asdict(stage) for stage in self.stages], "open_ended": self.open_ended}

    @classmethod
    def from_json(cls, data: Json) -> Plan:
        """The plan that `to_json` described.

        Raises:
            InvalidFileError: if it is none.
        """
        try:
            plan = cls(tuple(Stage.from_json(stage) for stage in data["stages"]), bool(data["open_ended"]))
        except (KeyError, TypeError) as error:
            raise InvalidFileError(f"expected a config.json with a plan: {error!r}") from error
        for stage in plan.stages:
            if not (isinstance(stage.policy, str) and isinstance(stage.optimizer, str)):
                raise InvalidFileError(f"expected a config.json with a plan, got the stage {stage!r:.80}")
        return plan
