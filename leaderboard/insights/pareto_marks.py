"""Marks systems on the Pareto frontier of a figure against what it took."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from leaderboard.insights.insight import Pair
from leaderboard.insights.pareto import Point, pareto_frontier

MAX_LABELS = 12
"""Maximum number of systems listed in a sentence."""


def mark_frontier(
    pairs: Sequence[Pair], x: str, y: str, mark: str = "frontier", group: Callable[[Any], str] = lambda _row: ""
) -> tuple[list[Pair], list[list[Point]]]:
    """Set the field `mark` of the pairs' rows by their fields `x` and `y`; also return the frontier of each group.

    If the input is zero or unknown, `mark` stays None.
    """
    points: dict[str, list[Point]] = {}
    for _, row in pairs:
        if getattr(row, x):
            points.setdefault(group(row), []).append((getattr(row, x), getattr(row, y)))
    best = {name: pareto_frontier(found) for name, found in points.items()}
    found = [
        (of, replace(row, **{mark: (getattr(row, x), getattr(row, y)) in best[group(row)]}) if getattr(row, x) else row)
        for of, row in pairs
    ]
    return found, list(best.values())


def frontier_sentence(pairs: Sequence[Pair], what: str) -> str:
    """Describe the systems on the frontier in an appended sentence; empty for fewer than two systems."""
    named = frontier_numbers(pairs)
    return f" On the frontier, where no other gains more for {what}: {named}." if named else ""


def frontier_numbers(pairs: Sequence[Pair], mark: str = "frontier") -> str:
    """List the numbers of the systems on a frontier, or only count them; empty for fewer than two systems."""
    rows = [row for _, row in pairs if getattr(row, mark) is not None]
    best = [str(row.number) for row in rows if getattr(row, mark)]
    if len(rows) < 2:
        return ""
    if len(best) > MAX_LABELS:
        return f"{len(best):,} of {len(rows):,} systems"
    return f"number {best[0]}" if len(best) == 1 else f"numbers {', '.join(best[:-1])} and {best[-1]}"
