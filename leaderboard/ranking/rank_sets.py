"""Rank sets such as "2–4" from paired tests of systems over tasks.

Two systems are compared on the same tasks by Student's t, corrected for differences of unlike shapes
(`skew_test.py`), and on few tasks also by all flips of the differences' signs. Over all pairs of a board, Benjamini
and Hochberg's step-up procedure controls the false discovery rate.

A rank set must be the same for systems of the same quality. The obvious definition, from the tests of each system
alone, breaks that: of two equal systems one may fall just inside, one just outside of the range in which a third is
tested, and more often so with more systems. So ranks are cut only where EVERY system above is significantly better
than EVERY system below; between two cuts all share the ranks and the group. Two equal systems are then separated only
if the test separates these very two. The price is power: systems without a gap between them form one set, however far
its ends are apart, and on a dense board no definition can have both. So each system's own test results are reported
beside its set: how many systems are clearly better, and how many clearly worse, than it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from leaderboard.ranking.skew_test import MIN_TASKS, skewness_p, skewness_statistics, student_p

Floats = NDArray[np.float64]

STEPS = 10_000
"""Steps of a p-value for MIN_TASKS tasks and more."""
LEVEL = 0.025
"""Significance level of a board's tests.

Half of the usual 5%: two equal systems then share their set 97.5% of the time, and the promised 95% does not
depend on rounding.
"""
NOISE = 1e-9
"""Largest mean difference that counts as rounding, on the scale of gains and scores."""


@dataclass(frozen=True, slots=True)
class RankSet:
    """Range of ranks that a system may have, counted from 1."""

    first: int
    last: int
    group: int
    """Counted from 1; systems share it if and only if they share their ranks."""
    better: int
    """Systems that are significantly better than this one, tested alone."""
    worse: int
    """Systems that are significantly worse than this one, tested alone."""


@dataclass(frozen=True)
class Comparisons:
    """Test results of all pairs of a board, independent of filters: `select_systems` takes a filtered board's rows."""

    means: Floats
    """Mean of each system over the tasks, shape (systems,)."""
    p: Floats
    """Two-sided p-value of each pair, shape (systems, systems); 1 on the diagonal."""

    def select_systems(self, systems: Sequence[int]) -> Comparisons:
        """Select these systems, in this order."""
        chosen = np.asarray(systems, dtype=np.intp)
        return Comparisons(self.means[chosen], self.p[np.ix_(chosen, chosen)])


def rank_sets(values: ArrayLike, level: float = LEVEL) -> list[RankSet]:
    """Compute the rank set of every system in row order: `rank_sets_of` the result of `compare_pairs`."""
    return rank_sets_of(compare_pairs(values), level)


def compare_pairs(values: ArrayLike) -> Comparisons:
    """Test every pair of systems on values of shape (systems, tasks), larger is better.

    The p-values are those of `pair_p`, and those of a pair do not depend on the other rows. Raises ValueError for a
    value that is no number.
    """
    table = _require_numbers(values, ("system", "task"))
    size, tasks = table.shape
    p = np.ones((size, size))
    for one in range(size):
        statistic = skewness_statistics(table, np.array([one]))[0]
        p[one] = _round_up(student_p(statistic, max(tasks - 1, 1)), tasks)
        for _, hits in count_flips(table, np.array([one])):
            p[one] = np.maximum(p[one], hits / count_steps(tasks))
    return Comparisons(table.mean(axis=1), np.maximum(p, p.T))


def pair_p(differences: ArrayLike) -> Floats:
    """Compute the board's two-sided p-values, one per row of (pairs, tasks).

    Of t corrected for skewness; below MIN_TASKS tasks the larger of that and of the sign-flip test, which tries all
    2^(tasks - 1) flips that differ up to a common sign. Differences of zero give 1. Rounded up to a step, as
    thousands of systems are compared by these. Raises ValueError for a difference that is no number.
    """
    table = _require_numbers(differences, ("pair", "task"))
    found = _round_up(skewness_p(table), table.shape[1])
    return np.maximum(found, sign_flip(table)) if table.shape[1] < MIN_TASKS else found


def sign_flip(differences: ArrayLike) -> Floats:
    """Compute exact two-sided p-values of a paired sign-flip permutation test, one per row of (pairs, tasks).

    The statistic is the absolute sum, over all flips: for MIN_TASKS tasks and more these are too many. Sums that differ
    only by rounding count as equal. Raises ValueError for a difference that is no number, or for so many tasks.
    """
    table = _require_numbers(differences, ("pair", "task"))
    flipped = np.abs(table @ _flip_signs(table.shape[1]))
    wanted = np.abs(table.sum(axis=1)) - NOISE * table.shape[1]
    found: Floats = np.count_nonzero(flipped >= wanted[:, None], axis=1) / flipped.shape[1]
    return found


