"""Numbers in sentences."""

from __future__ import annotations


def number(value: float) -> str:
    """A return with as many digits as make sense to a person: of a small one three figures, whatever its unit."""
    if abs(value) >= 10:
        return f"{value:,.1f}"
    return f"{abs(value):.3f}" if value == 0 else f"{value:.3f}" if abs(value) >= 0.01 else f"{value:.3g}"


def counted(number: float, word: str) -> str:
    """A count with its word, in one or many: "1 step", "2,000 steps"."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
