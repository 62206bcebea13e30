"""Where every random number comes from: episode seeds by purpose, and generators by name.

An episode is fixed by a 32-bit seed, the one given to ``env.reset(seed=...)``. Its three top bits say what the episode
is for, so that an episode that a policy was chosen by can never be one that it is reported on, not even across runs.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from poise.errors import InvalidValueError
from poise.types import SeedArray

PURPOSE_BITS = 3
EPISODES_PER_PURPOSE = 2 ** (32 - PURPOSE_BITS)
MAX_SEED = 2**32 - 1


class Purpose(IntEnum):
    """What an episode is played for. Each has its own range of seeds.

    The last three are all evaluation in the sense of the promise (nothing is chosen by them); they are apart so that
    the figure a run was reported with can be checked on episodes that it has not seen either.
    """

    SEARCH = 0
    SELECTION = 1
    EVALUATION = 2
    REEVALUATION = 3
    CERTIFICATION = 4


def check_seed(seed: int) -> int:
    """Returns `seed` if it is an integer from 0 to 2**32 - 1.

    Raises:
        InvalidValueError: if it is not.
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= int(seed) <= MAX_SEED:
        raise InvalidValueError(f"a seed must be an integer from 0 to {MAX_SEED}, got {seed!r}")
    return int(seed)


def purpose_of(episode_seed: int) -> Purpose | None:
    """The purpose whose range holds `episode_seed`, or ``None`` for a seed in no range."""
    number = check_seed(episode_seed) // EPISODES_PER_PURPOSE
    return Purpose(number) if number in Purpose._value2member_map_ else None


@dataclass
class SeedStream:
    """The episode seeds of one purpose in one run, each given out once.

    Attributes:
        seed: the run's seed, 0 to 2**32 - 1.
        purpose: what the episodes are for.
        position: how many have been taken; part of a checkpoint.
    """

    seed: int
    purpose: Purpose
    position: int = 0

    def __post_init__(self) -> None:
        check_seed(self.seed)
        if not 0 <= self.position <= EPISODES_PER_PURPOSE:
            raise InvalidValueError(f"expected a position from 0 to {EPISODES_PER_PURPOSE}, got {self.position}")

    def take(self, count: int) -> SeedArray:
        """The next `count` seeds, uint32, shape (count,). They are distinct from all that were taken before.

        Raises:
            InvalidValueError: if `count` is not positive, or the range of 2**29 episodes is used up.
        """
        if count < 1:
            raise InvalidValueError(f"expected at least one episode, got {count}")
        if self.position + count > EPISODES_PER_PURPOSE:
            raise InvalidValueError(f"a run has {EPISODES_PER_PURPOSE} episodes for {self.purpose.name.lower()}")
        start = generator(self.seed, self.purpose.name).integers(EPISODES_PER_PURPOSE)
        index = (int(start) + self.position + np.arange(count, dtype=np.int64)) % EPISODES_PER_PURPOSE
        self.position += count
        return np.asarray(self.purpose * EPISODES_PER_PURPOSE + index, dtype=np.uint32)


def generator(seed: int, *path: str | int) -> np.random.Generator:
    """A generator that depends on the run's seed and on the name of its use alone.

    Args:
        seed: the run's seed.
        path: names or numbers that tell this use from all others, for instance ``("optimizer", 3)``.
    """
    # A number goes in by its name too: a SeedSequence takes [seed] and [seed, 0] for the same.
    keys = [zlib.crc32(str(part).encode()) for part in path]
    return np.random.default_rng(np.random.SeedSequence([check_seed(seed), *keys]))
