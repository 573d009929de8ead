"""Pairs of answers and expected outputs, as input of every metric of paper@1."""

from __future__ import annotations

from collections.abc import Sequence


def strip_pairs(predictions: Sequence[str], references: Sequence[str]) -> list[tuple[str, str]]:
    """Pair each prediction with its reference, outer blanks stripped. Raises ValueError for unequal lengths."""
    if len(predictions) != len(references):
        raise ValueError(f"{len(predictions)} predictions to {len(references)} references: one is needed for each")
    return [(one.strip(), two.strip()) for one, two in zip(predictions, references, strict=True)]
