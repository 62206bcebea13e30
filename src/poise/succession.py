"""What follows what in a search: the next rung of the ladder, the next start on trial, the next stage.

The search knows when one of them is over, and the plan of a run what the next stage is; here is what changes in its
state, and what of the one before is kept.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from poise.horizon import Horizon
from poise.optimizers.base import Optimizer
from poise.policies.architecture import Architecture
from poise.rollouts.base import Engine
from poise.search_state import SearchState
from poise.statistics.plateau import Plateau
from poise.toll import Toll
from poise.trial import EPISODES, Rival, Trial

KEPT_OF_A_STAGE = 3
"""How many of a stage's best candidates are kept for the choice at the end, beside its centres."""


def begin_stage(
    state: SearchState,
    architecture: Architecture,
    optimizer: Optimizer,
    *,
    start: int = 0,
    rung: int = 0,
    horizon: Horizon | None = None,
    toll: Toll | None = None,
) -> None:
    """Puts another policy and optimizer in place of those of a stage that is over.

    Args:
        state: the search; the best of the stage that is over become finalists.
        architecture: the policy of the new stage; it is normalised by what the search has seen so far.
        optimizer: a new one, for the parameters of this policy.
        start: which of the stage's starts it is.
        rung: of the ladder, on which it begins.
        horizon: where its first episodes are cut off, if the search does not say so for all.
        toll: what its optimizer is charged for ending episodes.
    """
    _end_stage(state)
    state.start, state.first_level, state.optimizer = start, None, optimizer
    state.toll = toll
    if state.sums is not None:
        architecture = architecture.normalized_by(state.sums)
    elif state.scale is not None:
        architecture = architecture.scaled_by(state.scale)
    state.architecture = architecture
    state.horizon = state.first_horizon or horizon
    begin_rung(state, rung)


def go_on(state: SearchState) -> bool:
    """Goes on with the best stage, for another one, from where it was left; false if its optimizer can go no further.

    Args:
        state: the search; the best of the stage that is over become finalists.
    """
    best = state.best_stage
    if best is None or best.optimizer.stop_reason is not None:
        return False
    _end_stage(state)
    state.best_left = None
    _take_up(state, best)
    return True


def begin_trial(state: SearchState, others: Sequence[Rival]) -> None:
    """Lets other starts than the present one have their turn after it, before the stage goes on with the best."""
    state.trial = Trial(state.usage, list(others)) if others else None


def take_turns(state: SearchState, engine: Engine) -> None:
    """Ends the turn of a start that is on trial; when all had theirs, the best goes on from where it stood."""
    trial = state.trial
    if trial is None or not trial.turn_is_over(state.usage):
        return
    trial.tried.append(state.present)
    if not trial.waiting:
        centres, batches, ranked = trial.compare(engine, state.seeds.take(EPISODES))
        state.usage = sum((batch.usage for batch in batches), state.usage)
        state.failures = sum((batch.failures for batch in batches), state.failures)
        state.finalists += [centre for centre in centres if np.isfinite(centre.claim)]
        trial.next_round(ranked)
    _take_up(state, trial.waiting.pop(0))
    trial.began = state.usage
    if not (trial.waiting or trial.tried):
        state.trial = None


def take_next_rung(state: SearchState) -> None:
    """Gives every candidate the next number of episodes."""
    state.finalists += state.centres
    state.optimizer.average_more()
    begin_rung(state, state.rung + 1)


def begin_rung(state: SearchState, rung: int) -> None:
    """Begins a rung of the ladder, this one or another: what was seen on the one before does not count on it."""
    state.rung, state.archive, state.trend = rung, [], Plateau(state.patience)
    state.course, state.luck_matters = None, None


def _end_stage(state: SearchState) -> None:
    """Keeps of a stage what may be wanted when others have been tried."""
    state.best_left = state.best_stage
    state.finalists += [*state.centres, *state.archive[:KEPT_OF_A_STAGE]]
    state.levels.append(state.trend.level)
    state.starts.append(state.start)
    state.stage += 1


def _take_up(state: SearchState, rival: Rival) -> None:
    """Searches on from where a start was left."""
    for name, value in vars(rival).items():
        setattr(state, name, value)
    begin_rung(state, rival.rung)
