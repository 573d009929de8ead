"""Classification: the label that the answer's first line is, else the one label that it names."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.metrics.text import plain


def accuracy(predictions: Sequence[str], references: Sequence[str], labels: Sequence[str]) -> list[float]:
    """1 or 0 per item. `labels` are all labels of the task (the distinct outputs of its reference)."""
    known = {plain(label) for label in (*labels, *references)}
    return [
        float(plain(reference) == label_of(prediction, known))
        for prediction, reference in zip(predictions, references, strict=True)
    ]


def label_of(answer: str, labels: set[str]) -> str | None:
    """The label that an answer gives, or None if it gives none or several; `labels` are plain texts."""
    lines = answer.strip().splitlines()
    line = plain(lines[0]) if lines else ""
    if line in labels:
        return line
    named = [label for label in labels if label and f" {label} " in f" {line} "]
    longest = [label for label in named if not any(label != other and label in other for other in named)]
    return longest[0] if len(longest) == 1 else None
