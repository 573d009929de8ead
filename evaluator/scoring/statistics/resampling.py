"""Scores on resampled items: drawing item counts and pooling a metric over them.

The draw depends on the task and its evaluation set alone. So the score of every system, the base model's and the
reference's are resampled with the SAME items, and their common part (easy and hard items) cancels in their
differences.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluator.scoring.metrics.metric_result import Floats, MetricResult, pool_mean
from evaluator.scoring.statistics.clusters import Clusters

RESAMPLES = 1_000
"""Choices of items per task. Totals draw from them anew for every task of every replicate."""


@dataclass(frozen=True)
class Rescored:
    """One score, on the items as they are and on each choice of items."""

    value: float
    again: Floats
    """Score on each choice of items, shape (resamples,)."""
    items: int
    """Number of items; 0 for a score without items."""
    binary: bool = False
    """True if the score is a share: the mean of items that are each 0 or 1."""
    clusters: Clusters | None = None
    """Clusters of the items; None if the items are independent."""
    error: float = 0.0
    """Clustered standard error; 0 without clusters."""

    @property
    def units(self) -> int:
        """Number of independent units: clusters, else items."""
        return self.clusters.count if self.clusters else self.items


def item_seed(seed: int, task: str, exam_sha256: str) -> int:
    """Derive the seed of a task's item draw: 128 bits of a hash.

    The hash covers the protocol's seed, the task and its evaluation set.
    """
    return int.from_bytes(hashlib.sha256(f"{seed}\0{task}\0{exam_sha256}".encode()).digest()[:16])


def resample_counts(items: int, resamples: int, seed: int) -> Floats:
    """Draw as many items with replacement and count each, shape (resamples, items).

    Every row sums to the number of items. Raises ValueError where there are no items.
    """
    if items < 1 or resamples < 1:
        raise ValueError(f"{resamples} resamples of {items} items: both must be at least 1")
    drawn = np.random.default_rng(seed).integers(0, items, (resamples, items))
    drawn += np.arange(resamples)[:, None] * items
    return np.bincount(drawn.reshape(-1), minlength=resamples * items).reshape(resamples, items).astype(np.float64)


def rescore(measured: Sequence[MetricResult], counts: Floats, clusters: Clusters | None = None) -> list[Rescored]:
    """Score metrics of answers to the same items on each choice of items, in one product for all of them.

    `counts` has shape (resamples, items), drawn from `clusters` where items share a passage. Raises ValueError for a
    metric that has other items.
    """
    for one in measured:
        if len(one.statistics) != counts.shape[1]:
            raise ValueError(f"{one.name} has {len(one.statistics)} items, but {counts.shape[1]} were drawn from")
    if not measured:
        return []
    ends = np.cumsum([one.statistics.shape[1] for one in measured])
    sums = np.split(counts @ np.concatenate([one.statistics for one in measured], axis=1), ends[:-1], axis=1)
    return [
        Rescored(
            float(one.pool(one.statistics.sum(axis=0))),
            one.pool(drawn),
            counts.shape[1],
            _is_share(one),
            clusters,
            clusters.jackknife_error(one) if clusters else 0.0,
        )
        for one, drawn in zip(measured, sums, strict=True)
    ]


def constant_score(value: float, resamples: int) -> Rescored:
    """Wrap a score without items, such as a published anchor: the same on every choice of items."""
    return Rescored(value, np.full(resamples, value), items=0)


def _is_share(measured: MetricResult) -> bool:
    if measured.pool is not pool_mean:
        return False
    values, each = measured.statistics.T
    return bool(np.isin(values, (0.0, 1.0)).all() and (each == 1.0).all())
