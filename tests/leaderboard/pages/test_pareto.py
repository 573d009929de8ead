"""Who gains the most for what was put in."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from leaderboard.insights.pareto import Point, pareto_frontier

points = st.lists(st.tuples(st.integers(0, 9).map(float), st.integers(-5, 5).map(float)), max_size=12)


@given(points)
def test_it_holds_exactly_the_points_that_no_other_beats(found: list[Point]) -> None:
    def beaten(mine: Point) -> bool:
        return any(one <= mine[0] and two >= mine[1] and (one, two) != mine for one, two in found)

    assert pareto_frontier(found) == sorted(point for point in set(found) if not beaten(point))


@given(points)
def test_more_is_put_in_only_for_more(found: list[Point]) -> None:
    best = pareto_frontier(found)
    assert bool(best) == bool(found)
    assert all(one[0] < two[0] and one[1] < two[1] for one, two in pairwise(best))


def test_of_equals_in_one_thing_the_better_in_the_other_stays() -> None:
    assert pareto_frontier([(1, 2), (1, 3), (2, 3), (4, 3.5), (3, 3.5)]) == [(1, 3), (3, 3.5)]
