"""GIFs of our own: what a plain decoder reads is what was drawn."""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt
import pytest

from poise.errors import InvalidValueError
from poise.export.gif import encode, lzw

Picture = npt.NDArray[np.uint8]


def unlzw(data: bytes) -> bytes:
    """A plain decoder of GIF's LZW, after the specification's appendix F."""
    codes: list[bytes] = []
    width, bits, count, out = 9, 0, 0, bytearray()
    before: bytes | None = None
    for byte in data:
        bits |= byte << count
        count += 8
        while count >= width:
            code, bits, count = bits & ((1 << width) - 1), bits >> width, count - width
            if code == 257:
                return bytes(out)
            if code == 256:
                codes, width, before = [*(bytes([n]) for n in range(256)), b"", b""], 9, None
                continue
            entry = codes[code] if code < len(codes) else (before or b"") + (before or b"")[:1]
            out += entry
            if before is not None and len(codes) < 4096:
                codes.append(before + entry[:1])
            before = entry
            if len(codes) == 1 << width and width < 12:
                width += 1
    raise AssertionError("no end")


def decode(gif: bytes) -> list[tuple[Picture, int]]:
    """Pictures and hundredths of a second, of the kind of GIF that poise writes."""
    assert gif[:6] == b"GIF89a"
    width, height = struct.unpack("<HH", gif[6:10])
    palette = np.frombuffer(gif[13 : 13 + 768], dtype=np.uint8).reshape(256, 3)
    screen, at, found, delay = np.zeros((height, width), dtype=np.uint8), 13 + 768, [], 0
    while gif[at] != 0x3B:
        if gif[at] == 0x21:
            if gif[at + 1] == 0xF9:
                delay = struct.unpack("<H", gif[at + 4 : at + 6])[0]
            at += 2
        else:
            left, top, wide, high = struct.unpack("<HHHH", gif[at + 1 : at + 9])
            assert gif[at + 10] == 8
            data, at = bytearray(), at + 11
            while gif[at]:
                data += gif[at + 1 : at + 1 + gif[at]]
                at += 1 + gif[at]
            part = np.frombuffer(unlzw(bytes(data)), dtype=np.uint8).reshape(high, wide)
            screen[top : top + high, left : left + wide] = part
            found.append((palette[screen], delay))
        while gif[at]:
            at += 1 + gif[at]
        at += 1
    return found


@pytest.mark.parametrize("size", [1, 2, 255, 3840, 4000, 100_000])
def test_lzw_is_read_back(size: int) -> None:
    generator = np.random.default_rng(size)
    for values in (generator.integers(0, 256, size), generator.integers(0, 2, size), np.zeros(size)):
        plain = values.astype(np.uint8).tobytes()
        assert unlzw(lzw(plain)) == plain


def test_what_moves_is_read_back_with_its_colours_and_its_pace() -> None:
    pictures = [np.full((40, 60, 3), 255, dtype=np.uint8) for _ in range(4)]
    for number, picture in enumerate(pictures):
        picture[10:20, 5 + 9 * number : 15 + 9 * number] = (47, 111, 219)
    pictures[3] = pictures[2]
    found = decode(encode(pictures, 1 / 30))
    assert len(found) == 4
    for (picture, _), drawn in zip(found, pictures, strict=True):
        np.testing.assert_array_equal(picture, drawn)
    assert [delay for _, delay in found[:3]] == [3, 3, 4]


def test_more_colours_than_a_gif_has_become_their_nearest() -> None:
    gradient = np.stack(np.meshgrid(np.arange(0, 256, 4), np.arange(0, 256, 4)), -1)
    picture = np.dstack([gradient, gradient[..., 0]]).astype(np.uint8)
    ((found, _),) = decode(encode([picture], 0.1))
    assert np.abs(found.astype(int) - picture).mean() < 20


def test_no_picture_is_no_gif() -> None:
    with pytest.raises(InvalidValueError, match="at least one picture"):
        encode([], 0.1)
