"""NumPy's seeding and its PCG64 generator, for many seeds at once, in a form that can be compiled.

After ``env.reset(seed=s)`` Gymnasium draws from ``Generator(PCG64(SeedSequence(s)))``. To make these objects costs more
than to play a short episode; the same numbers come from here for some tens of nanoseconds.

Sources: M. O'Neill, "PCG" (2014), XSL-RR 128/64; her "Developing a seed_seq alternative" (2015); NumPy's
``bit_generator.pyx`` for the constants.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

Compile: TypeAlias = Callable[[Callable[..., Any]], Any]

BLOCK = 64
"""Seeds that are hashed side by side."""

POOL = 4
"""Words of SeedSequence's pool of entropy."""

WORDS = 8
"""Words of 32 bits that PCG64 is started with."""

INITIAL_A, MULTIPLIER_A = 0x43B0D7E5, 0x931E8875
INITIAL_B, MULTIPLIER_B = 0x8B51F9DD, 0x58F38DED
MIX_LEFT, MIX_RIGHT = 0xCA01F9DD, 0x4973F715
MASK = 0xFFFFFFFF


def _constants(initial: int, multiplier: int, count: int) -> tuple[np.uint32, ...]:
    """The hash constant before each of `count` - 1 uses and after the last. It does not depend on what is hashed."""
    values = [initial]
    for _ in range(count - 1):
        values.append(values[-1] * multiplier & MASK)
    return tuple(np.uint32(value) for value in values)


A = _constants(INITIAL_A, MULTIPLIER_A, POOL + POOL * (POOL - 1) + 1)
B = _constants(INITIAL_B, MULTIPLIER_B, WORDS + 1)
LEFT, RIGHT, HALF = np.uint32(MIX_LEFT), np.uint32(MIX_RIGHT), np.uint32(16)

PCG_HIGH, PCG_LOW = np.uint64(2549297995355413924), np.uint64(4865540595714422341)
"""The generator's multiplier, 128 bits."""

ONE, TO_DOUBLE, ROTATION = np.uint64(1), np.uint64(11), np.uint64(58)
WORD, SIXTY_FOUR, LOW_BITS = np.uint64(32), np.uint64(64), np.uint64(63)


def hashed(value: Any, before: Any, after: Any) -> Any:
    """SeedSequence's hash of one word."""
    value = np.uint32(np.uint32(value ^ before) * after)
    return np.uint32(value ^ np.uint32(value >> HALF))


def mixed(x: Any, y: Any) -> Any:
    """SeedSequence's mixing of two words."""
    value = np.uint32(np.uint32(LEFT * x) - np.uint32(RIGHT * y))
    return np.uint32(value ^ np.uint32(value >> HALF))


def expand(seeds: Any, first: int, count: int, words: Any) -> None:
    """``SeedSequence(seed).generate_state(8, uint32)`` for each of `count` seeds.

    Args:
        seeds: uint32, one dimension.
        first: index of the first seed to expand.
        count: how many.
        words: where they go, uint32, shape (8, at least `count`).
    """
    zero = np.uint32(0)
    for i in range(count):
        a = hashed(seeds[first + i], A[0], A[1])
        b = hashed(zero, A[1], A[2])
        c = hashed(zero, A[2], A[3])
        d = hashed(zero, A[3], A[4])
        b = mixed(b, hashed(a, A[4], A[5]))
        c = mixed(c, hashed(a, A[5], A[6]))
        d = mixed(d, hashed(a, A[6], A[7]))
        a = mixed(a, hashed(b, A[7], A[8]))
        c = mixed(c, hashed(b, A[8], A[9]))
        d = mixed(d, hashed(b, A[9], A[10]))
        a = mixed(a, hashed(c, A[10], A[11]))
        b = mixed(b, hashed(c, A[11], A[12]))
        d = mixed(d, hashed(c, A[12], A[13]))
        a = mixed(a, hashed(d, A[13], A[14]))
        b = mixed(b, hashed(d, A[14], A[15]))
        c = mixed(c, hashed(d, A[15], A[16]))
        words[0, i], words[4, i] = hashed(a, B[0], B[1]), hashed(a, B[4], B[5])
        words[1, i], words[5, i] = hashed(b, B[1], B[2]), hashed(b, B[5], B[6])
        words[2, i], words[6, i] = hashed(c, B[2], B[3]), hashed(c, B[6], B[7])
        words[3, i], words[7, i] = hashed(d, B[3], B[4]), hashed(d, B[7], B[8])


def high_product(x: Any, y: Any) -> Any:
    """The upper 64 bits of the product of two uint64. The compiler puts the processor's own instruction here."""
    return np.uint64(int(x) * int(y) >> 64)


def stepped(high: Any, low: Any, add_high: Any, add_low: Any) -> Any:
    """The generator's next state: state * multiplier + increment, 128 bits in two halves."""
    new_high = high_product(low, PCG_LOW) + high * PCG_LOW + low * PCG_HIGH + add_high
    new_low = low * PCG_LOW + add_low
    return (new_high + np.uint64(1) if new_low < add_low else new_high), new_low


def started(words: Any, i: int) -> Any:
    """State and increment of the generator from the expanded seed number `i`: (high, low, add_high, add_low)."""
    state_high = np.uint64(words[0, i]) | np.uint64(words[1, i]) << WORD
    state_low = np.uint64(words[2, i]) | np.uint64(words[3, i]) << WORD
    stream_high = np.uint64(words[4, i]) | np.uint64(words[5, i]) << WORD
    stream_low = np.uint64(words[6, i]) | np.uint64(words[7, i]) << WORD
    add_high = stream_high << ONE | stream_low >> LOW_BITS
    add_low = stream_low << ONE | ONE
    low = add_low + state_low
    high = add_high + state_high
    high = high + ONE if low < add_low else high
    high, low = stepped(high, low, add_high, add_low)
    return high, low, add_high, add_low


def output(high: Any, low: Any) -> Any:
    """A number from [0, 1) with 53 random bits, from the generator's state."""
    value = high ^ low
    turn = high >> ROTATION
    value = value >> turn | value << (SIXTY_FOUR - turn & LOW_BITS)
    return np.float64(value >> TO_DOUBLE) * 1.1102230246251565e-16


def make_run(compiled: Compile, block: int = BLOCK) -> Callable[..., None]:
    """``run(count, draw_count, seeds_at, draws_at, words_at)``, to be compiled: expands seeds into random numbers.

    `seeds_at` points to `count` seeds (uint32); `draws_at` to the place of `draw_count` numbers (float64) for each,
    the first of ``Generator.random()``; `words_at` to scratch of 8 * `BLOCK` words (uint32).
    """
    from numba import carray

    expanding, starting = compiled(expand), compiled(started)
    stepping, putting_out = compiled(stepped), compiled(output)

    def run(count, draw_count, seeds_at, draws_at, words_at):  # type: ignore[no-untyped-def]
        seeds, draws = carray(seeds_at, (count,)), carray(draws_at, (count * draw_count,))
        words = carray(words_at, (8, block))
        for first in range(0, count, block):
            size = min(block, count - first)
            expanding(seeds, first, size, words)
            for i in range(size):
                high, low, add_high, add_low = starting(words, i)
                for k in range(draw_count):
                    high, low = stepping(high, low, add_high, add_low)
                    draws[(first + i) * draw_count + k] = putting_out(high, low)

    return run
