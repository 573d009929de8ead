"""Classification: the label that the answer's first line is, else the one label that it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evaluator.metrics.text import folded, plain

_SENTENCE_SIGNS = " .,;:!?*`'\"()[]«»„“”‘’。、"


def accuracy(predictions: Sequence[str], references: Sequence[str], labels: Sequence[str]) -> list[float]:
    """1 or 0 per item. `labels` are all labels of the task (the distinct outputs of its reference)."""
    known = {bare(label): plain(label) for label in (*labels, *references)}
    return [
        float(bare(reference) == label_of(prediction, known))
        for prediction, reference in zip(predictions, references, strict=True)
    ]


def bare(text: str) -> str:
    """Folded text without the signs of a sentence around it. Other signs stay: C++ is not C#, and + is not -."""
    return folded(text).strip(_SENTENCE_SIGNS) or folded(text)


def label_of(answer: str, labels: Mapping[str, str]) -> str | None:
    """The label that an answer gives, or None if it gives none or several; `labels` are bare texts to plain ones."""
    lines = answer.strip().splitlines()
    line = bare(lines[0]) if lines else ""
    if line in labels:
        return line
    words = plain(line)
    same = [label for label, text in labels.items() if text and text == words]
    named = same or [label for label, text in labels.items() if text and f" {text} " in f" {words} "]
    longest = [one for one in named if not any(_is_part(labels[one], labels[other]) for other in named)]
    return longest[0] if len(longest) == 1 else None


def _is_part(one: str, other: str) -> bool:
    return one != other and one in other
