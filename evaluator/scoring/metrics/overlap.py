"""Overlap of answer and reference: token F1, exact match, ROUGE-L. All symmetric, in [0, 1].

Two texts without any token (empty or blank ones) are equal and score 1; one such text beside another scores 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from rapidfuzz.distance import LCSseq

from evaluator.scoring.metrics.reading.verdicts import Verdict
from evaluator.scoring.metrics.text import select_article_free_tokenizer, select_tokenizer

_SHORT = 12
"""Token count up to which searching a list is faster than counting it."""


def exact_match(predictions: Sequence[str], references: Sequence[str], language: str = "") -> list[float]:
    """Return 1 where both have the same tokens in the same order, articles apart."""
    cut = select_article_free_tokenizer(language)
    return [float(cut(one) == cut(two)) for one, two in zip(predictions, references, strict=True)]


def token_f1(predictions: Sequence[str], references: Sequence[str], language: str) -> list[float]:
    """Harmonic mean of precision and recall over shared tokens, with multiplicity and without articles (SQuAD's F1)."""
    cut = select_article_free_tokenizer(language)
    return _score_pairs(predictions, references, cut, _count_shared)


def judge_overlap(answer: str, exact: float, shared: float) -> Verdict:
    """Return the verdict on an answer: the same tokens, some, or none."""
    if not answer.strip():
        return "exact" if exact else "empty"
    if exact:
        return "exact"
    return "partial" if shared else "different"


def rouge_l(predictions: Sequence[str], references: Sequence[str], language: str) -> list[float]:
    """F-measure of the longest common subsequence of tokens (Lin 2004), no stemming."""
    return _score_pairs(predictions, references, select_tokenizer(language), LCSseq.similarity)


def _score_pairs(
    predictions: Sequence[str],
    references: Sequence[str],
    cut: Callable[[str], list[str]],
    count: Callable[[list[str], list[str]], int],
) -> list[float]:
    pairs = ((cut(one), cut(two)) for one, two in zip(predictions, references, strict=True))
    return [_f1_score(count(one, two), len(one), len(two)) for one, two in pairs]


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
