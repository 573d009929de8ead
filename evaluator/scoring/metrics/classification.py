"""Classification: the label that the answer's first line is, else the one label that it names."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.scoring.metrics.mentions import Mentions, bare, first_line
from evaluator.scoring.metrics.text import folded


def accuracy(predictions: Sequence[str], references: Sequence[str], labels: Sequence[str]) -> list[float]:
    """1 or 0 per item. `labels` are all labels of the task (the distinct outputs of its reference).

    No label, several, or one that the task does not have is wrong. An empty label is given by an empty answer only.
    """
    known = Mentions({bare(label): folded(label) for label in (*labels, *references)})
    return [
        float(bare(reference) == label_of(prediction, known))
        for prediction, reference in zip(predictions, references, strict=True)
    ]


def label_of(answer: str, labels: Mentions[str]) -> str | None:
    """The label that an answer gives, or None if it gives none or several; the labels' keys are their bare texts."""
    line = bare(first_line(answer))
    if line in labels:
        return line
    named = labels.within(line)
    return named[0] if len(named) == 1 else None
