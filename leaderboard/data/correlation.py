"""Spearman's rank correlation of two orders of the same systems, with a permutation test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from math import erfc, sqrt

import numpy as np
from numpy.typing import NDArray

MIN_PAIRS = 5
"""Systems that a correlation needs: with four, even a perfect order has p = 2 / 24, too weak to conclude."""
DRAWS = 9_999
LARGE_SAMPLE = 500
"""Systems from which p is calculated analytically, since ten thousand permutations would take seconds."""
LEVEL = 0.05
ROUNDING = 1e-9
_CELLS = 1_000_000
"""Numbers processed per step: 8 MB."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Correlation:
    """Rank correlation of two orders."""

    n: int
    rho: float | None
    """From -1, the reverse order, to 1, the same; None for fewer than two systems, or if all share a value."""
    p: float | None
    """Two-sided: probability of a rho at least as far from 0 by chance alone."""


def spearman(x: Sequence[float], y: Sequence[float], seed: int = 0) -> Correlation:
    """Spearman's rho: Pearson's correlation of the ranks, ties sharing their mean rank.

    p is exact for up to seven systems, by all permutations; for more it is (b + 1) / (m + 1) over random ones (Phipson
    and Smyth 2010), and from MANY on that of the normal distribution, which rho √(n - 1) then has by chance. Raises
    ValueError for series of different lengths.
    """
    if len(x) != len(y):
        raise ValueError(f"{len(x)} values cannot be paired with {len(y)}")
    one, other = _standardize_ranks(x), _standardize_ranks(y)
    if one is None or other is None:
        return Correlation(len(x), None, None)
    rho = float(one @ other)
    return Correlation(len(x), max(-1.0, min(1.0, rho)), _p_value(one, other, abs(rho), seed))


def _standardize_ranks(values: Sequence[float]) -> Floats | None:
    """Mean ranks with mean 0 and length 1; None if all are equal."""
    _, at, counts = np.unique(np.asarray(values, dtype=np.float64), return_inverse=True, return_counts=True)
    if len(counts) < 2:
        return None
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[at]
    centred: Floats = ranks - ranks.mean()
    found: Floats = centred / np.linalg.norm(centred)
    return found


def _p_value(one: Floats, other: Floats, observed: float, seed: int) -> float:
    n = len(one)
    if n <= 7:
        every = other[np.array(list(permutations(range(n))))]
        return float((np.abs(every @ one) >= observed - ROUNDING).mean())
    if n >= LARGE_SAMPLE:
        return erfc(observed * sqrt((n - 1) / 2))
    random, step, hits = np.random.default_rng(seed), max(1, _CELLS // n), 0
    for start in range(0, DRAWS, step):
        drawn = random.permuted(np.tile(other, (min(step, DRAWS - start), 1)), axis=1)
        hits += int((np.abs(drawn @ one) >= observed - ROUNDING).sum())
    return (hits + 1) / (DRAWS + 1)


def describe_correlation(found: Correlation, agree: str, differ: str) -> str:
    """Describe a correlation in one sentence; `agree` and `differ` explain a clear positive or negative one."""
    if not found.n:
        return f"No system has both figures yet; a rank correlation needs at least {MIN_PAIRS}."
    if found.n < MIN_PAIRS:
        systems = "1 system is" if found.n == 1 else f"{found.n} systems are"
        return f"{systems} too few for a rank correlation; it needs at least {MIN_PAIRS}."
    if found.rho is None or found.p is None:
        return f"One of the two figures is the same for all {found.n:,} systems, so they cannot be correlated."
    rho = f"Spearman's rho is {found.rho:z.2f} over {found.n:,} systems".replace("-", "−")
    if found.p <= LEVEL:
        return f"{rho} ({format_p_value(found.p)}): {agree if found.rho > 0 else differ}."
    few = "not significant, with few systems" if found.n < 30 else "not significant"
    return f"{rho}; {few} ({format_p_value(found.p)})."


def format_p_value(p: float) -> str:
    """Format a p-value for readers."""
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"
