"""Which systems can be told apart: paired sign-flip tests over tasks, and from them rank sets such as "2–4".

Two systems are compared on the same tasks; if neither is better, each task's difference could as well have had the
other sign. Over all pairs of a board the false discovery rate is held by Benjamini and Hochberg's step-up procedure.

A rank set must be the same for systems of the same quality. The obvious definition, from the tests of each system
alone, breaks that: of two equal systems one may fall just inside, one just outside of what a third is tested against,
and the more systems there are the more often. So places are cut only where EVERY system above is significantly better
than EVERY system below; between two cuts all share the places and the group. Two equal systems are then parted only
if the test parts these very two. The price is power: systems without a gap between them form one set, however far its
ends lie apart, and on a crowded board no definition can have both. So each system's own test results stay beside its
set: how many are clearly better, and how many clearly worse, than it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

FLIPS = 9_999
"""Random flips of a test; with T tasks and no more than this many different flips, all are tried: up to T = 14."""
LEVEL = 0.025
"""Of the tests on a board. Half of the usual 5%: two equal systems then share their set 97.5% of the time, and the
95% that is promised does not hang on a rounding."""
NOISE = 1e-9
"""A mean difference that is no difference but rounding, on the scale of gains and scores."""
_CELLS = 4_000_000
"""Numbers that a step works on at once: 32 MB."""


@dataclass(frozen=True, slots=True)
class RankSet:
    """The places that a system may hold, counted from 1."""

    first: int
    last: int
    group: int
    """Counted from 1; systems share it if and only if they share their places."""
    better: int
    """Systems that are significantly better than this one, tested alone."""
    worse: int
    """Systems that are significantly worse than this one, tested alone."""


@dataclass(frozen=True)
class Comparisons:
    """All pairs of a board, tested. Does not depend on a filter: a filtered board takes `of` its rows."""

    means: Floats
    """Of each system over the tasks, shape (systems,)."""
    p: Floats
    """Two-sided p-value of each pair, shape (systems, systems); 1 on the diagonal."""

    def select_systems(self, systems: Sequence[int]) -> Comparisons:
        """These systems alone, in this order."""
        chosen = np.asarray(systems, dtype=np.intp)
        return Comparisons(self.means[chosen], self.p[np.ix_(chosen, chosen)])


def rank_sets(values: ArrayLike, level: float = LEVEL, flips: int = FLIPS, seed: int = 0) -> list[RankSet]:
    """The rank set of every system, in the order of the rows: `rank_sets_of` the comparisons of `compare`."""
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
    """The two-sided p-value of a paired sign-flip permutation test for each row of (pairs, tasks).

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
    """Adjusted p-values, in the order given: those of at most `level` are the discoveries at that level.

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
    """The rank set of every system; all pairs count as one family of tests.

    The order of the systems changes nothing: the same system gets the same set wherever it stands.
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
    """Whether the row's system is significantly better than the column's."""
    upper = np.triu_indices(len(compared.means), 1)
    significant = np.zeros(compared.p.shape, dtype=np.bool_)
    significant[upper] = benjamini_hochberg(compared.p[upper]) <= level
    ahead: NDArray[np.bool_] = compared.means[:, None] > compared.means[None, :]
    return (significant | significant.T) & ahead


def flip_signs(tasks: int, flips: int = FLIPS, seed: int = 0) -> tuple[Floats, bool]:
    """Signs, shape (tasks, flips), and whether they are all there are (the first task's sign held fixed)."""
    if tasks <= flips.bit_length() and 2 ** (tasks - 1) <= flips:
        bits = np.arange(2 ** (tasks - 1))[None, :] >> np.arange(tasks)[:, None] & 1
        return 1.0 - 2.0 * bits.astype(np.float64), True
    drawn = np.random.default_rng(seed).integers(0, 2, (tasks, flips), dtype=np.int8)
    return 1.0 - 2.0 * drawn.astype(np.float64), False


def _flip_share(flipped: Floats, observed: Floats, tasks: int, exact: bool) -> Floats:
    """The share of flipped sums, shape (pairs, flips), that are at least as large as the observed one."""
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
