"""The loop that plays episodes, written once for every kernel, every policy, exact episodes and lanes.

Several episodes are played in step. The table `work` has a column (a lane) for each and a row for each quantity (see
`Table`), so that the innermost loop, over lanes, reads and writes neighbours in memory: the compiler makes vector
instructions of it if its body has no branches. A lane whose episode is over is given the next one at once; when none
is left, the last lane takes its place. Episodes do not touch each other, and come out the same in whatever lane.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import carray

from poise.kernels import _unrolled
from poise.kernels._formula import Compile, observers, policy_of
from poise.kernels._variant import Variant

NEXT, CANDIDATE, EPISODE, FREE = range(4)
"""The queue: the next episode of the list, whose it is, its number among his, and from `FREE` on the free lanes."""


def make_run(variant: Variant, compiled: Compile) -> Callable[..., None]:
    """The driver for a variant, as a function to be compiled.

    It plays the episodes from `begin` to `end` of the list that holds those of the first candidate, then those of the
    second, and so on, and writes what came of them at their places. See `poise.kernels._program` for the arguments.

    Args:
        variant: what to make.
        compiled: compiles a function that becomes part of the one that calls it.
    """
    table, features, draw_count = variant.table, variant.inputs, variant.kernel.draw_count
    lanes, rows, ended, setting_count = variant.lane_count, table.rows, table.over, len(variant.kernel.settings)
    parameter_count, sum_count = variant.parameter_count, 2 * features if variant.sum_observations else 0
    settings_of = compiled(_unrolled.take_flat(setting_count))
    normal_of = compiled(_unrolled.take_flat(2 * features if variant.policy.normalized else 0))
    advance = make_advance(variant, compiled)
    fill = make_fill(variant, compiled)
    record = make_record(variant, compiled)

    def run(  # type: ignore[no-untyped-def]
        begin, end, episodes, draw_stride, limit, parameters_at, draws_at, settings_at, normal_at,
        returns_at, lengths_at, over_at, sums_at, table_at, queue_at,
    ):  # fmt: skip
        work = carray(table_at, (rows, lanes))
        candidates = (end + episodes - 1) // episodes
        parameters = carray(parameters_at, (candidates * parameter_count,))
        draws = carray(draws_at, (max(1, (candidates * draw_stride + episodes) * draw_count),))
        settings, normal = settings_of(carray(settings_at, (64,)), 0), normal_of(carray(normal_at, (1024,)), 0)
        returns, lengths, over = carray(returns_at, (end,)), carray(lengths_at, (end,)), carray(over_at, (end,))
        sums, queue = carray(sums_at, (end * sum_count,)), carray(queue_at, (FREE + lanes + 1,))
        queue[NEXT], queue[CANDIDATE], queue[EPISODE] = begin, begin // episodes, begin % episodes

        # Every lane is free at first. Which are free later cannot be predicted: the list is made without branches.
        active = free = min(lanes, end - begin)
        for lane in range(free):
            queue[FREE + lane] = lane
        while active > 0:
            for number in range(free):
                lane = queue[FREE + number]
                record(work, lane, returns, lengths, over, sums)
                if not fill(work, lane, queue, end, episodes, draw_stride, draws, parameters, settings):
                    active -= 1
                    for row in range(rows):
                        work[row, lane] = work[row, active]
            free = 0
            if advance(work, active, limit, settings, normal) != 0:
                for lane in range(active - 1, -1, -1):
                    queue[FREE + free] = lane
                    free += work[ended, lane] > 0.0

    return run


def make_advance(variant: Variant, compiled: Compile) -> Any:
    """``advance(work, active, limit, settings, normal) -> int``: one step of all lanes; not 0 if an episode is over."""
    table, total, elapsed_row, over = variant.table, variant.table.total, variant.table.elapsed, variant.table.over
    # With a fixed number of turns the compiler makes a loop of vector instructions that is a fifth faster.
    fixed, lane_count = variant.lanes, variant.lane_count
    step = compiled(variant.kernel.step)
    take_state = compiled(_unrolled.take(table.state, variant.kernel.state_size))
    put_state = compiled(_unrolled.put(table.state, variant.kernel.state_size))
    observed, seen = observers(variant, compiled)
    add_up = compiled(_unrolled.add_up(table.sums, variant.inputs) if variant.sum_observations else _nothing)

    def look(work, j, normal):  # type: ignore[no-untyped-def]
        return seen(observed(take_state(work, j)), normal)

    hidden_layers, act = policy_of(variant, compiled, compiled(look))

    def advance(work, active, limit, settings, normal):  # type: ignore[no-untyped-def]
        finished = 0
        width = lane_count if fixed else active
        hidden_layers(work, width, normal)
        for j in range(width):
            state = take_state(work, j)
            observation = observed(state)
            add_up(work, j, observation)
            state, reward, terminated = step(state, act(work, j, seen(observation, normal)), settings)
            put_state(work, j, state)
            work[total, j] += reward
            elapsed = work[elapsed_row, j] + 1.0
            work[elapsed_row, j] = elapsed
            ended = terminated | (elapsed >= limit)
            work[over, j] = (2.0 if terminated else 1.0) if ended else 0.0
            finished += ended
        return finished

    return compiled(advance)


def _nothing(work: Any, lane: Any, values: Any) -> None:
    return


def make_fill(variant: Variant, compiled: Compile) -> Any:
    """``fill(work, lane, queue, ...) -> bool``: starts the next episode in a lane, or says that there is none."""
    table, kernel, parameter_count = variant.table, variant.kernel, variant.parameter_count
    draw_count, sum_count = kernel.draw_count, 2 * variant.inputs if variant.sum_observations else 0
    total, elapsed, whose, which, weights = table.total, table.elapsed, table.candidate, table.episode, table.weights
    sums_row = table.sums
    reset, take_draws = compiled(kernel.reset), compiled(_unrolled.take_flat(draw_count))
    put_state = compiled(_unrolled.put(table.state, kernel.state_size))

    def fill(  # type: ignore[no-untyped-def]
        work, lane, queue, end, episodes, draw_stride, draws, parameters, settings
    ):
        if queue[NEXT] == end:
            return False
        candidate = queue[CANDIDATE]
        put_state(
            work, lane, reset(take_draws(draws, (candidate * draw_stride + queue[EPISODE]) * draw_count), settings)
        )
        work[total, lane] = work[elapsed, lane] = 0.0
        for k in range(sum_count):
            work[sums_row + k, lane] = 0.0
        if work[whose, lane] != candidate:
            work[whose, lane] = candidate
            for k in range(parameter_count):
                work[weights + k, lane] = parameters[candidate * parameter_count + k]
        work[which, lane] = queue[NEXT]
        queue[NEXT] += 1
        queue[EPISODE] += 1
        if queue[EPISODE] == episodes:
            queue[EPISODE] = 0
            queue[CANDIDATE] += 1
        return True

    return compiled(fill)


def make_record(variant: Variant, compiled: Compile) -> Any:
    """``record(work, lane, returns, lengths, over, sums)``: writes down a finished episode."""
    table, sum_count = variant.table, 2 * variant.inputs if variant.sum_observations else 0
    total, elapsed, ended, which = table.total, table.elapsed, table.over, table.episode
    sums_row = table.sums

    def record(work, lane, returns, lengths, over, sums):  # type: ignore[no-untyped-def]
        episode = int(work[which, lane])
        if episode < 0:  # the lane has not played yet
            return
        returns[episode] = work[total, lane]
        lengths[episode] = int(work[elapsed, lane])
        over[episode] = int(work[ended, lane])
        for k in range(sum_count):
            sums[episode * sum_count + k] = work[sums_row + k, lane]

    return compiled(record)
