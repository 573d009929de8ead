"""BLEU from counts: sacrebleu counts each pair's n-grams, and sums of those counts become corpus scores here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sacrebleu.metrics import BLEU

from evaluator.metrics.measured import Floats, Measured

ORDERS = 4


def measured_bleu(name: str, predictions: Sequence[str], references: Sequence[str], metric: BLEU) -> Measured:
    """Corpus BLEU in [0, 1], kept as the counts of every pair: lengths, matched and possible n-grams by order."""
    counts = metric._extract_corpus_statistics(list(predictions), [list(references)]) if predictions else []
    return Measured(name, np.asarray(counts, dtype=np.float64).reshape(-1, 2 + 2 * ORDERS), bleu_of)


def bleu_of(sums: Floats) -> Floats:
    """Corpus BLEU from summed counts, with sacrebleu's exponential smoothing and no effective order."""
    predicted, expected = sums[..., 0], sums[..., 1]
    correct, total = sums[..., 2 : 2 + ORDERS], sums[..., 2 + ORDERS :]
    misses = np.cumsum((correct == 0) & (total > 0), axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = np.where(correct > 0, correct, 0.5**misses) / total
        brevity = np.where(predicted < expected, np.exp(1 - expected / predicted), 1.0)
        score = brevity * np.exp(np.log(precision).mean(axis=-1))
    scored = (total > 0).all(axis=-1) & (correct > 0).any(axis=-1)
    found: Floats = np.where(scored, score, 0.0)
    return found
