"""Rank sets of thousands of systems: equal to `rank_sets.py`, in the memory of a byte for each pair.

A p-value is kept as a number of hits: the one of this many flips out of all, or, for many tasks, of STEPS. Above the
level it need not be exact, since no number of other pairs can make such a pair significant. A pair's result does not
depend on the others, so a new system is tested only against the existing ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leaderboard.ranking.rank_sets import LEVEL, Floats, RankSet, count_flips, count_steps, p_of_hits
from leaderboard.ranking.skew_test import skewness_statistics, student_threshold

Hits = NDArray[np.uint8]
_BLOCK = 256
"""Systems whose pairs with all others are in memory at once."""


@dataclass(frozen=True, eq=False)
class PairwiseTests:
    """Results of testing systems in all pairs."""

    values: Floats
    """Shape (systems, tasks)."""
    hits: Hits
    """Hits of each pair, up to a non-significant number."""


def run_pairwise_tests(values: Floats, before: PairwiseTests | None = None) -> PairwiseTests:
    """Test all pairs of systems; pairs in `before` with identical values are not tested again."""
    size = len(values)
    hits = np.zeros((size, size), dtype=np.uint8)
    known = _positions_before(values, before)
    old, new = np.flatnonzero(known >= 0), np.flatnonzero(known < 0)
    if before is not None:
        for some in _split_blocks(old):
            hits[np.ix_(some, old)] = before.hits[np.ix_(known[some], known[old])]
    thresholds = _hit_thresholds(values.shape[1])
    for some in _split_blocks(new):
        hits[some] = _count_hits(values, some, thresholds)
        hits[:, some] = hits[some].T
    return PairwiseTests(values, hits)


def _positions_before(values: Floats, before: PairwiseTests | None) -> NDArray[np.intp]:
    """Position of each system in `before`; -1 for a new one."""
    if before is None or before.values.shape[1] != values.shape[1]:
        return np.full(len(values), -1, dtype=np.intp)
    places = {row.tobytes(): at for at, row in enumerate(before.values)}
    return np.array([places.get(row.tobytes(), -1) for row in values], dtype=np.intp)


def _count_hits(values: Floats, some: NDArray[np.intp], thresholds: Floats) -> Hits:
    """Hits of some systems with all, shape (some, systems)."""
    below = np.searchsorted(thresholds, skewness_statistics(values, some), side="right")
    found = (len(thresholds) - below).astype(np.uint8)
    for at, hits in count_flips(values, some):
        found[at] = np.maximum(found[at], np.minimum(hits, len(thresholds)).astype(np.uint8))
    return found


def _hit_thresholds(tasks: int) -> Floats:
    """Statistics whose p-values are those of 0, 1 … hits up to the level, ascending."""
    freedom = max(tasks - 1, 1)
    return np.array([student_threshold(p_of_hits(hits, tasks), freedom) for hits in range(cap_of(tasks))])[::-1]


def _split_blocks(systems: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """Split systems into blocks: all pairs of ten thousand take a hundred megabytes, and a copy as many again."""
    return (systems[start : start + _BLOCK] for start in range(0, len(systems), _BLOCK))


def cap_of(tasks: int, level: float = LEVEL) -> int:
    """Return the fewest hits that put a pair above the level."""
    # A byte holds it: 250 of 10,000 steps at the level of 2.5%.
    return next(hits for hits in range(count_steps(tasks) + 2) if p_of_hits(hits, tasks) > level)


def rank_sets_from_tests(found: PairwiseTests, level: float = LEVEL) -> list[RankSet]:
    """Compute the rank set of every system, equal to that of `rank_sets`."""
    size, tasks = found.values.shape
    most = _most_hits(found.hits, tasks, level)
    means = found.values.mean(axis=1)
    order = np.argsort(-means, kind="stable")
    reach, better, worse = (np.empty(size, dtype=np.intp) for _ in range(3))
    for place, one in enumerate(order):
        parted = (found.hits[one] <= most) & (means != means[one])
        parted[one] = False
        better[one] = np.count_nonzero(parted & (means > means[one]))
        worse[one] = np.count_nonzero(parted & (means < means[one]))
        reach[place] = np.flatnonzero(~parted[order])[-1]
    reach = np.maximum.accumulate(reach)
    ends = np.flatnonzero(reach == np.arange(size))
    starts = np.concatenate([[0], ends + 1])
    group = np.empty(size, dtype=np.intp)
    group[order] = np.searchsorted(ends, np.arange(size))
    return [
        RankSet(int(starts[at]) + 1, int(ends[at]) + 1, int(at) + 1, int(above), int(below))
        for at, above, below in zip(group, better, worse, strict=True)
    ]


def _most_hits(hits: Hits, tasks: int, level: float) -> int:
    """Most hits of a significant pair by Benjamini and Hochberg's procedure over all pairs; -1 if none is."""
    size = len(hits)
    pairs = size * (size - 1) // 2
    counted = np.zeros(cap_of(tasks, level) + 1, dtype=np.int64)
    for one in range(size - 1):
        counted += np.bincount(hits[one, one + 1 :], minlength=len(counted))
    below = np.cumsum(counted)
    sound = [at for at in range(len(counted)) if below[at] and p_of_hits(at, tasks) * pairs / below[at] <= level]
    return max(sound, default=-1)
