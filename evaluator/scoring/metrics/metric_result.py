"""Metric of a model's answers, stored per item: each item's contribution, and the pooling of sums into a score.

A mean stores one value and a count for each item; a corpus metric such as BLEU stores its n-gram counts. Either can
be computed again on any choice of items from the sums alone, which is all that a bootstrap needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evaluator.errors import UnscorableAnswers
from evaluator.scoring.metrics.reading.verdicts import RIGHT_VERDICTS, Verdict
from submissions.records.base import Score

Floats = NDArray[np.float64]
Pool = Callable[[Floats], Floats]
"""Pools sums over items, shape (..., k), into scores in [0, 1], shape (...)."""


def pool_mean(sums: Floats) -> Floats:
    """Pool a mean: the sum of values over the count of items."""
    found: Floats = sums[..., 0] / sums[..., 1]
    return found


@dataclass(frozen=True)
class MetricResult:
    """One metric of one task's answers."""

    name: str
    statistics: Floats
    """Contribution of each item, shape (items, k)."""
    pool: Pool = pool_mean
    others: tuple[MetricResult, ...] = ()
    """Metrics shown beside this one."""
    parts: tuple[tuple[float, MetricResult], ...] = ()
    """Weighted component metrics of a combined one (paper@1), empty for a plain metric."""
    verdicts: tuple[Verdict, ...] = ()
    """Why each answer counts or does not, of each item and draw; empty for metrics that judge no single answer."""

    @property
    def items(self) -> list[float]:
        """Score of every item alone."""
        return [float(value) for value in self.pool(self.statistics)]

    @property
    def score(self) -> Score:
        """Score over all items, unscored if there are none."""
        if not len(self.statistics):
            return Score(name=self.name, n=0, why="no items to score")
        value = float(self.pool(self.statistics.sum(axis=0)))
        return Score(name=self.name, value=value, n=len(self.statistics))


def build_mean_result(name: str, values: Sequence[float], others: tuple[MetricResult, ...] = ()) -> MetricResult:
    """Build the mean of one value in [0, 1] per item. Raises UnscorableAnswers for a value that is no number."""
    column = np.asarray(values, dtype=np.float64).reshape(-1)
    if not np.isfinite(column).all():
        item = int(np.argmin(np.isfinite(column)))
        raise UnscorableAnswers(f"{name} of item {item} is no number: the metric is broken, nothing was scored.")
    return MetricResult(name, np.stack([column, np.ones_like(column)], axis=1), others=others)


def build_judged_result(name: str, verdicts: Sequence[Verdict]) -> MetricResult:
    """Build the share of right verdicts."""
    values = [float(verdict in RIGHT_VERDICTS) for verdict in verdicts]
    return replace(build_mean_result(name, values), verdicts=tuple(verdicts))


def average_results(drawn: Sequence[MetricResult]) -> MetricResult:
    """Average one metric over several answers to the same items (draws of shots, seeds of a training)."""
    if len(drawn) == 1:
        return drawn[0]
    width = drawn[0].statistics.shape[1]
    pools = [one.pool for one in drawn]

    def pool(sums: Floats) -> Floats:
        parts = [pool(sums[..., at * width : (at + 1) * width]) for at, pool in enumerate(pools)]
        found: Floats = np.mean(parts, axis=0)
        return found

    return MetricResult(
        drawn[0].name,
        np.concatenate([one.statistics for one in drawn], axis=1),
        pool,
        tuple(average_results(others) for others in zip(*(one.others for one in drawn), strict=True)),
        tuple(
            (weighted[0][0], average_results([metric for _, metric in weighted]))
            for weighted in zip(*(one.parts for one in drawn), strict=True)
        ),
        tuple(verdict for one in drawn for verdict in one.verdicts),
    )


def combine_weighted(
    name: str, parts: Sequence[tuple[float, MetricResult]], others: tuple[MetricResult, ...] = ()
) -> MetricResult:
    """Combine several metrics of the same answers into a weighted sum."""
    widths = np.cumsum([0, *(metric.statistics.shape[1] for _, metric in parts)])

    def pool(sums: Floats) -> Floats:
        values = [
            weight * metric.pool(sums[..., start:end])
            for (weight, metric), start, end in zip(parts, widths[:-1], widths[1:], strict=True)
        ]
        found: Floats = np.sum(values, axis=0)
        return found

    statistics = np.concatenate([metric.statistics for _, metric in parts], axis=1)
    return MetricResult(name, statistics, pool, others, tuple(parts))
