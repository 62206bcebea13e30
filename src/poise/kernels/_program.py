"""A compiled variant as a function of arrays. Neither numba nor Gymnasium is needed once the code is on disk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from poise.errors import MissingDependencyError
from poise.kernels._cache import Announce, code_for, to_stderr
from poise.kernels._fingerprint import fingerprint
from poise.kernels._random import BLOCK
from poise.kernels._variant import Variant
from poise.kernels.base import KernelUnavailableError, Numbers
from poise.types import BoolArray, FloatArray, IntArray, SeedArray

CHUNK = 16_384
"""Episodes of one call at most: their random numbers stay in the processor's cache, and threads get even shares."""

SMALLEST_CHUNK = 512


@dataclass(frozen=True)
class Episodes:
    """What came of episodes; arrays of shape (candidates, episodes).

    Attributes:
        returns, lengths, terminated, truncated: as in `poise.types.EpisodeBatch`.
        sums: sums of the numbers of each episode's observations, and of their squares, shape (candidates, episodes,
            2 * numbers); with no columns if they were not asked for.
    """

    returns: FloatArray
    lengths: IntArray
    terminated: BoolArray
    truncated: BoolArray
    sums: FloatArray


class Program:
    """A variant, compiled and loaded.

    Args:
        variant: what to compile.
        announce: is told if it has to be compiled now.

    Raises:
        KernelUnavailableError: it cannot be compiled or loaded here.
    """

    def __init__(self, variant: Variant, announce: Announce) -> None:
        self.variant = variant
        self._announce = announce
        expanded(np.zeros(1, dtype=np.uint32), 1, announce=announce)
        kernel = variant.kernel
        functions = [fingerprint(function) for function in (kernel.reset, kernel.step, kernel.observe)]
        sizes = kernel.state_size, kernel.draw_count, kernel.observation, kernel.action, variant.action_map
        numbers = repr((*sizes, kernel.largest_angle))
        parts = (str(variant), numbers, repr(tuple(kernel.settings)), *functions)
        self._run = loaded(f"the kernel {variant}", parts, lambda: _compile(variant), announce)

    def play(
        self,
        parameters: FloatArray,
        seeds: SeedArray,
        limit: int,
        settings: Numbers,
        normal: FloatArray | None,
        threads: int,
    ) -> Episodes:
        """Plays episodes. The result does not depend on `threads`.

        Args:
            parameters: shape (candidates, parameter_count), finite.
            seeds: uint32, shape (candidates, episodes); equal for all candidates if its first stride is 0.
            limit: steps after which an episode is cut.
            settings: the kernel's settings.
            normal: means, then scales, shape (2 * numbers of an observation,); if the variant is normalised.
            threads: how many may work at once.
        """
        candidates, episodes = seeds.shape
        shared = seeds.strides[0] == 0 or candidates == 1
        width = 2 * self.variant.inputs if self.variant.sum_observations else 0
        count = candidates * episodes
        returns, lengths = np.empty(count), np.empty(count, dtype=np.int64)
        over, sums = np.empty(count, dtype=np.uint8), np.empty((count, width))
        own_seeds = np.ascontiguousarray(seeds[:1] if shared else seeds).reshape(-1)
        draws = expanded(own_seeds, self.variant.kernel.draw_count, threads, self._announce)
        parameters = np.ascontiguousarray(parameters, dtype=np.float64)
        constants = np.array([*settings, 0.0]), np.ones(1) if normal is None else np.ascontiguousarray(normal)

        def work(bounds: tuple[int, int]) -> None:
            table = _aligned(self.variant.table.rows * self.variant.lane_count)
            queue = np.zeros(self.variant.lane_count + 8, dtype=np.int64)
            arrays = (parameters, draws, *constants, returns, lengths, over, sums, table, queue)
            addresses = (array.ctypes.data for array in arrays)
            self._run(*bounds, episodes, 0 if shared else episodes, float(limit), *addresses)

        _in_threads(work, _chunks(count, threads), threads)
        shape = candidates, episodes
        lengths = lengths.reshape(shape)
        terminated = (over == 2).reshape(shape)
        return Episodes(returns.reshape(shape), lengths, terminated, lengths >= limit, sums.reshape(*shape, width))


def expanded(seeds: SeedArray, count: int, threads: int = 1, announce: Announce = to_stderr) -> FloatArray:
    """The first random numbers of ``np_random.random()`` after ``env.reset(seed=seed)``.

    Args:
        seeds: uint32, shape (seeds,).
        count: how many numbers for each seed.
        threads: how many may work at once.
        announce: is told if something has to be compiled.

    Returns:
        float64, shape (seeds, count).
    """
    draws = np.empty((seeds.size, count))
    if count == 0:
        return draws
    program = loaded("the start of episodes", ("draws",), _compile_draws, announce, "draw")

    def work(bounds: tuple[int, int]) -> None:
        begin, end = bounds
        words = np.empty(8 * BLOCK, dtype=np.uint32)
        addresses = (array.ctypes.data for array in (seeds[begin:end], draws[begin:end], words))
        program(end - begin, count, *addresses)

    _in_threads(work, _chunks(seeds.size, threads), threads)
    return draws


def _chunks(count: int, threads: int) -> Iterator[tuple[int, int]]:
    """Bounds of contiguous parts; several a thread, so that none waits long for another."""
    size = min(CHUNK, max(SMALLEST_CHUNK, -(-count // (4 * threads)))) if threads > 1 else CHUNK
    return ((begin, min(begin + size, count)) for begin in range(0, count, size))


def _in_threads(work: Callable[[tuple[int, int]], None], chunks: Iterator[tuple[int, int]], threads: int) -> None:
    parts = list(chunks)
    if threads == 1 or len(parts) == 1:
        for part in parts:
            work(part)
    else:
        with ThreadPoolExecutor(min(threads, len(parts))) as pool:
            for _ in pool.map(work, parts):
                pass


def _aligned(count: int) -> FloatArray:
    """`count` times -1, beginning where a line of the processor's cache begins: vectors then never straddle two."""
    numbers = np.full(count + 8, -1.0)
    first = -numbers.ctypes.data // 8 % 8
    return numbers[first : first + count]


_loaded: dict[str, Callable[..., None]] = {}
_loading = threading.Lock()


def loaded(
    label: str, parts: tuple[str, ...], compile_now: Callable[[], bytes], announce: Announce, kind: str = "run"
) -> Callable[..., None]:
    """The loaded code, shared by all programs of the process that need the same.

    Args:
        label: what it is, in words.
        parts: what it depends on, besides what `code_for` knows.
        compile_now: makes it.
        announce: is told if it has to be compiled.
        kind: of the kinds of programs that `_machine` knows.

    Raises:
        KernelUnavailableError: it cannot be compiled or loaded here.
    """
    key = repr(parts)
    with _loading:
        if key not in _loaded:
            try:
                from poise.kernels import _machine

                code = code_for(label, parts, compile_now, announce)
                _loaded[key] = _machine.load(code, kind)
            except (ImportError, MissingDependencyError, OSError, RuntimeError) as error:
                raise KernelUnavailableError(f"compiled kernels do not work here: {error}") from error
        return _loaded[key]


def _compile(variant: Variant) -> bytes:
    from poise.kernels._compiler import compile_variant

    return compile_variant(variant)


def _compile_draws() -> bytes:
    from poise.kernels._compiler import compile_draws

    return compile_draws()
