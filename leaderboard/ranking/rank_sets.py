"""Rank sets such as "2–4" from paired sign-flip tests of systems over tasks.

Two systems are compared on the same tasks; if neither is better, each task's difference could as well have had the
other sign. Over all pairs of a board, Benjamini and Hochberg's step-up procedure controls the false discovery rate.

A rank set must be the same for systems of the same quality. The obvious definition, from the tests of each system
alone, breaks that: of two equal systems one may fall just inside, one just outside of the range in which a third is
tested, and more often so with more systems. So ranks are cut only where EVERY system above is significantly better
than EVERY system below; between two cuts all share the ranks and the group. Two equal systems are then separated only
if the test separates these very two. The price is power: systems without a gap between them form one set, however far
its ends are apart, and on a dense board no definition can have both. So each system's own test results are reported
beside its set: how many systems are clearly better, and how many clearly worse, than it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

FLIPS = 9_999
"""Random flips per test; with T tasks and at most this many different flips, all are tried: up to T = 14."""
LEVEL = 0.025
"""Significance level of a board's tests.

Half of the usual 5%: two equal systems then share their set 97.5% of the time, and the promised 95% does not
depend on rounding.
"""
NOISE = 1e-9
"""Largest mean difference that counts as rounding, on the scale of gains and scores."""
_CELLS = 4_000_000
"""Numbers processed per step: 32 MB."""


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


def rank_sets(values: ArrayLike, level: float = LEVEL, flips: int = FLIPS, seed: int = 0) -> list[RankSet]:
    """Compute the rank set of every system in row order: `rank_sets_of` the result of `compare_pairs`."""
    return rank_sets_of(compare_pairs(values, flips, seed), level)


def compare_pairs(values: ArrayLike, flips: int = FLIPS, seed: int = 0) -> Comparisons:
    """Test every pair of systems on values of shape (systems, tasks), larger is better.

    The flips of all pairs are the same, so a pair's flipped sum is the difference of two systems' flipped sums: one
    product of (systems x tasks) with (tasks x flips) serves all pairs. The p-values are those of `sign_flip`, and
    those of a pair do not depend on the other rows. Raises ValueError for a value that is no number.
    """
    table = _require_numbers(values, ("system", "task"))
    signs, exact = flip_signs(table.shape[1], flips, seed)
    sums, means = table @ signs, table.mean(axis=1)
    p = np.ones((len(table), len(table)))
    step = max(1, _CELLS // signs.shape[1])
    for one in range(len(table)):
        for start in range(one + 1, len(table), step):
            others = slice(start, start + step)
            observed = (table[others] - table[one]).sum(axis=1)
            p[one, others] = p[others, one] = _flip_share(sums[others] - sums[one], observed, table.shape[1], exact)
    return Comparisons(means, p)


def sign_flip(differences: ArrayLike, flips: int = FLIPS, seed: int = 0) -> Floats:
    """Compute two-sided p-values of a paired sign-flip permutation test, one per row of (pairs, tasks).

    The statistic is the absolute sum. All 2^(tasks - 1) flips that differ up to a common sign are tried if they are no
    more than `flips`, which makes p exact; else `flips` random ones, the same for all rows, and p = (b + 1) / (m + 1)
    (Phipson and Smyth 2010). Sums that differ only by rounding count as equal, so differences of zero give 1.
    Raises ValueError for a difference that is no number.
    """
    table = _require_numbers(differences, ("pair", "task"))
    signs, exact = flip_signs(table.shape[1], flips, seed)
    step = max(1, _CELLS // signs.shape[1])
    parts = [table[start : start + step] for start in range(0, len(table), step)]
    found = [_flip_share(part @ signs, part.sum(axis=1), table.shape[1], exact) for part in parts]
    return np.concatenate(found) if found else np.empty(0)


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


def flip_signs(tasks: int, flips: int = FLIPS, seed: int = 0) -> tuple[Floats, bool]:
    """Return signs of shape (tasks, flips), and True if they are exhaustive (the first task's sign is fixed)."""
    if tasks <= flips.bit_length() and 2 ** (tasks - 1) <= flips:
        bits = np.arange(2 ** (tasks - 1))[None, :] >> np.arange(tasks)[:, None] & 1
        return 1.0 - 2.0 * bits.astype(np.float64), True
    drawn = np.random.default_rng(seed).integers(0, 2, (tasks, flips), dtype=np.int8)
    return 1.0 - 2.0 * drawn.astype(np.float64), False


def _flip_share(flipped: Floats, observed: Floats, tasks: int, exact: bool) -> Floats:
    """Share of flipped sums, shape (pairs, flips), at least as large as the observed one."""
    hits = (np.abs(flipped) >= np.abs(observed)[:, None] - NOISE * tasks).sum(axis=1)
    found: Floats = hits / flipped.shape[1] if exact else (hits + 1) / (flipped.shape[1] + 1)
    return found


def _require_numbers(values: ArrayLike, names: tuple[str, str]) -> Floats:
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or not table.shape[1]:
        raise ValueError(f"values must be a table of {names[0]}s by {names[1]}s with at least one {names[1]}")
    if not np.isfinite(table).all():
        row, column = np.argwhere(~np.isfinite(table))[0]
        raise ValueError(f"{names[0]} {row} has no number at {names[1]} {column}: score it, or leave it off the board")
    return table
