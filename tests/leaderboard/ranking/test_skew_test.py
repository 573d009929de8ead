"""Systems of equal means and unlike shapes are not parted too often, and what a board could have seen."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from benchmarks.scoring.coverage import SHAPES_OF_GAINS, UnlikeShapes, parted_share
from leaderboard.ranking.rank_sets import LEVEL, pair_p
from leaderboard.ranking.skew_test import (
    MIN_RARE,
    MIN_TASKS,
    POWER,
    has_too_few_tasks,
    skewness_p,
    skewness_statistics,
    smallest_visible_difference,
    student_p,
    student_threshold,
)

CHANCE = np.random.default_rng(5)


@pytest.mark.parametrize("shapes", SHAPES_OF_GAINS, ids=lambda shapes: shapes.name)
def test_equal_means_are_not_parted_by_unlike_shapes(shapes: UnlikeShapes) -> None:
    """From the number of tasks on where the rare value is expected five times; the sign-flip test parts up to 9.6%."""
    least = int(np.ceil(MIN_RARE / shapes.share))
    for tasks in (least, least + 3, 2 * least, 4 * least):
        assert parted_share(shapes, tasks, 4_000) <= 1.5 * LEVEL


def test_the_same_holds_the_other_way_round() -> None:
    differences = 0.06 - 1.2 * (CHANCE.random((4_000, 104)) < 0.05) + CHANCE.normal(0, 0.1, (4_000, 104))
    assert (pair_p(differences) == pair_p(-differences)).all()


@pytest.mark.parametrize("freedom", [1, 2, 3, 8, 9, 19, 50, 207])
def test_student_s_p_is_scipy_s(freedom: int) -> None:
    t = np.array([0.0, 0.3, 1.0, 2.2, 5.0, 30.0])
    assert student_p(t, freedom) == pytest.approx(2 * stats.t.sf(t, freedom), abs=1e-12)
    for p in (0.5, 0.025, 1e-4):
        assert student_threshold(p, freedom) == pytest.approx(stats.t.isf(p / 2, freedom))
    assert student_threshold(0.0, freedom) == np.inf


def test_differences_without_skewness_have_student_s_p() -> None:
    half = CHANCE.normal(0, 1, (5, 15))
    even = np.concatenate([half, -half], axis=1) + np.array([[0.0], [0.1], [0.3], [0.5], [-0.5]])
    found = skewness_p(even)
    assert (found >= stats.ttest_1samp(even, 0, axis=1).pvalue - 1e-12).all()
    assert found == pytest.approx(stats.ttest_1samp(even, 0, axis=1).pvalue, abs=0.01)


def test_all_pairs_by_products_are_the_pairs_one_by_one() -> None:
    values = CHANCE.gamma(0.7, 0.4, (12, 31))
    found = skewness_statistics(values, np.arange(12))
    for one in range(12):
        for other in set(range(12)) - {one}:
            expected = skewness_p((values[one] - values[other])[None])[0]
            assert student_p(found[one, other], 30) == pytest.approx(expected, abs=1e-9)


def test_a_rare_value_on_few_tasks_is_too_few() -> None:
    differences = np.full(100, 0.05) + CHANCE.normal(0, 0.01, 100)
    assert not has_too_few_tasks(differences)
    for tasks, too_few in ((1, True), (3, True), (12, False)):
        rare = differences.copy()
        rare[:tasks] -= 1.0
        assert has_too_few_tasks(rare) == too_few
        assert pair_p([rare])[0] > LEVEL
    assert has_too_few_tasks(np.full(MIN_TASKS - 1, 0.2))


def test_a_tie_does_not_speak_against_a_difference() -> None:
    """Eleven tasks won, one that both missed: skew, but no task of the other sign."""
    won = np.append(CHANCE.uniform(0.1, 0.2, 11), 0.0)
    assert pair_p([won])[0] < 0.001
    assert not has_too_few_tasks(won)


def test_the_same_difference_on_every_task_is_seen() -> None:
    assert pair_p([[0.25] * 20])[0] < 0.001
    assert not has_too_few_tasks(np.full(20, 0.25))


def test_the_smallest_visible_difference_is_found_on_four_of_five_boards() -> None:
    spread = CHANCE.normal(0, 0.3, (6_000, 40))
    sizes = [smallest_visible_difference(row, LEVEL) or 0.0 for row in spread[:500]]
    share = (stats.ttest_1samp(spread + np.mean(sizes), 0, axis=1).pvalue <= LEVEL).mean()
    assert share == pytest.approx(POWER, abs=0.02)
    assert smallest_visible_difference(np.array([0.2]), LEVEL) is None
