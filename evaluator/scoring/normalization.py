"""Normalization of scores between a task's anchors (SCORING.md: arena@1 rule 2, paper@1 rule 5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from evaluator.config.protocol import GainScale, RatioScale
from evaluator.scoring.metrics.metric_result import Floats, MetricResult
from evaluator.scoring.statistics import (
    Clusters,
    constant_score,
    gain_interval,
    gain_scale,
    percentile_interval,
    rescore,
)
from submissions.records.anchors import Anchor
from submissions.records.base import Score

Counts = Floats | None
Part = tuple[float, Floats | float, Floats | float]
"""One metric of a task: its weight, the score S, and the score S_ref of the model trained on the reference."""
NOT_ADMITTED = "not admitted: the reference set does not measurably help here"


@dataclass(frozen=True)
class AnchorScores:
    """Base and reference scores of a task: the numbers, and per-item values if measured here."""

    anchor: Anchor
    base: MetricResult | None = None
    """None if the numbers were imported; a resample of items then leaves them unchanged."""
    reference: MetricResult | None = None
    seeds: tuple[MetricResult, ...] = ()
    """Reference results by training seed; their average is the reference."""


def is_admitted(anchor: Anchor, scale: GainScale | RatioScale) -> bool:
    """Return whether the task counts.

    By gain, only if its reference set measurably helps, and beats every trivial baseline (SCORING.md, arena@1, rule 2).
    """
    return find_refusal(anchor, scale) is None


def find_refusal(anchor: Anchor, scale: GainScale | RatioScale) -> str | None:
    """Return the reason why a task does not count; None if it does."""
    if isinstance(scale, RatioScale):
        return None
    if not _is_clearly_above(anchor.reference, anchor.base, scale.admission * anchor.noise):
        return NOT_ADMITTED
    for trivial in anchor.trivial if scale.floors else ():
        if not _is_clearly_above(anchor.reference, trivial.score, scale.admission * trivial.noise):
            return f"not admitted: the reference set does not measurably beat a trivial baseline, {trivial.score.name}"
    return None


def _is_clearly_above(reference: Score, other: Score, least: float) -> bool:
    if reference.value is None or other.value is None:
        return False
    return reference.value > other.value and reference.value - other.value >= least


def normalized_score(measured: MetricResult, ends: AnchorScores, scale: GainScale | RatioScale) -> Score:
    """Normalize a score to `gain` or `ratio`; unscored if it has no value or the task no scale."""
    items, anchor = len(measured.statistics), ends.anchor
    if not items:
        return Score(name=scale.kind, n=0, why=measured.score.why)
    if (why := anchor.base.why or anchor.reference.why) and isinstance(scale, GainScale):
        return Score(name=scale.kind, n=items, why=why)
    if refusal := find_refusal(anchor, scale):
        return Score(name=scale.kind, n=items, why=refusal)
    (value,) = resampled_scores(measured, ends, scale, None)
    return Score(name=scale.kind, value=float(value), n=items)


def normalized_interval(
    measured: MetricResult,
    ends: AnchorScores,
    scale: GainScale | RatioScale,
    counts: Floats,
    clusters: Clusters | None = None,
) -> tuple[float, float]:
    """95% interval of a normalized score, with the same items resampled for the score and both anchors.

    `counts` was drawn from `clusters` where items share a passage.
    """
    if measured.parts:
        again = resampled_scores(measured, ends, scale, counts)
        return percentile_interval(again, len(measured.statistics), clusters)
    (score,) = rescore([measured], counts, clusters)
    base, top = (
        rescore([end], counts)[0]
        if end
        else constant_score(np.nan if anchor.value is None else anchor.value, len(counts))
        for end, anchor in ((ends.base, ends.anchor.base), (ends.reference, ends.anchor.reference))
    )
    if isinstance(scale, GainScale):
        return gain_interval(score, base, top, gain_scale(scale.low, scale.high))
    return gain_interval(score, base, top, lambda mine, _, reference: compute_ratio([(1.0, mine, reference)]))


def resampled_scores(
    measured: MetricResult, ends: AnchorScores, scale: GainScale | RatioScale, counts: Counts
) -> Floats:
    """Normalized score on each of several choices of items, the same for the score and both anchors.

    `counts` gives the frequency of each item, shape (choices, items), None is every item once; the result has
    shape (choices,).
    """
    return _ON_SCALE[scale.kind](measured, ends, scale, counts)


def pooled_value(measured: MetricResult, counts: Counts) -> Floats:
    """Score on each of several choices of items, shape (choices,)."""
    sums = measured.statistics.sum(axis=0)[None] if counts is None else counts @ measured.statistics
    return measured.pool(sums)


def _gain_scores(measured: MetricResult, ends: AnchorScores, scale: GainScale, counts: Counts) -> Floats:
    base = _anchor_value(ends.base, ends.anchor.base, counts)
    top = _anchor_value(ends.reference, ends.anchor.reference, counts)
    return gain_scale(scale.low, scale.high)(pooled_value(measured, counts), base, top)


def _ratio_scores(measured: MetricResult, ends: AnchorScores, scale: RatioScale, counts: Counts) -> Floats:  # noqa: ARG001
    parts = measured.parts or ((1.0, measured),)
    tops = ends.reference.parts or ((1.0, ends.reference),) if ends.reference else [(1.0, None)] * len(parts)
    known = ends.anchor.reference_parts or (ends.anchor.reference,)
    return compute_ratio(
        [
            (weight, pooled_value(part, counts), _anchor_value(top, score, counts))
            for (weight, part), (_, top), score in zip(parts, tops, known, strict=True)
        ]
    )


def compute_ratio(parts: Sequence[Part]) -> Floats:
    """Weighted mean of S / S_ref over the parts whose S_ref is neither 0 nor missing (SCORING.md, paper@1, rule 5).

    Scores may be arrays of one shape, say one value per bootstrap draw, or broadcast to one: the ratio has that shape.
    NaN is a missing value: as S it counts 0, as S_ref it drops the part, and the weights of the others make up for it.
    No part left is 0.0. A ratio above 1 stays, for S_ref is no upper bound.
    """
    columns = [np.broadcast_arrays(np.asarray(s, np.float64), np.asarray(ref, np.float64)) for _, s, ref in parts]
    shape = np.broadcast_shapes(*(s.shape for s, _ in columns))
    total, weights = np.zeros(shape), np.zeros(shape)
    for (weight, _, _), (score, reference) in zip(parts, columns, strict=True):
        counts = ~np.isnan(reference) & (reference != 0)
        score = np.where(np.isnan(score), 0.0, score)
        total += weight * np.divide(score, reference, out=np.zeros(score.shape), where=counts)
        weights += weight * counts
    return np.divide(total, weights, out=np.zeros(shape), where=weights > 0)


def _anchor_value(measured: MetricResult | None, score: Score, counts: Counts) -> Floats:
    if measured is not None:
        return pooled_value(measured, counts)
    return np.full(1 if counts is None else len(counts), np.nan if score.value is None else score.value)


_ON_SCALE: dict[str, Callable[..., Floats]] = {"gain": _gain_scores, "ratio": _ratio_scores}
