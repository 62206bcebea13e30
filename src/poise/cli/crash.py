"""The report of a fault of poise itself: what its authors need to find it, and as little of the user's as can be."""

from __future__ import annotations

import platform
import re
import tempfile
import traceback
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path


def write_report(error: BaseException, arguments: Sequence[str]) -> Path | None:
    """Writes a report to the system's folder for temporary files.

    It has the versions, the names of the command's options without their values, and the traceback without the values
    of variables; the home folder is written as ``~``.

    Args:
        error: what was raised.
        arguments: the command line.

    Returns:
        The file; ``None`` if it could not be written.
    """
    packages = {name: metadata.version(name) for name in ("poise", "gymnasium", "numpy", "numba")}
    lines = [
        f"poise {packages.pop('poise')}, Python {platform.python_version()}, {platform.platform()}",
        ", ".join(f"{name} {version}" for name, version in packages.items()),
        "command: poise " + " ".join(_without_values(arguments)),
        "",
        *traceback.format_exception(error),
    ]
    text = re.sub(re.escape(str(Path.home())) + r"(?=[/\\])", "~", "\n".join(line.rstrip("\n") for line in lines))
    try:
        handle, name = tempfile.mkstemp(prefix="poise-fault-", suffix=".txt")
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        return Path(name)
    except OSError:
        return None


def _without_values(arguments: Sequence[str]) -> list[str]:
    """The command and the names of its options."""
    return [*arguments[:1], *(argument.partition("=")[0] for argument in arguments[1:] if argument.startswith("-"))]
