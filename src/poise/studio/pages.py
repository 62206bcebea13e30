"""Which view stands at which address of the page. `static/address.js` reads the same addresses in the browser."""

from __future__ import annotations

VIEWS = ("runs", "run", "replay", "train", "tinker", "compare", "learn", "play", "played")
"""The views, each a module in ``static/views/``."""

OF_A_POLICY = ("replay", "tinker")
"""Views of one policy: a run's stand under ``/runs/NAME/…``, those of the one that was opened directly under ``/…``."""

HOME_WITH_POLICY, HOME_WITHOUT = "replay", "runs"


def view_of(path: str, home: str) -> str | None:
    """The view at a path of the page; ``None`` if there is none.

    ``/`` is the home view; ``/runs`` the list; ``/runs/NAME`` a run, whose name may hold slashes, and
    ``/runs/NAME/replay`` its replay; every other view has its own name, and perhaps more behind it.
    """
    parts = [part for part in path.split("/") if part]
    if not parts:
        return home
    if parts[0] != "runs":
        return parts[0] if parts[0] in VIEWS and parts[0] != "run" else None
    if len(parts) == 1:
        return "runs"
    return parts[-1] if parts[-1] in OF_A_POLICY and len(parts) > 2 else "run"
