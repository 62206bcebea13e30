"""poise: small policies for Gymnasium environments, found fast, proven honest, watched live."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from poise.errors import PoiseError as PoiseError
    from poise.rollouts.recording import Recording as Recording
    from poise.runs.assess import certify as certify
    from poise.runs.assess import evaluate as evaluate
    from poise.runs.play import play as play
    from poise.runs.policy import Policy as Policy
    from poise.runs.policy import load as load
    from poise.runs.report import Run as Run
    from poise.runs.train import resume as resume
    from poise.runs.train import train as train

_HOME = {
    "PoiseError": "poise.errors",
    "Policy": "poise.runs.policy",
    "Recording": "poise.rollouts.recording",
    "Run": "poise.runs.report",
    "certify": "poise.runs.assess",
    "evaluate": "poise.runs.assess",
    "load": "poise.runs.policy",
    "play": "poise.runs.play",
    "resume": "poise.runs.train",
    "train": "poise.runs.train",
}

__all__ = sorted([*_HOME, "__version__"])  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first used: `import poise` alone loads nothing."""
    if name == "__version__":
        from importlib.metadata import version

        return version("poise")
    if name not in _HOME:
        raise AttributeError(f"module 'poise' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
