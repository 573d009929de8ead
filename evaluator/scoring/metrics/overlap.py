"""Overlap of answer and reference: token F1, exact match, ROUGE-L. All symmetric, in [0, 1].

Two texts without any token (empty or blank ones) are equal and score 1; one such text beside another scores 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rapidfuzz.distance import LCSseq

from evaluator.scoring.metrics.text import join_words, select_tokenizer

_SHORT = 12
"""Token count up to which searching a list is faster than counting it."""


def exact_match(predictions: Sequence[str], references: Sequence[str]) -> list[float]:
    """Return 1 where both are equal after folding and without signs."""
    return [float(join_words(one) == join_words(two)) for one, two in zip(predictions, references, strict=True)]


def token_f1(predictions: Sequence[str], references: Sequence[str], language: str) -> list[float]:
    """Harmonic mean of precision and recall over shared tokens, with multiplicity (SQuAD's F1)."""
    return [
        _f1_score(_count_shared(one, two), len(one), len(two))
        for one, two in _tokenize_pairs(predictions, references, language)
    ]


def rouge_l(predictions: Sequence[str], references: Sequence[str], language: str) -> list[float]:
    """F-measure of the longest common subsequence of tokens (Lin 2004), no stemming."""
    return [
        _f1_score(LCSseq.similarity(one, two), len(one), len(two))
        for one, two in _tokenize_pairs(predictions, references, language)
    ]


def _tokenize_pairs(
    predictions: Sequence[str], references: Sequence[str], language: str
) -> Iterator[tuple[list[str], list[str]]]:
    cut = select_tokenizer(language)
    return ((cut(one), cut(two)) for one, two in zip(predictions, references, strict=True))


def _count_shared(one: list[str], two: list[str]) -> int:
    """Size of the intersection of two multisets."""
    if one == two:
        return len(one)
    if max(len(one), len(two)) > _SHORT:
        return sum((Counter(one) & Counter(two)).values())
    left, shared = two.copy(), 0
    for token in one:
        if token in left:
            left.remove(token)
            shared += 1
    return shared


def _f1_score(shared: int, predicted: int, expected: int) -> float:
    if predicted == expected == 0:
        return 1.0
    return 2 * shared / (predicted + expected)
