"""When a stage makes room for kinds of policies that have not been tried: sooner than it would be through by itself.

What a policy of one kind cannot do, no patience with it will bring about, and yet scores may creep up for as long as
anybody watches: a weighted sum swings a pole up, and up, and never learns to stop it there. So while others wait, small
gains do not count as progress; nor does a stage play more episodes a candidate where luck is not what holds it back.
The stage that came highest goes on when all have been tried.
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


def is_impatient(state: SearchState, effort: Effort) -> bool:
    """Whether kinds of policies wait that have not been tried, and the present one has gained something.

    Never for one that is behind an earlier one: it would be left with nothing to show, and not be taken up again. Nor
    where a reward is rare and may come late, nor with an optimizer that looks closer by itself: it is used where the
    policies that wait are larger and get less far.
    """
    others_wait = effort.leave_plateaus and state.stage + 1 < effort.stages + state.again
    has_come_far = state.climb > 0 and state.trend.level >= max(state.levels, default=-math.inf)
    return others_wait and has_come_far and not (state.rare or state.optimizer.looks_closer)


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
    may_ask = state.trend.may_be_next and state.luck_matters is None and is_impatient(state, effort)
    return EPISODES if may_ask else 0
