"""MP4 and WebM, by PyAV (``poise[video]``)."""

from __future__ import annotations

import io
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import numpy as np

from poise.errors import InvalidValueError, MissingDependencyError
from poise.export.drawing import Picture

CODECS = {
    "mp4": ("libx264", {"crf": "20", "preset": "veryfast"}),
    "webm": ("libvpx-vp9", {"crf": "32", "deadline": "realtime"}),
}
"""What each kind of file is written with, and how finely."""


def encode(pictures: Iterable[Picture], fps: float, kind: str) -> bytes:
    """A film.

    Args:
        pictures: of equal size, shape (height, width, 3).
        fps: pictures a second.
        kind: ``"mp4"`` or ``"webm"``.

    Raises:
        InvalidValueError: there is no such kind.
        MissingDependencyError: PyAV is not installed.
    """
    if kind not in CODECS:
        raise InvalidValueError(f"expected a film of kind {' or '.join(CODECS)}, got {kind!r}")
    try:
        import av
    except ImportError as error:
        raise MissingDependencyError("films need PyAV: pip install 'poise[video]'; a GIF needs nothing") from error
    codec, options = CODECS[kind]
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as container:
        stream: Any = None
        for picture in pictures:
            even = picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2]  # colours are halved both ways
            if stream is None:
                stream = container.add_stream(codec, rate=Fraction(fps).limit_denominator(1000), options=options)
                stream.height, stream.width, stream.pix_fmt = even.shape[0], even.shape[1], "yuv420p"
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="rgb24")))
        if stream is not None:
            container.mux(stream.encode(None))
    return file.getvalue()
