"""One HTML file that replays an episode: the page's own modules and styles as data within it. It needs no server."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping

from poise.errors import InvalidValueError
from poise.types import Json

STYLES = ("tokens", "page", "panels", "replay")

ENTRY = """
import { listenToTheme } from "poise/theme_switch.js";
import { showReplay } from "poise/views/replay.js";
const episode = JSON.parse(document.getElementById("episode-data").textContent);
const root = document.getElementById("view");
root.className = "view-replay";
root.dataset.view = "replay";
const app = { signal: new AbortController().signal, title: (text) => { document.title = `${text} · poise`; }, go() {} };
const place = { view: "replay", run: null, rest: "", query: new URLSearchParams(location.search) };
listenToTheme();
showReplay(root, place, app, { fetch: async () => episode, onlyOne: true });
"""

_IMPORT = re.compile(r'^((?:import|export) [^;]*?from ")(\.[^"]+)(";)$', re.MULTILINE)


def encode(episode: Json, files: Mapping[str, bytes], modules: Iterable[str]) -> str:
    """The file.

    Args:
        episode: as `poise.studio.episodes.Episode.to_json` describes it.
        files: the page's own files by their names under ``static/``.
        modules: names of the modules that the replay needs.

    Raises:
        InvalidValueError: the page's ``index.html`` is not what this was written for.
    """
    imports = {f"poise/{name}": _module(name, files[name].decode()) for name in modules}
    style = "\n".join(files[f"style/{name}.css"].decode() for name in STYLES)
    icon = base64.b64encode(files["icon.svg"]).decode()
    page = files["index.html"].decode()
    changes = (
        (r'href="/static/icon\.svg"', f'href="data:image/svg+xml;base64,{icon}"'),
        (r'(?s)<link rel="stylesheet".*panels\.css">', f"<style>\n{style}\n</style>"),
        (r'<script src="/static/theme\.js"></script>', f"<script>\n{files['theme.js'].decode()}</script>"),
        (
            r'<script type="module" src="/static/main\.js"></script>',
            f'<script type="importmap">{json.dumps({"imports": imports})}</script>',
        ),
        (r"(?s)<nav .*?</nav>", ""),
        (r'<a class="brand" href="/" aria-label="poise: home">(?s:(.*?))</a>', r'<span class="brand">\1</span>'),
        (
            r"<noscript>.*?</noscript>",
            "<noscript>This page is drawn with JavaScript, all of it in this file.</noscript>",
        ),
        (
            r"</body>",
            f'<script type="application/json" id="episode-data">{_within(episode)}</script>\n'
            f'<script type="module">{ENTRY}</script>\n</body>',
        ),
    )
    for pattern, replacement in changes:
        text = replacement if r"\1" in replacement else replacement.replace("\\", r"\\")
        page, count = re.subn(pattern, text, page)
        if count != 1:
            raise InvalidValueError(f"index.html has {count} places like {pattern}, expected one")
    return page


def _module(name: str, text: str) -> str:
    """A module as data, its imports by names that the import map knows."""
    folder = name.split("/")[:-1]

    def absolute(found: re.Match[str]) -> str:
        parts = list(folder)
        for part in found[2].split("/"):
            if part == "..":
                parts.pop()
            elif part != ".":
                parts.append(part)
        return f"{found[1]}poise/{'/'.join(parts)}{found[3]}"

    return "data:text/javascript;base64," + base64.b64encode(_IMPORT.sub(absolute, text).encode()).decode()


def _within(episode: Json) -> str:
    """JSON that cannot end the script element that it stands in."""
    return json.dumps(episode, allow_nan=False, ensure_ascii=False).replace("<", "\\u003c")
