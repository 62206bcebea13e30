"""What if the policy's numbers were others: one episode, a mean with its interval, and a map over two of them."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np

from poise.errors import InvalidValueError, OutputError
from poise.policies.linear import Linear
from poise.policies.lookup import Lookup
from poise.policies.quadratic import Quadratic
from poise.rollouts.recording import record
from poise.runs.policy import Policy
from poise.seeding import Purpose, SeedStream
from poise.statistics.intervals import mean_interval
from poise.studio.bench import Bench, is_compiled
from poise.studio.episodes import Episode
from poise.studio.library import short
from poise.studio.source import Watched, action_names
from poise.studio.terms import row_names, term_names
from poise.types import FloatArray, Json

MOST_NUMBERS = 48
"""A policy of more numbers has no sliders."""

EPISODES, EPISODES_UNCOMPILED = 100, 20
"""Episodes of the mean: the same ones for every setting, so that two settings differ by themselves alone."""

MAP_SIZE, MAP_EPISODES = 25, 10

LARGEST = 1e9
"""No number of a policy needs to be larger."""


def parse_numbers(text: str, policy: Policy) -> FloatArray:
    """The numbers of a policy from an address.

    Raises:
        InvalidValueError: they are none, too many or too few.
    """
    numbers = read_numbers(text)
    expected = policy.architecture.parameter_count
    if numbers.size != expected:
        raise InvalidValueError(f"This policy has {expected} numbers, and the link has {numbers.size}.")
    return numbers


def read_numbers(text: str) -> FloatArray:
    """Numbers with commas between them, as many as there are; none if the text is too long to be looked at.

    Raises:
        InvalidValueError: they are none.
    """
    parts = text.split(",") if len(text) < 50 * MOST_NUMBERS else []
    try:
        numbers = np.array([float(part) for part in parts], dtype=np.float64)
    except ValueError as error:
        raise InvalidValueError(f"Expected numbers with commas between them, got {short(text)}.") from error
    if not (np.abs(numbers) <= LARGEST).all():  # false for NaN as well
        raise InvalidValueError(f"Expected numbers from -{LARGEST:g} to {LARGEST:g}, got {short(text)}.")
    return numbers


def check_size(policy: Policy) -> None:
    """Raises `InvalidValueError` if the policy has too many numbers for sliders."""
    count = policy.architecture.parameter_count
    if count > MOST_NUMBERS:
        raise InvalidValueError(
            f"This policy has {count:,} numbers, too many to turn by hand: sliders are for at most {MOST_NUMBERS}."
        )


def describe(policy: Policy) -> Json:
    """What the page must know to draw the sliders."""
    return {
        "title": policy.environment.id,
        "architecture": policy.architecture.name,
        "kept": policy.parameters.tolist(),
        "names": number_names(policy),
        "ranges": ranges_of(policy.parameters),
        "compiled": is_compiled(policy.environment),
        "episodes": EPISODES if is_compiled(policy.environment) else EPISODES_UNCOMPILED,
    }


def number_names(policy: Policy) -> list[str]:
    """A name for each number: of a sum what it multiplies, and the output if it has several."""
    architecture = policy.architecture
    function = architecture.function
    features = policy.feature_names
    outputs = action_names(policy.environment.id, architecture.action)
    names = outputs if len(outputs) == function.outputs else [f"output {index}" for index in range(function.outputs)]
    if isinstance(function, Lookup):
        rows = row_names(architecture.observation, features)
        return rows if function.outputs == 1 else [f"{name}: {row}" for name in names for row in rows]
    if not isinstance(function, Linear | Quadratic):
        return [f"w[{index}]" for index in range(architecture.parameter_count)]
    if function.outputs == 1:
        return (term_names(features) if isinstance(function, Quadratic) else [*features, "bias"])[
            : architecture.parameter_count
        ]
    if isinstance(function, Quadratic):
        return [f"{name}: {term}" for name in names for term in term_names(features)]
    weights = [f"{name}: {feature}" for name in names for feature in features]
    return [*weights, *(f"{name}: bias" for name in names)][: architecture.parameter_count]


def ranges_of(parameters: FloatArray) -> list[float]:
    """How far each slider goes to both sides: to twice the kept number, and to half of the largest at least."""
    largest = float(np.abs(parameters).max()) or 1.0
    return [_rounded_up(max(2 * abs(number), 0.5 * largest)) for number in parameters.tolist()]


def _rounded_up(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.5, 2, 3, 5, 7.5, 10) if step * power >= value * (1 - 1e-9))


def episode(policy: Policy, numbers: FloatArray, seed: int) -> Json:
    """One episode of the policy with other numbers, as the page wants it; it is not played again to be checked.

    Raises:
        PoiseError: it could not be played.
    """
    watched = Watched.from_policy(policy.environment, policy.architecture, numbers, first_seed=seed)
    recording = record(policy.environment, policy.architecture.bind(numbers), seed)
    return Episode(recording, same=False, check="It was not played again.").to_json(watched)


def measure(bench: Bench, policy: Policy, numbers: FloatArray) -> Json:
    """Mean return over the same episodes each time, with its interval.

    Raises:
        PoiseError: they could not be played.
    """
    episodes = EPISODES if is_compiled(policy.environment) else EPISODES_UNCOMPILED
    seeds = SeedStream(0, Purpose.REEVALUATION).take(episodes)
    returns = bench.play(policy.environment, policy.architecture, numbers[np.newaxis], seeds).returns[0]
    interval = mean_interval(returns)
    return {"mean": float(returns.mean()), "low": interval.low, "high": interval.high, "episodes": episodes}


def heat_map(bench: Bench, policy: Policy, numbers: FloatArray, across: int, up: int) -> Json:
    """Mean returns while two numbers go through their ranges and the others stay.

    Args:
        bench: plays them.
        policy: the policy.
        numbers: where it stands, shape (parameter_count,).
        across: index of the number that grows to the right.
        up: index of the number that grows upwards.

    Raises:
        InvalidValueError: the environment is not compiled, or there are no such two numbers.
    """
    if not is_compiled(policy.environment):
        raise InvalidValueError(f"A map takes thousands of episodes; {policy.environment.id} is not compiled.")
    if across == up or max(across, up) >= numbers.size:
        raise InvalidValueError(f"Expected two different numbers from 0 to {numbers.size - 1}, got {across} and {up}.")
    ranges = ranges_of(policy.parameters)
    sides = [np.linspace(-ranges[index], ranges[index], MAP_SIZE) for index in (across, up)]
    candidates = np.repeat(numbers[np.newaxis], MAP_SIZE * MAP_SIZE, axis=0)
    candidates[:, across] = np.tile(sides[0], MAP_SIZE)
    candidates[:, up] = np.repeat(sides[1], MAP_SIZE)
    seeds = SeedStream(0, Purpose.REEVALUATION).take(MAP_EPISODES)
    means = bench.play(policy.environment, policy.architecture, candidates, seeds).scores
    return {
        "across": across,
        "up": up,
        "size": MAP_SIZE,
        "ranges": [ranges[across], ranges[up]],
        "means": means.tolist(),
        "episodes": MAP_EPISODES,
    }


def keep(root: Path, policy: Policy, numbers: FloatArray) -> str:
    """Keeps the policy with these numbers among the runs, without a certificate; returns its name.

    Raises:
        OutputError: it cannot be written.
    """
    folder = policy.environment.id.replace("/", "_").replace(":", "_")
    stem = f"{folder}/by-hand-{datetime.now():%Y%m%d-%H%M%S}"
    name, number = stem, 1
    while (root / name).exists():
        number += 1
        name = f"{stem}-{number}"
    try:
        (root / name).mkdir(parents=True)
    except OSError as error:
        raise OutputError(f"cannot make {root / name}: {error.strerror or error}") from error
    replace(policy, parameters=numbers, certificate=None).save(root / name / "policy.json")
    return name
