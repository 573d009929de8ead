"""Translation and generation of paper@1: unigram precision, which the published code calls BLEU, and sacreBLEU."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sacrebleu.metrics import BLEU

from evaluator.scoring.metrics.bleu import ORDERS, measure_bleu
from evaluator.scoring.metrics.metric_result import Floats, MetricResult, combine_weighted
from evaluator.scoring.metrics.paper.pairs import strip_pairs

_MATCHED, _POSSIBLE = 2, 2 + ORDERS
"""Where BLEU's counts hold the matched and the possible unigrams."""


def unigram_precision(predictions: Sequence[str], references: Sequence[str]) -> MetricResult:
    """Share of all predicted tokens (13a, cased) that occur as often in their references, in [0, 1].

    The corpus figure is the sum of matches over the sum of tokens: long answers weigh more, and there is no penalty
    for short ones. No token at all is 0; the published code fails there, and counts 0.
    """
    return _unigram_result(sacrebleu(predictions, references))


def sacrebleu(predictions: Sequence[str], references: Sequence[str]) -> MetricResult:
    """Corpus BLEU with sacrebleu's defaults: 13a, cased, exponential smoothing; in [0, 1], not 100."""
    stripped = strip_pairs(predictions, references)
    return measure_bleu("sacrebleu", [one for one, _ in stripped], [two for _, two in stripped], BLEU(tokenize="13a"))


def blend_metrics(unigrams: float, bleu: float, predictions: Sequence[str], references: Sequence[str]) -> MetricResult:
    """Blend both metrics by weight; its `parts` can be divided by their reference values first."""
    counted = sacrebleu(predictions, references)
    return combine_weighted(
        f"{unigrams} unigram_precision + {bleu} sacrebleu", ((unigrams, _unigram_result(counted)), (bleu, counted))
    )


def _unigram_result(counted: MetricResult) -> MetricResult:
    return MetricResult("unigram_precision", counted.statistics[:, [_MATCHED, _POSSIBLE]], _pool_precision)


def _pool_precision(sums: Floats) -> Floats:
    matched, possible = sums[..., 0], sums[..., 1]
    found: Floats = np.divide(matched, possible, out=np.zeros_like(matched), where=possible > 0)
    return found
