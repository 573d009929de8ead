"""Pareto frontier of systems: no other system gains more for less."""

from __future__ import annotations

from collections.abc import Sequence

Point = tuple[float, float]
"""Input and gain."""


def pareto_frontier(points: Sequence[Point]) -> list[Point]:
    """Compute the Pareto frontier of (input, gain) points, in ascending order of input.

    A point is dominated by a different one that gains at least as much for no more. Equal points are listed once.
    """
    best: list[Point] = []
    for put_in, gained in sorted(set(points), key=lambda point: (point[0], -point[1])):
        if not best or gained > best[-1][1]:
            best.append((put_in, gained))
    return best