def count_flips(values: Floats, some: NDArray[np.intp]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Yield the place of each of some systems, and how many flips of its difference from each system are as large.

    Nothing for MIN_TASKS tasks and more. The flips of all pairs are the same, so a flipped difference is the difference
    of two systems' flipped sums.
    """
    tasks = values.shape[1]
    if tasks >= MIN_TASKS:
        return
    centred = values - values.mean(axis=0)
    flipped, sums = centred @ _flip_signs(tasks), centred.sum(axis=1)
    for at, one in enumerate(some):
        wanted = np.abs(sums - sums[one]) - NOISE * tasks
        yield at, np.count_nonzero(np.abs(flipped - flipped[one]) >= wanted[:, None], axis=1)


def count_steps(tasks: int) -> int:
    """Return the number of steps of p-values: all flips of few tasks, else STEPS."""
    return int(2 ** (tasks - 1)) if tasks < MIN_TASKS else STEPS


def p_of_hits(hits: int, tasks: int) -> float:
    """Return the p-value of a number of hits: the share of flips, the unflipped one included, or (hits + 1) steps."""
    return hits / count_steps(tasks) if tasks < MIN_TASKS else (hits + 1) / STEPS


def _round_up(p: Floats, tasks: int) -> Floats:
    steps = count_steps(tasks)
    found = np.clip(np.ceil(p * steps), 0 if tasks < MIN_TASKS else 1, steps)
    return np.asarray(found / steps, dtype=np.float64)


def _flip_signs(tasks: int) -> Floats:
    """Return all signs that differ up to a common one, shape (tasks, flips)."""
    if tasks >= MIN_TASKS:
        raise ValueError(f"{tasks} tasks have too many flips to try all: use pair_p")
    bits = np.arange(2 ** (tasks - 1))[None, :] >> np.arange(tasks)[:, None] & 1
    found: Floats = 1.0 - 2.0 * bits.astype(np.float64)
    return found


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """Adjust p-values, in the order given: those of at most `level` are the discoveries at that level.

    The smallest of p_(j) * m / j over all j from a value's rank to m (Benjamini and Hochberg 1995). Raises ValueError
    for a p that is not in [0, 1].
    """
    given = np.asarray(p, dtype=np.float64).reshape(-1)
    if not ((given >= 0) & (given <= 1)).all():
        raise ValueError(f"p-value {int(np.argmin((given >= 0) & (given <= 1)))} is not between 0 and 1")
    order = np.argsort(given, kind="stable")
    scaled = given[order] * len(given) / np.arange(1, len(given) + 1)
    adjusted = np.empty_like(given)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted


def rank_sets_of(compared: Comparisons, level: float = LEVEL) -> list[RankSet]:
    """Compute the rank set of every system; all pairs count as one family of tests.

    The result does not depend on the order of the systems.
    """
    better = _significantly_better(compared, level)
    order = np.argsort(-compared.means, kind="stable")
    tied = ~(better | better.T)[np.ix_(order, order)]
    # The lowest place that a place's system, or one above it, is still tied with; a cut is where that is the place.
    places = np.arange(len(order))
    reach = np.maximum.accumulate(np.where(tied, places, -1).max(axis=1, initial=-1))
    ends = np.flatnonzero(reach == places)
    group = np.empty(len(order), dtype=np.intp)
    group[order] = np.searchsorted(ends, places)
    starts = np.concatenate([[0], ends + 1])
    return [
        RankSet(int(starts[at]) + 1, int(ends[at]) + 1, int(at) + 1, int(above), int(below))
        for at, above, below in zip(group, better.sum(axis=0), better.sum(axis=1), strict=True)
    ]


def _significantly_better(compared: Comparisons, level: float) -> NDArray[np.bool_]:
    """Boolean matrix: the row's system is significantly better than the column's."""
    upper = np.triu_indices(len(compared.means), 1)
    significant = np.zeros(compared.p.shape, dtype=np.bool_)
    significant[upper] = benjamini_hochberg(compared.p[upper]) <= level
    ahead: NDArray[np.bool_] = compared.means[:, None] > compared.means[None, :]
    return (significant | significant.T) & ahead


def _require_numbers(values: ArrayLike, names: tuple[str, str]) -> Floats:
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or not table.shape[1]:
        raise ValueError(f"values must be a table of {names[0]}s by {names[1]}s with at least one {names[1]}")
    if not np.isfinite(table).all():
        row, column = np.argwhere(~np.isfinite(table))[0]
        raise ValueError(f"{names[0]} {row} has no number at {names[1]} {column}: score it, or leave it off the board")
    return table
