"""Row as a lenient reader yields it."""

from __future__ import annotations

from dataclasses import dataclass

HAND_FIX = "Fix it by hand."


@dataclass(frozen=True, slots=True)
class LenientRow:
    """One row as read."""

    line: int
    """First line of the row, counted from 1."""
    value: object
    """Parsed value; None if it is unreadable."""
    raw: str
    """JSON on one line: the output for a row without repairs."""
    rewrite: bool = False
    """True for a text that, though readable, is no strict JSON."""
