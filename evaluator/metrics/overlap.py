"""Overlap of answer and reference: token F1, exact match, ROUGE-L."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rapidfuzz.distance import LCSseq

from evaluator.metrics.text import plain, tokens


def exact_match(predictions: Sequence[str], references: Sequence[str]) -> list[float]:
    """1 where both say the same after folding and without signs."""
    return [float(plain(one) == plain(two)) for one, two in zip(predictions, references, strict=True)]


def token_f1(predictions: Sequence[str], references: Sequence[str], language: str) -> list[float]:
    """Harmonic mean of precision and recall over shared tokens, counted as often as they stand (SQuAD's F1)."""
    return [
        _f1(sum((Counter(one) & Counter(two)).values()), len(one), len(two))
        for one, two in _pairs(predictions, references, language)
    ]


def rouge_l(predictions: Sequence[str], references: Sequence[str], language: str) -> list[float]:
    """F-measure of the longest common subsequence of tokens (Lin 2004), no stemming."""
    return [
        _f1(LCSseq.similarity(one, two), len(one), len(two)) for one, two in _pairs(predictions, references, language)
    ]


def _pairs(predictions: Sequence[str], references: Sequence[str], language: str) -> list[tuple[list[str], list[str]]]:
    return [(tokens(one, language), tokens(two, language)) for one, two in zip(predictions, references, strict=True)]


def _f1(shared: int, predicted: int, expected: int) -> float:
    if predicted == expected == 0:
        return 1.0
    return 2 * shared / (predicted + expected)
