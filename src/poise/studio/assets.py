"""The page's own files, read once at start: no path from a request ever reaches the file system."""

from __future__ import annotations

import gzip
import hashlib
import posixpath
import re
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

_IMPORT = re.compile(r'^(?:import|export) [^;]*?from "(\.[^"]+)";$', re.MULTILINE)


@dataclass(frozen=True)
class Asset:
    """One file.

    Attributes:
        content: its bytes.
        compressed: the same, by gzip.
        media_type: what it is.
        tag: changes with its content; the browser asks with it whether it must load the file again.
    """

    content: bytes
    compressed: bytes
    media_type: str
    tag: str

    @classmethod
    def of(cls, content: bytes, media_type: str) -> Asset:
        """A file by its bytes."""
        tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        return cls(content, gzip.compress(content, mtime=0), media_type, tag)


@cache
def load() -> Mapping[str, Asset]:
    """Every file of the page by its name under ``static/``, folders with slashes: ``renderers/cartpole.js``."""
    return dict(_walk(files("poise.studio") / "static", ""))


@cache
def page(view: str | None, home: str) -> Asset:
    """``index.html`` made ready for one view: what that view needs is loaded at once, not one file after the other.

    Args:
        view: the view at the address; a file in ``views/``, and perhaps one in ``style/``. ``None`` if there is none:
            then the page says so.
        home: the view at ``/``.
    """
    assets = load()
    links = [f'<link rel="modulepreload" href="/static/{name}">' for name in needed(view)]
    if f"style/{view}.css" in assets:
        links.insert(0, f'<link rel="stylesheet" href="/static/style/{view}.css" data-view-style>')
    text = assets["index.html"].content.decode().replace("<!-- of the view -->", "\n  ".join(links))
    return Asset.of(text.replace('data-home=""', f'data-home="{home}"').encode(), MEDIA_TYPES[".html"])


def needed(view: str | None) -> list[str]:
    """The modules that the page loads to show a view first, in the order of their names."""
    assets, found = load(), set[str]()
    pending = ["main.js"] if view is None else ["main.js", f"views/{view}.js"]
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += imports(name, assets[name])
    return sorted(found - {"main.js"})


def imports(name: str, asset: Asset) -> list[str]:
    """The modules that a module imports at its top, by their names under ``static/``."""
    folder = posixpath.dirname(name)
    return [posixpath.normpath(posixpath.join(folder, target)) for target in _IMPORT.findall(asset.content.decode())]


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, Asset]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif (suffix := entry.name[entry.name.rfind(".") :]) in MEDIA_TYPES:
            yield prefix + entry.name, Asset.of(entry.read_bytes(), MEDIA_TYPES[suffix])
