"""The messages between a page that plays and the server, to the byte. `static/play_protocol.js` is its other half.

All numbers are little-endian. The first byte says what a message is.

From the page:

| byte | name | then |
|---|---|---|
| 1 | begin | u32 seed, f32 steps a second (0: the environment's own), u8 whether pictures are wanted |
| 2 | act | u8 n, n × f32: the action from now on, one number a component |
| 3 | seen | u32: the picture of that step has been drawn |
| 4 | pause | u8: 1 rests, 0 goes on |

To the page:

| byte | name | then |
|---|---|---|
| 1 | state | u8 flags, u32 step, f64 reward, f64 return, u8 n, n × f32 action, f32 × the rest: the observation |
| 2 | picture | u32 step, and a PNG |

Flags: 1 terminated, 2 truncated, 4 the episode has begun (no action and no reward yet). What is in words goes as text,
a JSON object: ``{"problem": …}``, ``{"noPictures": …}``, ``{"over": …}``.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from poise.errors import InvalidValueError

BEGIN, ACT, SEEN, PAUSE = 1, 2, 3, 4
STATE, PICTURE = 1, 2
TERMINATED, TRUNCATED, BEGUN = 1, 2, 4

_BEGIN, _SEEN, _PAUSE = struct.Struct("<BIfB"), struct.Struct("<BI"), struct.Struct("<BB")
_STATE, _PICTURE = struct.Struct("<BBIddB"), struct.Struct("<BI")


@dataclass(frozen=True)
class Begin:
    """The episode of a seed is to begin, at so many steps a second (0: the environment's own), with pictures or not."""

    seed: int
    fps: float
    pictures: bool


@dataclass(frozen=True)
class Act:
    """The action from now on, one number a component."""

    values: tuple[float, ...]


@dataclass(frozen=True)
class Seen:
    """The picture of a step has been drawn."""

    step: int


@dataclass(frozen=True)
class Pause:
    """Rest, or go on."""

    resting: bool


FromPage: TypeAlias = Begin | Act | Seen | Pause


def read(message: bytes) -> FromPage:
    """What a page says.

    Raises:
        InvalidValueError: it is no message of this protocol.
    """
    try:
        if message[0] == BEGIN:
            _, seed, fps, pictures = _BEGIN.unpack(message)
            if not 0 <= fps <= 1000:
                raise InvalidValueError(f"Expected 0 to 1000 steps a second, got {fps:g}.")
            return Begin(seed, fps, bool(pictures))
        if message[0] == ACT:
            return Act(struct.unpack(f"<{message[1]}f", message[2:]))
        if message[0] == SEEN:
            return Seen(_SEEN.unpack(message)[1])
        if message[0] == PAUSE:
            return Pause(bool(_PAUSE.unpack(message)[1]))
    except (struct.error, IndexError) as error:
        raise InvalidValueError(f"A message of {len(message)} bytes cannot be read: {error}.") from error
    raise InvalidValueError(f"A message cannot begin with the byte {message[0]}.")


def state(
    flags: int, step: int, reward: float, total: float, action: Sequence[float], observation: Sequence[float | None]
) -> bytes:
    """A state, as the page draws it; what is no number goes as NaN."""
    head = _STATE.pack(STATE, flags, step, reward, total, len(action))
    numbers = np.array([*action, *observation], dtype=np.float64)
    with np.errstate(over="ignore"):
        return head + numbers.astype("<f4").tobytes()


def picture(step: int, png: bytes) -> bytes:
    """A picture of a step."""
    return _PICTURE.pack(PICTURE, step) + png
