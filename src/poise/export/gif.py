"""GIF: pictures that move, by an encoder of our own (CompuServe's GIF89a), so that it needs nothing installed.

Each picture after the first holds only the rectangle that has changed. Of more than 256 colours those that are used
most are kept, and every other becomes the nearest of these or of a grid.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from itertools import islice

import numpy as np
import numpy.typing as npt

from poise.errors import InvalidValueError
from poise.export.drawing import Picture

FASTEST = 2
"""Hundredths of a second: browsers slow down what claims to be faster."""

SAMPLED = 24
"""Pictures whose colours are counted."""

GRID = np.stack(np.meshgrid(np.linspace(32, 224, 4), np.linspace(16, 240, 8), np.linspace(32, 224, 4)), -1).reshape(
    -1, 3
)
"""Colours from all over, for pictures that have more than a GIF."""

_Indices = npt.NDArray[np.uint8]


def encode(pictures: Iterable[Picture], seconds: float, last_seconds: float = 1.0) -> bytes:
    """A GIF that begins again at its end.

    Args:
        pictures: of equal size, shape (height, width, 3).
        seconds: how long each is shown; a hundredth is the unit, two the least.
        last_seconds: how long the last one is shown.

    Raises:
        InvalidValueError: there is no picture.
    """
    coming = iter(pictures)
    sample = list(islice(coming, 1))
    if not sample:
        raise InvalidValueError("expected at least one picture")
    everything = [*sample, *coming]
    palette, table = _palette(everything[:: max(1, len(everything) // SAMPLED)])
    height, width, _ = sample[0].shape
    parts = [b"GIF89a", struct.pack("<HHBBB", width, height, 0xF7, 0, 0), palette.tobytes()]
    parts.append(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00")  # without an end
    before: _Indices | None = None
    waiting = 0.0
    for number, picture in enumerate(everything):
        waiting += 100 * (last_seconds if number == len(everything) - 1 else seconds)
        now = table[_cells(picture)]
        delay = max(FASTEST, int(waiting))
        waiting -= delay
        parts.append(_frame(now, before, delay))
        before = now
    return b"".join([*parts, b";"])


def _frame(now: _Indices, before: _Indices | None, delay: int) -> bytes:
    top, left, bottom, right = 0, 0, *now.shape
    if before is not None:
        changed = now != before
        rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
        top, bottom = (int(rows[0]), int(rows[-1]) + 1) if rows.size else (0, 1)
        left, right = (int(columns[0]), int(columns[-1]) + 1) if columns.size else (0, 1)
    control = b"\x21\xf9\x04" + struct.pack("<BHBB", 0x04, delay, 0, 0)
    place = b"\x2c" + struct.pack("<HHHHB", left, top, right - left, bottom - top, 0)
    data = lzw(np.ascontiguousarray(now[top:bottom, left:right]).tobytes())
    blocks = [bytes([len(data[at : at + 255])]) + data[at : at + 255] for at in range(0, len(data), 255)]
    return b"".join([control, place, b"\x08", *blocks, b"\x00"])


def lzw(values: bytes) -> bytes:
    """Bytes as GIF's variable-width LZW codes, the least significant bit first."""
    clear, end, most = 256, 257, 4096
    codes: dict[int, int] = {}
    following, width = end + 1, 9
    bits, count = clear, 9
    out = bytearray()
    prefix = values[0]
    for value in values[1:]:
        key = prefix << 8 | value
        known = codes.get(key)
        if known is not None:
            prefix = known
            continue
        bits |= prefix << count
        count += width
        if following == 1 << width:
            width += 1
        if following < most:
            codes[key] = following
            following += 1
        else:
            bits |= clear << count
            count += 12
            codes.clear()
            following, width = end + 1, 9
        prefix = value
        if count >= 64:
            out += (bits & 0xFFFFFFFFFFFFFFFF).to_bytes(8, "little")
            bits >>= 64
            count -= 64
    bits |= prefix << count
    count += width
    if following == 1 << width and width < 12:
        width += 1
    bits |= end << count
    count += width
    return bytes(out + bits.to_bytes((count + 7) // 8, "little"))


def _cells(picture: Picture) -> npt.NDArray[np.uint16]:
    """The cell of each pixel: five bits of red, green and blue."""
    wide = picture.astype(np.uint16) >> 3
    return np.asarray(wide[..., 0] << 10 | wide[..., 1] << 5 | wide[..., 2], dtype=np.uint16)


def _palette(sample: list[Picture]) -> tuple[_Indices, _Indices]:
    """The colours, shape (256, 3), and the nearest one's number for each cell."""
    pixels = np.concatenate([picture.reshape(-1, 3) for picture in sample])
    cells = _cells(pixels)
    counts = np.bincount(cells, minlength=32768)
    found = int((counts > 0).sum())
    used = np.argsort(-counts, kind="stable")[: found if found <= 256 else 256 - len(GRID)]
    sums = np.stack([np.bincount(cells, weights=pixels[:, channel], minlength=32768)[used] for channel in range(3)], 1)
    colours = sums / counts[used][:, None]
    if found > 256:  # what is rare must not be far from everything
        colours = np.concatenate([colours, GRID])
    every = np.arange(32768)
    centres = np.stack([every >> 10, every >> 5 & 31, every & 31], 1) * 8.0 + 4.0
    distances = (centres**2).sum(1)[:, None] - 2 * centres @ colours.T + (colours**2).sum(1)
    table = distances.argmin(1).astype(np.uint8)
    table[used] = np.arange(len(used), dtype=np.uint8)
    palette = np.zeros((256, 3), dtype=np.uint8)
    palette[: len(colours)] = np.rint(colours)
    return palette, table
