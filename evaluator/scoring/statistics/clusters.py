"""Clusters of items that share a passage or a source: drawing them whole, and the clustered standard error.

Answers to questions about one passage are right and wrong together, so n such items are worth less than n independent
ones (Miller 2024, "Adding Error Bars to Evals", section 2.2). The error is the jackknife over clusters: for clusters
of one size it is Miller's clustered standard error times sqrt(clusters / (clusters - 1)); it also holds for corpus
metrics, which are no means of items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from evaluator.scoring.metrics.metric_result import Floats, MetricResult
from evaluator.scoring.shared_context import find_groups
from submissions.records.task import Row
from submissions.statistics import student_quantile

ROUGH_BELOW = 20
"""Number of clusters below which an interval is called rough: its coverage was not simulated, or is under 90%."""
_FEW = {1: 12.706, 2: 4.303}
"""97.5% quantiles of Student's t below 3 degrees of freedom, where the expansion is off."""


@dataclass(frozen=True, eq=False)
class Clusters:
    """The cluster of every item."""

    of_item: NDArray[np.intp]
    """Number of each item's cluster, from 0, shape (items,)."""

    @property
    def count(self) -> int:
        """Number of clusters."""
        return len(self.sizes)

    @cached_property
    def sizes(self) -> NDArray[np.intp]:
        """Items of each cluster, shape (clusters,)."""
        return np.bincount(self.of_item)

    @property
    def are_items(self) -> bool:
        """True if no two items share a cluster."""
        return self.count == len(self.of_item)

    @property
    def freedom(self) -> float:
        """Degrees of freedom of an error over clusters: their effective number minus 1.

        The effective number, (sum of sizes)^2 / sum of squared sizes (Kish 1965), is the number itself for equal sizes,
        and smaller where a few clusters have most items.
        """
        return float(self.sizes.sum() ** 2 / np.square(self.sizes.astype(np.float64)).sum() - 1)

    @property
    def quantile(self) -> float:
        """The 97.5% quantile of Student's t for these clusters; of one degree at least."""
        return _FEW.get(int(self.freedom)) or student_quantile(self.freedom) if self.freedom >= 1 else _FEW[1]

    def sum_items(self, values: Floats) -> Floats:
        """Sum of items' values, shape (items, k), in each cluster, shape (clusters, k)."""
        found = np.zeros((self.count, values.shape[1]))
        np.add.at(found, self.of_item, values)
        return found

    def draw(self, resamples: int, seed: int) -> Floats:
        """Draw as many clusters with replacement, and count each item, shape (resamples, items)."""
        drawn = np.random.default_rng(seed).integers(0, self.count, (resamples, self.count))
        drawn += np.arange(resamples)[:, None] * self.count
        counts = np.bincount(drawn.reshape(-1), minlength=resamples * self.count).reshape(resamples, self.count)
        found: Floats = counts[:, self.of_item].astype(np.float64)
        return found

    def jackknife_error(self, *measured: MetricResult) -> float:
        """Clustered standard error of a score; of the first minus the second where two are given.

        An error below that of independent items is taken for chance, and theirs for it. 0 for a single cluster.
        """
        if self.count < 2:
            return 0.0
        by_cluster = _jackknife_error([self.sum_items(one.statistics) for one in measured], measured)
        return max(by_cluster, _jackknife_error([one.statistics for one in measured], measured))


def make_clusters(groups: Sequence[int]) -> Clusters:
    """Number the groups of items from 0, in order of their first item."""
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    return Clusters(np.array([numbers[group] for group in groups], dtype=np.intp))


def _jackknife_error(parts: Sequence[Floats], measured: Sequence[MetricResult]) -> float:
    """Error over units, whose sums are given for each of one or two scores."""
    scores = [one.pool(sums.sum(axis=0) - sums) for one, sums in zip(measured, parts, strict=True)]
    without = scores[0] - scores[1] if len(scores) > 1 else scores[0]
    return sqrt((len(without) - 1) * float(without.var()))


@lru_cache(maxsize=1024)
def find_clusters(rows: tuple[Row, ...]) -> Clusters | None:
    """Return the clusters of rows; None if no two share a group. Rows of an older reference may name none."""
    clusters = make_clusters(find_groups(rows))
    return None if clusters.are_items else clusters
