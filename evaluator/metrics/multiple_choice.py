"""Multiple choice: the option that the answer's first line names, by letter or text; an ambiguous one is wrong."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import regex

from evaluator.metrics.text import plain

_OPTION = regex.compile(r"(?m)^\s*\(?([A-Z])[).:、．]\s*(.+?)\s*$")
_ONLY_LETTER = regex.compile(r"[\W_]*([A-Z])[\W_]*")
_LEADING_LETTER = regex.compile(r"[\W_]*([A-Z])\s*[).:、．].*")
_LETTER = regex.compile(r"\b([A-Z])\b")


def accuracy(predictions: Sequence[str], references: Sequence[str], questions: Sequence[str]) -> list[float]:
    """1 or 0 per item. `references` are letters or option texts; `questions` hold lettered options, one a line."""
    return [
        float(_is_right(prediction, reference, options(question)))
        for prediction, reference, question in zip(predictions, references, questions, strict=True)
    ]


def options(question: str) -> dict[str, str]:
    """Letter to option text, as far as the question shows them (`A) text`, `(B) text`, `C. text`)."""
    return dict(_OPTION.findall(unicodedata.normalize("NFKC", question)))


def chosen(answer: str, choices: dict[str, str]) -> str | None:
    """The letter that an answer names, or None if it names none or several."""
    lines = unicodedata.normalize("NFKC", answer).strip().splitlines()
    first = lines[0] if lines else ""
    for pattern in (_ONLY_LETTER, _LEADING_LETTER):
        if match := pattern.fullmatch(first):
            return match[1]
    by_text = {letter for letter, text in choices.items() if plain(text) == plain(first)}
    by_letter = set(_LETTER.findall(first)) & (choices.keys() or set("ABCDEFGHIJ"))
    named = by_text or by_letter
    return named.pop() if len(named) == 1 else None


def _is_right(prediction: str, reference: str, choices: dict[str, str]) -> bool:
    gold = chosen(reference, choices)
    if gold is None:
        return bool(plain(prediction)) and plain(prediction) == plain(reference)
    return chosen(prediction, choices) == gold
