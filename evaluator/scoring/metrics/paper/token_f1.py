"""Token F1 of paper@1: TriviaQA's, with the published code's bug that curly quotes stay in words."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence

from evaluator.scoring.metrics.paper.pairs import strip_pairs

_TO_BLANK = str.maketrans(dict.fromkeys(string.punctuation + "´`", " "))
_ASCII_TO_BLANK = bytes(ord(chr(code).lower().translate(_TO_BLANK)) for code in range(128)).ljust(256)
"""The same with lower-casing, for pure ASCII text: translating bytes is several times as fast."""
_ARTICLES = frozenset({"a", "an", "the"})
_ARTICLE = re.compile(r"\b(?:a|an|the)\b")


def token_f1(predictions: Sequence[str], references: Sequence[str]) -> list[float]:
    """Harmonic mean of precision and recall over shared tokens, with multiplicity; 0 if both are empty."""
    return [
        _f1_score(split_tokens(prediction), split_tokens(reference))
        for prediction, reference in strip_pairs(predictions, references)
    ]


def split_tokens(text: str) -> list[str]:
    """Split lower-cased text into words; drops English articles and splits at ASCII signs and the underscore."""
    plain = text.encode().translate(_ASCII_TO_BLANK).decode() if text.isascii() else text.lower().translate(_TO_BLANK)
    words = plain.split()
    if "".join(words).isalnum():
        return [word for word in words if word not in _ARTICLES]
    # Marks and other scripts' signs bound words too: the article of a + combining acute goes, and its mark stays.
    return [part for word in words for part in _ARTICLE.sub(" ", word).split()]


def _f1_score(predicted: list[str], expected: list[str]) -> float:
    left: dict[str, int] = {}
    for token in expected:
        left[token] = left.get(token, 0) + 1
    shared = 0
    for token in predicted:
        if left.get(token):
            left[token] -= 1
            shared += 1
    if not shared:
        return 0.0
    precision, recall = shared / len(predicted), shared / len(expected)
    return 2 * precision * recall / (precision + recall)
