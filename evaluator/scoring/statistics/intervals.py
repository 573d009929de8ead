"""95% intervals of one task's score and of its gain.

A percentile interval of a score is a point where all items agree (0 of 20 right is no proof of 0), and too narrow
where few items carry the score. So scores have Wilson's interval, with the number of items that a share would need to
be as sure: n for a share itself, value (1 - value) / variance for any other metric, the variance from resampling.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from statistics import NormalDist

import numpy as np

from evaluator.scoring.metrics.metric_result import Floats
from evaluator.scoring.statistics.clusters import Clusters
from evaluator.scoring.statistics.resampling import Rescored
from submissions.statistics import student_quantile

Interval = tuple[float, float]
Scale = Callable[[Floats, Floats, Floats], Floats]
"""Maps scores, base scores and reference scores, of broadcastable shapes, to gains."""

Z = NormalDist().inv_cdf(0.975)
STUDENT_TERMS = 3
"""Terms of the expansion of Student's quantile behind all published intervals: off by 0.3% at 4 degrees."""
_ROUNDING = 1e-12
"""Tolerance below which two scores count as equal."""


def score_interval(score: Rescored) -> Interval:
    """The 95% interval of a score in [0, 1].

    Wilson's with n items for a share (Wilson 1927); else with the effective number of items and Student's quantile, as
    the variance is estimated. Where no item differs from another, or there is one item only, the items tell no
    variance, and the largest that a score of this value can have is taken: Wilson's with n again.
    Items in clusters have the clustered standard error (Miller 2024) and Student's quantile by clusters.
    Coverage at n = 50 to 500: 93.5-97% for shares of 0.1 to 0.9, 94-97% for F1-like and ROUGE-like items; at n = 20
    93-98% (`python -m benchmarks.scoring.statistics`).
    Raises ValueError for a score that has no items.
    """
    if score.items < 1:
        raise ValueError("a score without items has no interval")
    spread = score.value * (1 - score.value)
    if score.clusters:
        if spread <= 0 or score.error <= 0:
            return _wilson_interval(score.value, score.units, Z)
        return _wilson_interval(score.value, spread / score.error**2, score.clusters.quantile)
    variance = 0.0 if score.binary else _unbiased_variance(score)
    if variance <= 0 or spread <= 0:
        return _wilson_interval(score.value, score.items, Z)
    return _wilson_interval(score.value, spread / variance, student_quantile(score.items - 1, STUDENT_TERMS))


def gain_scale(low: float, high: float) -> Scale:
    """(score - base) / (reference - base), clipped to [low, high] (SCORING.md, arena@1, rule 2).

    Where a choice of items puts the reference at or below the base, the gain is the limit for a reference that comes
    down to the base: `high` for a score above the base, `low` below it, 0 at it.
    """

    def scale(score: Floats, base: Floats, reference: Floats) -> Floats:
        above, width = np.asarray(score - base), np.asarray(reference - base)
        above = np.where(np.abs(above) < _ROUNDING, 0.0, above)
        found: Floats = np.clip(above / np.maximum(width, _ROUNDING), low, high)
        return found

    return scale


def gain_interval(score: Rescored, base: Rescored, reference: Rescored, scale: Scale) -> Interval:
    """The 95% interval of a task's gain: percentiles over choices of items, the same for all three scores.

    The percentiles are moved outwards for few items, to Phi(-sqrt(n / (n - 1)) t) with Student's 97.5% quantile t (the
    expanded percentile interval of Hesterberg 2015). Where the score is the same on every choice of items, the gains of
    the two ends of its own interval are taken in as well.
    Coverage by simulation: 94-95% at 50 items and more, 92.5-93.5% at 25.
    """
    low, high = percentile_interval(scale(score.again, base.again, reference.again), score.items, score.clusters)
    if np.ptp(score.again) < _ROUNDING:
        ends = np.array(score_interval(score))
        mapped = scale(ends, np.array(base.value), np.array(reference.value))
        low, high = min(low, mapped.min()), max(high, mapped.max())
    return float(low), float(high)


def percentile_interval(again: Floats, items: int, clusters: Clusters | None = None) -> Interval:
    """Expanded 95% percentiles of a figure over choices of `items` items, or of clusters of them (Hesterberg 2015)."""
    low, high = np.quantile(again, _expanded_levels(items, clusters))
    return float(low), float(high)


def _expanded_levels(items: int, clusters: Clusters | None) -> Interval:
    units = clusters.count if clusters else items
    if units < 2:
        return 0.025, 0.975
    quantile = clusters.quantile if clusters else student_quantile(items - 1, STUDENT_TERMS)
    tail = NormalDist().cdf(-sqrt(units / (units - 1)) * quantile)
    return tail, 1 - tail


def _unbiased_variance(score: Rescored) -> float:
    """Variance of the score, 0 if undetermined by the items. A resample's is (n - 1) / n of it."""
    if score.items < 2 or np.ptp(score.again) < _ROUNDING:
        return 0.0
    return float(score.again.var(ddof=1)) * score.items / (score.items - 1)


def _wilson_interval(share: float, items: float, quantile: float) -> Interval:
    share, square = min(max(share, 0.0), 1.0), quantile**2 / items
    centre = (share + square / 2) / (1 + square)
    half = sqrt(square * share * (1 - share) + square**2 / 4) / (1 + square)
    return max(centre - half, 0.0), min(centre + half, 1.0)
