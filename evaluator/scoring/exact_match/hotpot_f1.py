"""Token F1 of short answers by HotpotQA's rule, as in FlashRAG and R1-Searcher."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.scoring.exact_match.normalize_answers import normalize_squad

HOTPOT_F1 = "f1/hotpotqa@1"
"""Id of the metric."""
_CLOSED_ANSWERS = frozenset(("yes", "no", "noanswer"))
"""Answers of which only the same one has a part in common."""


def hotpot_f1(prediction: str, accepted: Sequence[str]) -> float:
    """Harmonic mean of token precision and recall, the best over gold answers normalized as by em/squad@1.

    Tokens count with multiplicity. Zero where prediction or gold is yes, no or noanswer and they differ (Yang et al.
    2018, evaluation script), and where a side has no token.
    """
    answer = normalize_squad(prediction)
    predicted = answer.split()
    return max((_score_gold(answer, predicted, gold) for gold in accepted), default=0.0)


def _score_gold(answer: str, predicted: list[str], gold: str) -> float:
    if answer == gold:
        return float(bool(predicted))
    if answer in _CLOSED_ANSWERS or gold in _CLOSED_ANSWERS:
        return 0.0
    expected = gold.split()
    left = expected.copy()
    shared = 0
    for token in predicted:
        if token in left:
            left.remove(token)
            shared += 1
    return 2 * shared / (len(predicted) + len(expected)) if shared else 0.0
