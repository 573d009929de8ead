"""The rank sets of thousands are those of the plain test."""

from __future__ import annotations

import numpy as np
import pytest

from leaderboard.ranking.pairwise_tests import rank_sets_from_tests, run_pairwise_tests
from leaderboard.ranking.rank_sets import Floats, rank_sets


def values(systems: int, tasks: int, seed: int = 0) -> Floats:
    """Systems of different worth, rounded so that some sums are equal, with two that are the same."""
    rng = np.random.default_rng(seed)
    found: Floats = rng.uniform(0, 0.6, (systems, 1)) + rng.normal(0, 0.2, tasks) + rng.normal(0, 0.2, (systems, tasks))
    found[3] = found[4]
    return found.round(2)


@pytest.mark.parametrize(("systems", "tasks"), [(30, 60), (25, 15), (25, 8), (6, 3)])
def test_the_sets_are_the_same(systems: int, tasks: int) -> None:
    table = values(systems, tasks)
    assert rank_sets_from_tests(run_pairwise_tests(table)) == rank_sets(table)


def test_what_was_counted_before_serves_again() -> None:
    table = values(30, 40)
    before = run_pairwise_tests(table[:-4])
    after = np.concatenate([table[-4:], table[2:-4]])
    assert rank_sets_from_tests(run_pairwise_tests(after, before)) == rank_sets(after)


def test_one_system_alone_is_first() -> None:
    (only,) = rank_sets_from_tests(run_pairwise_tests(values(5, 20)[:1]))
    assert (only.first, only.last, only.better, only.worse) == (1, 1, 0, 0)
