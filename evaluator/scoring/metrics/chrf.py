"""chrF++ from counts: sacrebleu counts each pair's n-grams, and this module pools the sums into corpus scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sacrebleu.metrics import CHRF

from evaluator.scoring.metrics.metric_result import Floats, MetricResult

ORDERS = 8
"""Characters 1 to 6, then words 1 and 2."""

BETA = 2
"""Weight of recall relative to precision."""


def chrf_pp_metric() -> CHRF:
    """sacrebleu's chrF++ (Popovic 2017)."""
    return CHRF(char_order=6, word_order=2, beta=BETA)


def measure_chrf(name: str, predictions: Sequence[str], references: Sequence[str]) -> MetricResult:
    """Corpus chrF++ in [0, 1], stored as counts per pair: predicted, expected and matched n-grams by order."""
    counts = chrf_pp_metric()._extract_corpus_statistics(predictions, [list(references)]) if predictions else []
    return MetricResult(name, np.asarray(counts, dtype=np.float64).reshape(-1, 3 * ORDERS), pool_chrf)


def pool_chrf(sums: Floats) -> Floats:
    """Corpus chrF++ from summed counts: F-beta of the mean precision and the mean recall over the orders.

    Orders of which the predictions or the references have no n-gram are left out (sacrebleu's effective order);
    nothing predicted, nothing expected or nothing matched is 0.
    """
    counts = sums.reshape(*sums.shape[:-1], ORDERS, 3)
    predicted, expected, matched = counts[..., 0], counts[..., 1], counts[..., 2]
    possible = (predicted > 0) & (expected > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        orders = possible.sum(axis=-1)
        precision = np.where(possible, matched / predicted, 0.0).sum(axis=-1) / orders
        recall = np.where(possible, matched / expected, 0.0).sum(axis=-1) / orders
        score = (1 + BETA**2) * precision * recall / (BETA**2 * precision + recall)
    found: Floats = np.where((orders > 0) & (matched > 0).any(axis=-1), score, 0.0)
    return found
