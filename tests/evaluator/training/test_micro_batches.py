from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evaluator.training.rank.micro_batches import balance_sizes, build_micro_batches

LENGTHS = st.lists(st.integers(1, 60), min_size=1, max_size=16)
RANKS = st.integers(1, 9)
MOST = st.integers(1, 100)


@given(LENGTHS, RANKS, MOST)
def test_every_row_is_trained_once_and_no_pass_is_too_large(lengths: list[int], ranks: int, most: int) -> None:
    shared = build_micro_batches(lengths, ranks, most)
    passes = [one for rank in shared for one in rank]
    assert sorted(row for one in passes for row in one) == list(range(len(lengths)))
    assert all(len(one) <= 1 or sum(lengths[row] for row in one) <= most for one in passes)


@given(LENGTHS, RANKS, MOST)
def test_all_ranks_make_equally_many_passes(lengths: list[int], ranks: int, most: int) -> None:
    """Ranks need not divide the rows; a rank that has none passes for the others' sake."""
    shared = build_micro_batches(lengths, ranks, most)
    assert len(shared) == ranks
    assert len({len(rank) for rank in shared}) == 1
    assert shared[0]
    assert any(rank[-1] for rank in shared), "no pass is for nothing on every rank"


@given(LENGTHS, RANKS, MOST)
def test_tokens_are_balanced_and_the_sharing_repeats(lengths: list[int], ranks: int, most: int) -> None:
    shared = build_micro_batches(lengths, ranks, most)
    tokens = [sum(lengths[row] for one in rank for row in one) for rank in shared]
    assert max(tokens) - min(tokens) <= max(lengths)
    assert build_micro_batches(list(lengths), ranks, most) == shared


@given(LENGTHS, MOST)
def test_passes_are_not_wasted(lengths: list[int], most: int) -> None:
    """First fit leaves no two passes that would fit in one."""
    (passes,) = build_micro_batches(lengths, 1, most)
    sizes = sorted(sum(lengths[row] for row in one) for one in passes)
    assert len(sizes) < 2 or sizes[0] + sizes[1] > most


def test_the_longest_go_first() -> None:
    assert balance_sizes([1, 5, 4, 2], 2) == [[1, 0], [2, 3]]
    assert build_micro_batches([3, 9, 4, 2], 2, 6) == [[[1], []], [[2, 3], [0]]]
