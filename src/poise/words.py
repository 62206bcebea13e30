"""Numbers in sentences."""

from __future__ import annotations


def counted(number: float, word: str) -> str:
    """A count with its word, in one or many: "1 step", "2,000 steps"."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
