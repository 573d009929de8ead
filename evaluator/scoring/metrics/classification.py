"""Classification: the label equal to the answer's first line, else the one label that it names."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.scoring.metrics.mentions import Mentions, first_line, strip_signs
from evaluator.scoring.metrics.text import fold_text


def accuracy(predictions: Sequence[str], references: Sequence[str], labels: Sequence[str]) -> list[float]:
    """Return 1 or 0 per item. `labels` are all labels of the task (the distinct outputs of its reference).

    No label, several, or one that the task does not have is wrong. An empty label is given by an empty answer only.
    """
    known = Mentions({strip_signs(label): fold_text(label) for label in (*labels, *references)})
    return [
        float(strip_signs(reference) == extract_label(prediction, known))
        for prediction, reference in zip(predictions, references, strict=True)
    ]


def extract_label(answer: str, labels: Mentions[str]) -> str | None:
    """Return the label in an answer, or None for none or several; `labels` has the bare texts as keys."""
    line = strip_signs(first_line(answer))
    if line in labels:
        return line
    named = labels.find_in(line)
    return named[0] if len(named) == 1 else None
