"""Multiple choice: the option named by the answer's first line, by letter or text; an ambiguous one is wrong."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence

import regex

from evaluator.scoring.metrics.mentions import Mentions, first_line, strip_signs
from evaluator.scoring.metrics.options import MARK, parse_options
from evaluator.scoring.metrics.text import join_words

__all__ = ["accuracy", "extract_choice", "parse_options"]

_ONLY_MARK = regex.compile(rf"[\W_]*(?<![−–-](?=\p{{N}}))({MARK})[^\p{{L}}\p{{M}}\p{{N}}+#]*")  # neither -1 nor C++
_LEADING_MARK = regex.compile(rf"[\W_]*({MARK})\s*[).:\]、].*")
_MARKED = regex.compile(  # a small letter and a point, as in "e.g.", is no option
    r"(?<![\p{L}\p{N}.])[(\[]?(?:((?:\p{Lu}|\p{Lo})\p{M}*)[).:\]、]|(\p{Ll})(?:[):\]、]|\.(?!\p{L}))|(\p{N}{1,2})[)\]])"
)
_BEFORE = r"(?<![\p{Latin}\p{Cyrillic}\p{Greek}\p{N}_'’])"
_BEHIND = r"(?![\p{Latin}\p{Cyrillic}\p{Greek}\p{N}_'’]|-\p{L})"
# A and I are also words: they count after "is", "answer" and the like, or where no small word follows.
_LETTER = regex.compile(
    rf"(?<=\b(?i:is|answer|option|choice)\s|:\s)([A-Z]){_BEHIND}"
    rf"|{_BEFORE}([B-HJ-Z]){_BEHIND}(?![+#])"
    rf"|{_BEFORE}([AI]){_BEHIND}(?!\s+(?!(?:or|and|is|because|since)\b)\p{{Ll}})"
    rf"|\b(?i:is|answer|option|choice)\s*:?\s*\(?([a-z])(?=\)?[\s.!]*$)"
    r"|(?<![\p{L}\p{M}\p{N}.,−–-])((?:[\p{Lu}--[A-Z]]|\p{Lo})\p{M}*|\p{N}{1,2})(?![\p{L}\p{N}]|[.,-]\p{N}|\s+\p{Ll})",
    regex.VERSION1,
)


def accuracy(predictions: Sequence[str], references: Sequence[str], questions: Sequence[str]) -> list[float]:
    """Return 1 or 0 per item. `references` are letters or option texts; `questions` contain lettered options.

    Where the reference names no option, the answer or its first line must equal the reference. An empty one never
    matches.
    """
    return [
        float(_is_right(prediction, reference, parse_options(question)))
        for prediction, reference, question in zip(predictions, references, questions, strict=True)
    ]


def extract_choice(answer: str, choices: dict[str, str]) -> str | None:
    """Return the letter that an answer names, or None for none or several."""
    line = first_line(unicodedata.normalize("NFKC", answer))
    known = choices.keys() or set("ABCDEFGHIJ")
    if (match := _ONLY_MARK.fullmatch(line)) and match[1].upper() in known:
        return str(match[1]).upper()
    exact = {letter for letter, text in choices.items() if text and strip_signs(text) == strip_signs(line)}
    alike = {letter for letter, text in choices.items() if text and join_words(text) == join_words(line)}
    for named in (exact, alike, _match_by_mark(line, choices, known), _match_by_text(line, choices)):
        if named:
            return named.pop() if len(named) == 1 else None
    return None


def _match_by_mark(line: str, choices: dict[str, str], known: Collection[str]) -> set[str]:
    """Find options named by letter: with their text (`B) Paris`), at the line's start, or alone."""
    marked, whole = _find_marked(line, choices, known)
    if whole:
        return marked
    if (match := _LEADING_MARK.fullmatch(line)) and match[1].upper() in known:
        return {match[1].upper()} | marked
    return {letter.upper() for found in _LETTER.findall(line) for letter in found if letter} & set(known)


def _find_marked(line: str, choices: dict[str, str], known: Collection[str]) -> tuple[set[str], bool]:
    """Find letters before a sign, outside of option texts; also return whether any has its option's text."""
    named, end, whole = set(), 0, False
    for mark in _MARKED.finditer(line):
        letter = (mark[1] or mark[2] or mark[3]).upper()
        if mark.start() < end or letter not in known:
            continue
        named.add(letter)
        beside, text = line[mark.end() :].lstrip(), choices.get(letter, "")
        if text and beside.casefold().startswith(text.casefold()):
            end, whole = len(line) - len(beside) + len(text), True
    return named, whole


def _match_by_text(line: str, choices: dict[str, str]) -> set[str]:
    """Find the options whose text occurs in the line."""
    return set(Mentions({letter: text for letter, text in choices.items() if text}).find_in(line))


def _is_right(prediction: str, reference: str, choices: dict[str, str]) -> bool:
    gold = extract_choice(reference, choices)
    if gold is not None:
        return extract_choice(prediction, choices) == gold
    expected = strip_signs(reference)
    return bool(expected) and expected in (strip_signs(prediction), strip_signs(first_line(prediction)))
