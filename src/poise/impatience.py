"""When a stage makes room for kinds of policies that have not been tried: sooner than it would be through by itself.

What a policy of one kind cannot do, no patience with it will bring about, and yet scores may creep up for as long as
anybody watches: a weighted sum swings a pole up, and up, and never learns to stop it there. So while others wait, small
gains do not count as progress; and a stage plays more episodes a candidate once at most, and only where luck holds it
back. The stage that came highest goes on when all have been tried.
"""

from __future__ import annotations

import math

import numpy as np

from poise.rollouts.base import Engine
from poise.search_state import SearchState
from poise.types import Effort

SMALL = 0.02
"""Gain from one window to the next that is small, as a share of all that the stage has gained.

A window spans 15% of a long series, so that twice the generations would then gain less than a tenth.
"""

LUCK = 0.1
"""Deviation that chance gives to a candidate's score, as a share of the same, from which on luck matters."""

EPISODES = 20
"""Episodes of the centre that tell it."""


def others_wait(state: SearchState, effort: Effort) -> bool:
    """Whether kinds of policies wait that have not been tried, for which the present one is to make room.

    Not where a reward is rare and may come late, nor with an optimizer that looks closer by itself: it is used where
    the policies that wait are larger and get less far.
    """
    waiting = effort.leave_plateaus and state.stage + 1 < effort.stages + state.again
    return waiting and not (state.rare or state.optimizer.looks_closer)


def is_impatient(state: SearchState, effort: Effort) -> bool:
    """Whether others wait, and the present kind has gained something.

    Never for one that is behind an earlier one: it would be left with nothing to show, and not be taken up again.
    """
    has_come_far = state.climb > 0 and state.trend.level >= max(state.levels, default=-math.inf)
    return others_wait(state, effort) and has_come_far


def makes_room(state: SearchState, effort: Effort, engine: Engine, episodes: int) -> bool:
    """Whether a stage whose scores no longer rise is over, although it could play more episodes a candidate.

    While others wait it is given more of them once at most, and if it has gained something only where luck matters.

    Args:
        state: the search; it pays for the question.
        effort: how it spends its episodes.
        engine: plays the centre, where that has to be asked.
        episodes: of a candidate, at present.
    """
    if not others_wait(state, effort):
        return False
    return state.rung > 0 or (is_impatient(state, effort) and not luck_matters(state, engine, episodes))


def luck_matters(state: SearchState, engine: Engine, episodes: int) -> bool:
    """Whether chance decides between the candidates of a stage, so that more episodes of each may help.

    Args:
        state: the search, which has gained something; it pays for the question and keeps the answer for this rung.
        engine: plays the centre.
        episodes: of a candidate, at present.
    """
    if state.luck_matters is None:
        batch = engine.run(state.architecture, state.centre.parameters[np.newaxis], state.seeds.take(EPISODES))
        state.usage += batch.usage
        state.failures += batch.failures
        chance = float(state.present.told(batch, None).returns.std()) / math.sqrt(episodes)
        state.luck_matters = not chance < LUCK * state.climb  # it does where one failed
    return state.luck_matters


def set_aside(state: SearchState, effort: Effort) -> int:
    """Episodes of the budget that are kept for that question."""
    is_open = state.rung == 0 and state.luck_matters is None
    return EPISODES if is_open and state.trend.may_be_next and is_impatient(state, effort) else 0
