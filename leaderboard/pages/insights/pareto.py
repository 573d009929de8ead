"""The frontier of systems: those than which no other gains more for less."""

from __future__ import annotations

from collections.abc import Sequence

Point = tuple[float, float]
"""What was put in, and what was gained."""


def pareto_frontier(points: Sequence[Point]) -> list[Point]:
    """The points that no other beats, from the least put in to the most; a point is beaten by one that gains at least
    as much for no more, and is not the same. Equal points are listed once."""
    best: list[Point] = []
    for put_in, gained in sorted(set(points), key=lambda point: (point[0], -point[1])):
        if not best or gained > best[-1][1]:
            best.append((put_in, gained))
    return best
