"""Answers beside what was expected, as every metric of paper@1 takes them."""

from __future__ import annotations

from collections.abc import Sequence


def strip_pairs(predictions: Sequence[str], references: Sequence[str]) -> list[tuple[str, str]]:
    """Each prediction with its reference, outer blanks off. Raises ValueError for lists of different length."""
    if len(predictions) != len(references):
        raise ValueError(f"{len(predictions)} predictions to {len(references)} references: one is needed for each")
    return [(one.strip(), two.strip()) for one, two in zip(predictions, references, strict=True)]
