"""BLEU from counts: sacrebleu counts each pair's n-grams, and this module pools the sums into corpus scores."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from sacrebleu.metrics import BLEU

from evaluator.scoring.metrics.metric_result import Floats, MetricResult

ORDERS = 4


def measure_bleu(name: str, predictions: Sequence[str], references: Sequence[str], metric: BLEU) -> MetricResult:
    """Corpus BLEU in [0, 1], stored as counts per pair: lengths, matched and possible n-grams by order.

    The metric must have sacrebleu's exponential smoothing and four orders; its effective order is respected.
    """
    assert (metric.smooth_method, metric.max_ngram_order) == ("exp", ORDERS), "only this BLEU is implemented"
    counts = metric._extract_corpus_statistics(list(predictions), [list(references)]) if predictions else []
    statistics = np.asarray(counts, dtype=np.float64).reshape(-1, 2 + 2 * ORDERS)
    return MetricResult(name, statistics, partial(pool_bleu, effective=metric.effective_order))


def pool_bleu(sums: Floats, *, effective: bool = False) -> Floats:
    """Corpus BLEU from summed counts, with sacrebleu's exponential smoothing (Chen and Cherry 2014, method 3).

    With effective order, only those orders count of which the predictions have any n-gram at all: a corpus whose
    predictions are all shorter than four tokens is then scored by what it has, and without it 0.
    Nothing matched, or nothing predicted, is 0.
    """
    predicted, expected = sums[..., 0], sums[..., 1]
    correct, total = sums[..., 2 : 2 + ORDERS], sums[..., 2 + ORDERS :]
    possible = total > 0
    misses = np.cumsum((correct == 0) & possible, axis=-1)
    orders = possible.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = np.where(correct > 0, correct, 0.5**misses) / total
        logs = np.where(possible, np.log(precision), 0.0).sum(axis=-1) / orders
        score = np.where(predicted < expected, np.exp(1 - expected / predicted), 1.0) * np.exp(logs)
    scored = (correct > 0).any(axis=-1) & (effective | (orders == ORDERS))
    found: Floats = np.where(scored, score, 0.0)
    return found
