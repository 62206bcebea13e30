"""The contract of a mechanism: what Gymnasium computes around ``mj_step``, as functions of MuJoCo's own arrays.

``observe(seen, views)`` writes the observation, ``mark(views) -> number`` keeps what a reward compares the next state
with, and ``outcome(before, action, views, dt) -> (reward, terminated)`` is looked at after the steps of the physics.
`views` are the arrays that `Mechanism.views` names, one-dimensional, in the memory of ``MjData``; `action` holds the
float32 numbers of the action; `dt` is the time between two observations.

The functions are plain Python and can be called as they stand; the driver compiles them. They make no arrays, and take
every sum in NumPy's order, so that they give what Gymnasium gives to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from poise.types import FloatArray


@dataclass(frozen=True)
class Mechanism:
    """A MuJoCo environment whose steps can be compiled. See the module for the three functions.

    Attributes:
        name: short name for messages and files.
        identifier: Gymnasium's name of the environment.
        made_by: the class of the environment, as ``module:Class``.
        features: numbers of an observation.
        actions: numbers of an action.
        views: the arrays that the functions read, of an environment without wrappers.
        observe, mark, outcome: the functions.
        constants: attributes of the environment and the values for which the functions were written.
        contact_forces: whether ``cfrc_ext`` is read, which ``mj_rnePostConstraint`` computes.
    """

    name: str
    identifier: str
    made_by: str
    features: int
    actions: int
    views: Callable[[Any], tuple[FloatArray, ...]]
    observe: Callable[[Any, Any], None]
    mark: Callable[[Any], Any]
    outcome: Callable[[Any, Any, Any, Any], Any]
    constants: Mapping[str, object] = field(default_factory=dict)
    contact_forces: bool = False


def joints(environment: Any) -> tuple[FloatArray, ...]:
    """Positions and velocities of the joints: all that most environments look at."""
    return environment.data.qpos, environment.data.qvel


def first_position(views: Any) -> Any:
    """How far along it is: what rewards for speed compare with."""
    return views[0][0]


def nothing(views: Any) -> float:
    """For rewards that look at the new state alone."""
    return 0.0
