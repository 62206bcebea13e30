"""Which way of choosing a result loses least? Made-up policies fall in some share of their episodes, many times over.

python benchmarks/selection.py [--times 40] [--candidates 33]

A policy earns more the more it dares, 280 + 40 times its share of falls, and 190 less where it falls; half of what
makes it fall is the episode's, which all meet, and half its own. The shares lie between 1% and 25%. A row is a way of
choosing: how far the mean return of the chosen one lies below that of the best (mean over all times, with its standard
error), and what that took. "race" is `poise.selection.race`; "halving" is `poise.selection.sequential_halving`, with
its first look and the episodes of its last round.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from gymnasium import spaces

from poise import selection
from poise.policies.architecture import Architecture
from poise.policies.candidate import Candidate
from poise.policies.spaces import decode_space, encode_space
from poise.seeding import Purpose, SeedStream
from poise.selection import Selection, race, sequential_halving
from poise.testing.fake_engine import FakeEngine
from poise.types import FloatArray

ARCHITECTURE = Architecture("linear", encode_space(spaces.Box(-1, 1, (2,))), decode_space(spaces.Discrete(2)))
STANDS, DARING, FALL, NOISE = 280.0, 40.0, 190.0, 15.0

Way = Callable[[list[Candidate], int], Selection]


def episode_return(parameters: FloatArray, rng: np.random.Generator) -> float:
    """What an episode earns a policy with this share of falls, parameters[0]; parameters[1] is its number."""
    share, whose = parameters
    common = rng.random()
    own = np.random.default_rng([int(whose), int(common * 1e9)])
    luck = common if own.random() < 0.5 else own.random()
    return float(STANDS + DARING * share - FALL * (luck < share) + NOISE * rng.normal())


def worth(share: float) -> float:
    """Mean return of a policy with this share of falls."""
    return STANDS + DARING * share - FALL * share


def by_race(limit: int) -> Way:
    """The leader plays until it drops behind."""
    return lambda candidates, seed: race(
        FakeEngine(episode_return), candidates, SeedStream(seed, Purpose.SELECTION), limit=limit
    )


def by_halving(rounds: int, limit: int) -> Way:
    """So many rounds at most."""

    def choose(candidates: list[Candidate], seed: int) -> Selection:
        usual, selection.MOST_ROUNDS = selection.MOST_ROUNDS, rounds
        try:
            seeds = SeedStream(seed, Purpose.SELECTION)
            return sequential_halving(FakeEngine(episode_return), candidates, seeds, limit=limit)
        finally:
            selection.MOST_ROUNDS = usual

    return choose


WAYS: dict[str, Way] = {
    "race, 100": by_race(100),
    "race, 200": by_race(200),
    "halving, 6 to 100": by_halving(5, 100),
    "halving, 12 to 100": by_halving(4, 100),
    "halving, 25 to 200": by_halving(4, 200),
    "halving, 50 to 200": by_halving(3, 200),
}


def main() -> None:
    """Chooses and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--candidates", type=int, default=33)
    options = parser.parse_args()
    print("| chosen by | below the best | standard error | worst | episodes |")
    print("|---|---|---|---|---|")
    for name, choose in WAYS.items():
        rng = np.random.default_rng(0)
        regrets, episodes = [], []
        for time in range(options.times):
            shares = rng.uniform(0.01, 0.25, options.candidates)
            candidates = [
                Candidate(ARCHITECTURE, np.array([share, index + 1.0]), 300.0 + 3.0 * rng.normal())
                for index, share in enumerate(shares)
            ]
            result = choose(candidates, time)
            assert result.winner is not None
            regrets.append(max(map(worth, shares)) - worth(shares[result.winner]))
            episodes.append(result.usage.episodes)
        error = np.std(regrets) / np.sqrt(options.times)
        print(f"| {name} | {np.mean(regrets):.1f} | {error:.1f} | {max(regrets):.1f} | {np.mean(episodes):,.0f} |")


if __name__ == "__main__":
    main()
