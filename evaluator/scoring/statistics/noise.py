"""Noise outside of any resampling of items: the training's, over seeds, and the error of a task's scale."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot, sqrt
from statistics import stdev

import numpy as np

from evaluator.scoring.metrics.metric_result import MetricResult
from evaluator.scoring.statistics.clusters import Clusters


def seed_sd(values: Sequence[float]) -> float:
    """Standard deviation of one score over trainings that differ only in their seed.

    Shown beside intervals, never inside them. Raises ValueError for fewer than two values, which determine no noise.
    """
    if len(values) < 2:
        raise ValueError(f"{len(values)} training(s) do not determine seed noise: measure at least two seeds")
    return stdev(values)


def seed_noise_of_total(deviations: Sequence[float]) -> float:
    """Seed noise of a mean over tasks that are each trained once: sqrt(sum of variances) / tasks.

    `deviations` has one seed SD per task of the mean, in units of the gain. Raises ValueError where there are none.
    """
    if not deviations:
        raise ValueError("no task to compute the seed noise of")
    return sqrt(sum(deviation**2 for deviation in deviations)) / len(deviations)


def anchor_error(
    reference: MetricResult, base: MetricResult, by_seed: Sequence[float] = (), clusters: Clusters | None = None
) -> float:
    """Standard error of reference minus base, which decides on a task's admission.

    Over items, or clusters of them, by the jackknife, which for means of independent items is stdev(differences) /
    sqrt(items); with it, independent, the training noise of the reference: seed SD / sqrt(seeds). `by_seed` are the
    reference's scores, one per seed, where it is their average. A single item or cluster has an error of 1, the whole
    scale. Raises ValueError for other items, or for none.
    """
    items = len(reference.statistics)
    if items != len(base.statistics) or not items:
        raise ValueError(f"reference and base must have the same items: they have {items} and {len(base.statistics)}")
    over_seeds = seed_sd(by_seed) / sqrt(len(by_seed)) if len(by_seed) > 1 else 0.0
    if (clusters.count if clusters else items) == 1:
        return hypot(1.0, over_seeds)
    if clusters:
        return hypot(clusters.jackknife_error(reference, base), over_seeds)
    without = _leave_one_out(reference) - _leave_one_out(base)
    return hypot(float(np.sqrt((items - 1) * without.var())), over_seeds)


def _leave_one_out(measured: MetricResult) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Score with each item left out."""
    return measured.pool(measured.statistics.sum(axis=0) - measured.statistics)
