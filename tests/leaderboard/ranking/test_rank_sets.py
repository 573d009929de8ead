from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from benchmarks.scoring.coverage import BOARDS, SimulatedBoard, rank_sharing
from leaderboard.ranking.rank_sets import (
    RankSet,
    benjamini_hochberg,
    compare_pairs,
    pair_p,
    rank_sets,
    rank_sets_of,
    sign_flip,
)
from tests.support.sweeps import sweep

CHANCE = np.random.default_rng(20)
LADDER = (0.8, 0.79, 0.5, 0.49, 0.48, 0.1)
"""Qualities in three clear steps."""


def gains(qualities: tuple[float, ...], tasks: int = 60, noise: float = 0.1, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    own = rng.normal(0, noise, (len(qualities), tasks))
    return np.array(qualities)[:, None] + rng.normal(0, 0.3, tasks) + own - own.mean(axis=1, keepdims=True)


@pytest.mark.parametrize("tasks", [1, 2, 5, 9])
def test_few_tasks_are_flipped_in_every_way(tasks: int) -> None:
    differences = CHANCE.normal(0.3, 1, (6, tasks))
    ways = np.array(list(itertools.product((1, -1), repeat=tasks)))
    sums = np.abs(differences @ ways.T)
    expected = (sums >= np.abs(differences.sum(axis=1, keepdims=True)) - 1e-9).mean(axis=1)
    assert sign_flip(differences) == pytest.approx(expected)
    assert (pair_p(differences) >= sign_flip(differences)).all()
    with pytest.raises(ValueError, match="10 tasks have too many flips"):
        sign_flip(np.zeros((1, 10)))


def test_p_is_uniform_for_equal_systems() -> None:
    """Never above the level, and near it for differences of one shape."""
    for tasks in (12, 30, 208):
        p = pair_p(np.random.default_rng(3).normal(0, 1, (20_000, tasks)))
        for level in (0.01, 0.025, 0.05):
            assert 0.65 * level < (p <= level).mean() <= level + 3 * np.sqrt(level / 20_000)


def test_no_difference_is_no_evidence() -> None:
    nothing = np.zeros((2, 40))
    nothing[1] = 1e-17
    assert (pair_p(nothing) == 1).all()
    assert (pair_p(nothing[:, :4]) == 1).all()


def test_sums_that_differ_by_rounding_are_ties() -> None:
    thirds = np.array([[0.1, 0.2, -0.3, 0.3, 0.6, -0.1]])
    whole = np.round(thirds * 10)
    assert sign_flip(thirds) == sign_flip(whole)


def test_adjusted_p_values_are_those_of_benjamini_and_hochberg() -> None:
    p = CHANCE.uniform(0, 1, 50) ** 3
    assert benjamini_hochberg(p) == pytest.approx(stats.false_discovery_control(p))
    assert len(benjamini_hochberg([])) == 0
    with pytest.raises(ValueError, match="p-value 1 is not between 0 and 1"):
        benjamini_hochberg([0.5, np.nan])


def test_all_pairs_at_once_are_the_pairs_one_by_one() -> None:
    for tasks in (7, 60):
        values = gains(LADDER, tasks, noise=0.3)
        compared = compare_pairs(values)
        for one, other in itertools.combinations(range(len(values)), 2):
            expected = pair_p((values[one] - values[other])[None])[0]
            assert compared.p[one, other] == compared.p[other, one] == pytest.approx(expected)
    assert (np.diag(compared.p) == 1).all()


def test_clear_steps_become_groups() -> None:
    assert rank_sets(gains(LADDER)) == [
        RankSet(1, 2, 1, better=0, worse=4),
        RankSet(1, 2, 1, better=0, worse=4),
        RankSet(3, 5, 2, better=2, worse=1),
        RankSet(3, 5, 2, better=2, worse=1),
        RankSet(3, 5, 2, better=2, worse=1),
        RankSet(6, 6, 3, better=5, worse=0),
    ]


def test_a_chain_shares_its_places_and_keeps_what_each_test_says() -> None:
    top, *_, bottom = found = rank_sets(gains((0.6, 0.575, 0.55, 0.525, 0.5), noise=0.1))
    assert {(one.first, one.last, one.group) for one in found} == {(1, 5, 1)}
    assert top.worse > 0
    assert bottom.better > 0


def test_the_order_of_the_systems_changes_nothing() -> None:
    values = gains((*LADDER, 0.5, 0.3, 0.3), noise=0.3)
    values[-1] = values[-2]
    straight = rank_sets(values)
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(len(values))
        assert rank_sets(values[order]) == [straight[at] for at in order]


def test_a_filtered_board_is_the_board_of_those_rows() -> None:
    values, chosen = gains(LADDER, noise=0.3), [4, 0, 5, 2]
    assert rank_sets_of(compare_pairs(values).select_systems(chosen)) == rank_sets(values[chosen])


def test_small_boards() -> None:
    assert rank_sets(np.empty((0, 3))) == []
    assert rank_sets([[0.1, 0.2]]) == [RankSet(1, 1, 1, 0, 0)]
    assert rank_sets([[0.1, 0.2], [0.1, 0.2]]) == [RankSet(1, 2, 1, 0, 0)] * 2


def test_a_value_that_is_no_number_is_named() -> None:
    values = np.zeros((3, 4))
    values[2, 1] = np.nan
    with pytest.raises(ValueError, match="system 2 has no number at task 1"):
        rank_sets(values)
    with pytest.raises(ValueError, match="at least one task"):
        rank_sets(np.zeros((3, 0)))


@pytest.mark.integration
@pytest.mark.parametrize("board", sweep(BOARDS[:6], in_short=BOARDS[1:5:3]), ids=lambda board: board.name)
def test_equal_systems_share_their_rank_set(board: SimulatedBoard) -> None:
    """At least 95 times in 100, alone and among others; the standard error of 500 boards is 0.7 points at 97.5%."""
    worlds = 500 if board.others < 20 else 150
    assert rank_sharing(board, worlds, seed=5).share >= 0.95


@pytest.mark.integration
def test_a_system_s_own_tests_would_part_equal_systems() -> None:
    """Why the sets are not made of each system's own tests."""
    assert rank_sharing(BOARDS[2], 200).alone < 0.8


@pytest.mark.integration
def test_clearly_different_systems_are_parted() -> None:
    """Two sets of three, five standard errors of a difference apart: parted where all nine tests say so."""
    error = 0.3 * np.sqrt(2 / 208)
    found = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        quality = np.repeat([0.5, 0.5 - 5 * error], 3)
        groups = [one.group for one in rank_sets(quality[:, None] + rng.normal(0, 0.3, (6, 208)))]
        found.append(max(groups[:3]) < min(groups[3:]))
    assert np.mean(found) >= 0.9
