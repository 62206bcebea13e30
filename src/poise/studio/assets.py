"""The page's own files, read once at start: no path from a request ever reaches the file system."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""What a file may be; any other in the folder is not served."""


@dataclass(frozen=True)
class Asset:
    """One file.

    Attributes:
        content: its bytes.
        media_type: what it is.
        tag: changes with its content; the browser asks with it whether it must load the file again.
    """

    content: bytes
    media_type: str
    tag: str


@cache
def load() -> Mapping[str, Asset]:
    """Every file of the page by its name under ``static/``, folders with slashes: ``renderers/cartpole.js``."""
    return dict(_walk(files("poise.studio") / "static", ""))


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, Asset]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif (suffix := entry.name[entry.name.rfind(".") :]) in MEDIA_TYPES:
            content = entry.read_bytes()
            tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
            yield prefix + entry.name, Asset(content, MEDIA_TYPES[suffix], tag)
