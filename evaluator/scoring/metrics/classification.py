"""Classification: the label equal to the answer's line, else the one label that it names and does not deny."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.scoring.metrics.reading.label_reader import LabelReader
from evaluator.scoring.metrics.reading.verdicts import RIGHT_VERDICTS, Verdict, judge_reading


def accuracy(
    predictions: Sequence[str], references: Sequence[str], labels: Sequence[str], language: str = ""
) -> list[float]:
    """Return 1 or 0 per item. `labels` are all labels of the task (the distinct outputs of its reference).

    No label, several, or one that the task does not have is wrong. An empty label is given by an empty answer only.
    """
    return [float(verdict in RIGHT_VERDICTS) for verdict in judge_labels(predictions, references, labels, language)]


def judge_labels(
    predictions: Sequence[str], references: Sequence[str], labels: Sequence[str], language: str = ""
) -> list[Verdict]:
    """Return the verdict on each answer."""
    reader = LabelReader([*labels, *references], language)
    return [
        _judge_empty(reference)
        if not prediction.strip()
        else judge_reading(reader.read(prediction), reader.read_gold(reference), "label")
        for prediction, reference in zip(predictions, references, strict=True)
    ]


def _judge_empty(reference: str) -> Verdict:
    return "empty" if reference.strip() else "right_label"
