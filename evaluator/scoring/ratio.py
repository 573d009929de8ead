"""The normalisation of paper@1: each metric over the real data's value of it, then the weights, not clipped."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evaluator.scoring.metrics.metric_result import Floats

Part = tuple[float, Floats | float, Floats | float]
"""One metric of a task: its weight, the score S, and the score S_ref of the model trained on the reference."""


def compute_ratio(parts: Sequence[Part]) -> Floats:
    """The weighted mean of S / S_ref over the parts whose S_ref is neither 0 nor missing (SCORING.md, paper@1, rule 5).

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
