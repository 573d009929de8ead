"""Classification: the label that the answer's first line is, else the one label that it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evaluator.metrics.text import folded, plain, spaced

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
    same = [label for label, text in labels.items() if text and text == plain(line)]
    named = same or _named(line, labels)
    return named[0] if len(named) == 1 else None


def _named(line: str, labels: Mapping[str, str]) -> list[str]:
    """The labels that stand in a line, on word bounds; where one stands inside a longer one only that counts."""
    said = f" {spaced(plain(line))} "
    named = []
    for label in sorted(labels, key=lambda label: len(labels[label]), reverse=True):
        text = f" {spaced(labels[label])} "
        if text.strip() and text in said:
            named.append(label)
            said = said.replace(text, " | ")
    return named
