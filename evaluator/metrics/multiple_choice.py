"""Multiple choice: the option that the answer's first line names, by letter or text; an ambiguous one is wrong."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import regex

from evaluator.metrics.text import plain

_OPTION = regex.compile(r"(?m)^\s*\(?([A-Za-z])[).:、．]\s*(.+?)\s*$")
_ONLY_LETTER = regex.compile(r"[\W_]*([A-Za-z])[\W_]*")
_LEADING_LETTER = regex.compile(r"[\W_]*([A-Za-z])\s*[).:、．].*")
_MARKED_LETTER = regex.compile(r"(?<![\p{L}\p{N}.])\(?([A-Za-z])[).:、．]")
# A and I are also words: they count after "is", "answer" and the like, or where no small word follows.
_LETTER = regex.compile(
    r"(?<=\b(?i:is|answer|option|choice)\s|:\s)([A-Z])\b"
    r"|\b([B-HJ-Z])\b"
    r"|\b([AI])\b(?!\s+(?!or\b|and\b)\p{Ll})"
)


def accuracy(predictions: Sequence[str], references: Sequence[str], questions: Sequence[str]) -> list[float]:
    """1 or 0 per item. `references` are letters or option texts; `questions` hold lettered options, one a line."""
    return [
        float(_is_right(prediction, reference, options(question)))
        for prediction, reference, question in zip(predictions, references, questions, strict=True)
    ]


def options(question: str) -> dict[str, str]:
    """Letter to option text, as far as the question shows them (`A) text`, `(B) text`, `C. text`)."""
    found = _OPTION.findall(unicodedata.normalize("NFKC", question))
    return {letter.upper(): text for letter, text in found}


def chosen(answer: str, choices: dict[str, str]) -> str | None:
    """The letter that an answer names, or None if it names none or several."""
    lines = unicodedata.normalize("NFKC", answer).strip().splitlines()
    first = lines[0] if lines else ""
    if match := _ONLY_LETTER.fullmatch(first):
        return str(match[1]).upper()
    known = choices.keys() or set("ABCDEFGHIJ")
    named = {letter for letter, text in choices.items() if plain(text) == plain(first)}
    if not named and (match := _LEADING_LETTER.fullmatch(first)) and match[1].upper() in known:
        named = {match[1].upper()} | {letter.upper() for letter in _MARKED_LETTER.findall(first)} & known
    named = named or {letter for found in _LETTER.findall(first) for letter in found if letter} & known
    return named.pop() if len(named) == 1 else None


def _is_right(prediction: str, reference: str, choices: dict[str, str]) -> bool:
    gold = chosen(reference, choices)
    if gold is None:
        return bool(plain(prediction)) and plain(prediction) == plain(reference)
    return chosen(prediction, choices) == gold
