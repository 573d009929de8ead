"""Accuracy of paper@1: an answer is right if it ends with the expected output."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.scoring.metrics.paper.pairs import strip_pairs

CLOSING = ".。,，!！?？;；:：、)）]】}"
"""Signs ignored at the end of an answer, but not of a reference."""


def accuracy(predictions: Sequence[str], references: Sequence[str]) -> list[float]:
    """Return 1 or 0 per item, case ignored. An empty reference makes every answer right."""
    return [
        float(_is_right(prediction.lower(), reference.lower()))
        for prediction, reference in strip_pairs(predictions, references)
    ]


def _is_right(answer: str, gold: str) -> bool:
    """Apply the published rules in order, without the unreachable ones, which only repeat "ends with"."""
    said = answer.rstrip(CLOSING).strip()
    if answer == gold or said.endswith(gold):
        return True
    if gold.isdigit():
        return gold == _truth_value(said)
    return " ".join(said.split()[-len(gold.split()) :]) == gold  # other blanks between the same last words


def _truth_value(said: str) -> str:
    """Digit for an answer that contains true or false anywhere; true takes precedence."""
    if "true" in said:
        return "1"
    return "0" if "false" in said else ""
