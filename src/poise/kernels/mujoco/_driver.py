"""The loop that plays the steps of an episode, written once for all mechanisms and policies."""

from __future__ import annotations

from collections.abc import Callable

from numba import carray

from poise.kernels import _unrolled
from poise.kernels._formula import Compile
from poise.kernels.mujoco import _policy
from poise.kernels.mujoco._pointers import array_at, call
from poise.kernels.mujoco.base import Mechanism

STEP, FORCES, MODEL, DATA, FRAME_SKIP, CONTROL, VIEWS = range(7)
"""Places among the addresses; from `VIEWS` on the address and the size of each view."""

ELAPSED, LIMIT, PAUSE, OVER, SUMMED, TRACED = range(6)
"""Places among the counts: steps so far, steps at most, steps until it returns for a moment, how the episode ended,
whether features are summed, and how many steps are written down."""

TOTAL, DT = range(2)
"""Places among the numbers: the return so far, and the time between two observations."""

CUT, TERMINATED, NOT_FINITE = 1, 2, 3
"""How an episode ended: by the limit alone, in a terminal state, or with an observation of which nothing follows."""


def make_run(mechanism: Mechanism, views: int, compiled: Compile) -> Callable[..., None]:
    """The driver for a mechanism with so many views, as a function to be compiled.

    It goes on with an episode until that is over or `PAUSE` is reached. See `poise.kernels.mujoco.simulation` for the
    arguments.
    """
    features, actions, contact_forces = mechanism.features, mechanism.actions, mechanism.contact_forces
    observe, mark, outcome = compiled(mechanism.observe), compiled(mechanism.mark), compiled(mechanism.outcome)
    views_of = compiled(_unrolled.views(VIEWS, views, array_at))
    are_finite, act = compiled(_policy.are_finite), compiled(_policy.act)

    def run(  # type: ignore[no-untyped-def]
        addresses_at, counts_at, numbers_at, shape_at, parameters_at, normal_at, box_at, values_at, seen_at, action_at,
        sums_at, trace_at, progress_at,
    ):  # fmt: skip
        addresses, counts = carray(addresses_at, (VIEWS + 2 * views,)), carray(counts_at, (TRACED + 1,))
        numbers, progress = carray(numbers_at, (DT + 1,)), carray(progress_at, (1,))
        shape, box = carray(shape_at, (64,)), carray(box_at, (4 * actions,))
        # Their sizes are the policy's affair; nothing here asks for them.
        parameters, normal, values = (
            carray(parameters_at, (1,)),
            carray(normal_at, (2 * features,)),
            carray(values_at, (1,)),
        )
        seen, action = carray(seen_at, (features,)), carray(action_at, (actions,))
        sums, trace = carray(sums_at, (2 * features,)), carray(trace_at, (1,))
        look, control = views_of(addresses), array_at(addresses[CONTROL], actions)
        row = features + actions + 1

        while counts[OVER] == 0 and counts[ELAPSED] < counts[PAUSE]:
            observe(seen, look)
            if not are_finite(seen):
                counts[OVER] = NOT_FINITE
                return
            if counts[SUMMED] != 0:
                for k in range(features):
                    sums[k] += seen[k]
                    sums[features + k] += seen[k] * seen[k]
            act(shape, parameters, normal, box, seen, values, action)
            before = mark(look)
            for k in range(actions):
                control[k] = action[k]
            for _ in range(addresses[FRAME_SKIP]):
                call(addresses[STEP], addresses[MODEL], addresses[DATA])
            if contact_forces:
                call(addresses[FORCES], addresses[MODEL], addresses[DATA])
            reward, terminated = outcome(before, action, look, numbers[DT])
            numbers[TOTAL] += reward
            if counts[ELAPSED] < counts[TRACED]:
                first = counts[ELAPSED] * row
                for k in range(features):
                    trace[first + k] = seen[k]
                for k in range(actions):
                    trace[first + features + k] = action[k]
                trace[first + features + actions] = reward
            counts[ELAPSED] += 1
            progress[0] += 1
            if terminated:
                counts[OVER] = TERMINATED
            elif counts[ELAPSED] >= counts[LIMIT]:
                counts[OVER] = CUT

    return run
