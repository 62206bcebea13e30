"""Where compiled code may take Gymnasium's place within an episode: in its MuJoCo environments, as they are registered.

Before it does, a few hundred steps are played both ways, once a process, and everything is compared to the last bit. A
version of Gymnasium with other formulas, a processor on which NumPy adds in another order: all are found out by that,
and Gymnasium goes on playing.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from poise.kernels._cache import to_stderr
from poise.kernels.base import KernelUnavailableError
from poise.kernels.mujoco.base import Mechanism
from poise.kernels.mujoco.catalog import mechanisms
from poise.kernels.mujoco.simulation import Simulation
from poise.policies.architecture import Architecture
from poise.policies.spaces import decode_space, encode_space
from poise.types import EnvironmentSpec, FloatArray, IntArray

if TYPE_CHECKING:
    from poise.rollouts.environments import Environment

MODULES = "gymnasium.envs.mujoco."
"""Where the classes of these environments are."""

TRIAL_STEPS, LONGEST_TRIAL = 300, 50
"""Steps that are played both ways, and steps of one trial episode at most."""

SPREADS = (0.1, 1.0)
"""Standard deviations of the weights of the policies that play them, in turn: some act gently, some at the limits."""

_log = logging.getLogger(__name__)
_verdicts: dict[str, str | None] = {}
"""What was found to differ in this process, by identifier; ``None`` for nothing."""


def compiled_steps(
    spec: EnvironmentSpec, environment: Environment, progress: IntArray, *, compile_now: bool
) -> Simulation | None:
    """What plays the steps of an environment after its reset; ``None`` where that is for Gymnasium to do.

    Args:
        spec: the environment, as it was asked for.
        environment: as it was made; it may be reset.
        progress: goes up by one with each step, shape (1,).
        compile_now: whether to compile what is not on disk, and to say what does not work; else nothing is said.
    """
    plain = _plain(spec, environment)
    if plain is None:
        return None
    mechanism, limit = plain
    try:
        simulation = Simulation(
            mechanism, environment.unwrapped, limit, progress, compile_now=compile_now, announce=to_stderr
        )
        if mechanism.identifier not in _verdicts:
            _verdicts[mechanism.identifier] = difference(simulation, environment)
    except KernelUnavailableError as error:
        _say(f"{error}; Gymnasium plays all of it", compile_now)
        return None
    found = _verdicts[mechanism.identifier]
    if found is not None:
        _say(f"compiled steps of {spec.id} are not used: {found}", compile_now)
        return None
    return simulation


def _say(line: str, aloud: bool) -> None:
    _log.log(logging.WARNING if aloud else logging.DEBUG, "%s", line)


def _plain(spec: EnvironmentSpec, environment: Environment) -> tuple[Mechanism, int] | None:
    """The mechanism and the time limit of an environment that is just what Gymnasium registers."""
    own = environment.unwrapped
    made, kind = own.spec, type(own)
    if made is None or spec.factory is not None or spec.kwargs or not kind.__module__.startswith(MODULES):
        return None
    from gymnasium.wrappers import OrderEnforcing, TimeLimit

    if type(environment) is not TimeLimit or type(environment.env) is not OrderEnforcing:
        return None
    mechanism = mechanisms().get(made.id)
    if mechanism is None or environment.env.env is not own:
        return None
    if f"{kind.__module__}:{kind.__qualname__}" != mechanism.made_by:
        return None
    if any(value is not None for value in made.kwargs.values()):
        return None
    if any(getattr(own, name, None) != value for name, value in mechanism.constants.items()):
        return None
    return mechanism, int(environment._max_episode_steps)


def difference(simulation: Simulation, environment: Environment) -> str | None:
    """What differs between compiled steps and Gymnasium's, in words, or ``None``.

    Args:
        simulation: of the environment.
        environment: it is reset.
    """
    observation, action = encode_space(environment.observation_space), decode_space(environment.action_space)
    architecture = Architecture("linear+bias", observation, action)
    chance = np.random.default_rng(0)
    seed = steps = 0
    while steps < TRIAL_STEPS:
        parameters = chance.normal(scale=SPREADS[seed % len(SPREADS)], size=architecture.parameter_count)
        try:
            theirs, terminated = _theirs(architecture, parameters, environment, seed)
        except Exception as error:  # an environment that is not what it seems may raise anything
            return f"playing it raised {type(error).__name__}: {error}"
        environment.reset(seed=seed)
        ours = np.full_like(theirs, np.nan)
        ended = simulation.play(architecture, parameters, LONGEST_TRIAL, trace=ours)
        if ended is None or ended[1:3] != (len(theirs), terminated) or not np.array_equal(ours, theirs):
            wrong = np.flatnonzero((ours != theirs).any(axis=1))
            first = wrong[0] + 1 if len(wrong) else len(theirs)
            return f"step {first} of the episode of seed {seed} is another one than Gymnasium's"
        seed, steps = seed + 1, steps + len(theirs)
    return None


def _theirs(architecture: Architecture, parameters: FloatArray, environment: Any, seed: int) -> tuple[FloatArray, bool]:
    """What Gymnasium plays: what was seen, done and earned at each step, a row for each; whether it terminated."""
    act = architecture.bind(parameters)
    observation, _ = environment.reset(seed=seed)
    rows: list[FloatArray] = []
    terminated = truncated = False
    while not (terminated or truncated) and len(rows) < LONGEST_TRIAL:
        action = act(observation)
        features = architecture.observation.encode(observation)
        observation, reward, terminated, truncated, _ = environment.step(action)
        rows.append(np.concatenate([features, action.astype(np.float64), [float(reward)]]))
    return np.stack(rows), bool(terminated)
