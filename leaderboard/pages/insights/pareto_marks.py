"""Marks the systems that gain the most for what was put in: the part that rows, tokens and cost share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from leaderboard.pages.insights.base import Pair
from leaderboard.pages.insights.pareto import Point, pareto_frontier

MAX_LABELS = 12
"""Systems that a sentence can still list."""


def mark_frontier(
    pairs: Sequence[Pair], x: str, mark: str = "frontier", group: Callable[[Any], str] = lambda _row: ""
) -> tuple[list[Pair], list[list[Point]]]:
    """The pairs with the field `mark` of their rows set, and the frontier of each group.

    Where nothing was put in, or nobody knows how much, `mark` stays None: nothing for nothing is no bargain.
    """
    points: dict[str, list[Point]] = {}
    for _, row in pairs:
        if getattr(row, x):
            points.setdefault(group(row), []).append((getattr(row, x), row.fine_tune))
    best = {name: pareto_frontier(found) for name, found in points.items()}
    found = [
        (of, replace(row, **{mark: (getattr(row, x), row.fine_tune) in best[group(row)]}) if getattr(row, x) else row)
        for of, row in pairs
    ]
    return found, list(best.values())


def frontier_sentence(pairs: Sequence[Pair], what: str) -> str:
    """Which systems are on the frontier, as a sentence after another; nothing for fewer than two systems."""
    named = frontier_numbers(pairs)
    return f" On the frontier, where no other gains more for {what}: {named}." if named else ""


def frontier_numbers(pairs: Sequence[Pair], mark: str = "frontier") -> str:
    """The systems on a frontier by their numbers, or how many there are; nothing for fewer than two systems."""
    rows = [row for _, row in pairs if getattr(row, mark) is not None]
    best = [str(row.number) for row in rows if getattr(row, mark)]
    if len(rows) < 2:
        return ""
    if len(best) > MAX_LABELS:
        return f"{len(best):,} of {len(rows):,} systems"
    return f"number {best[0]}" if len(best) == 1 else f"numbers {', '.join(best[:-1])} and {best[-1]}"
