"""Mentions of texts (labels, options) in a line: on word bounds, longer texts before those within them."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

import regex

from evaluator.scoring.metrics.numbers import SIGN, canonicalize_number, uses_decimal_comma
from evaluator.scoring.metrics.reading.endings import strip_ending
from evaluator.scoring.metrics.text import UNSPACED, fold_text

Key = TypeVar("Key", bound=Hashable)

_SENTENCE_SIGNS = " .,;:!?*`'\"()[]{}«»„“”‘’。、「」『』《》【】¿¡؟،؛।"
_UNIT = regex.compile(
    rf"(?P<number>{SIGN}[0-9]+(?:[.,'’][0-9]+)+(?![\p{{L}}\p{{M}}\p{{N}}]))"  # 1.5 is no 1
    rf"|(?P<sole>[{UNSPACED}]\p{{M}}*)"
    rf"|{SIGN}(?:(?![{UNSPACED}])[\p{{L}}\p{{M}}\p{{N}}])+"
    r"|\S"
)
_TAKEN = "\0taken"
"""Replacement for a found text, so that no match spans it."""


@dataclass(frozen=True)
class Units:
    """A line in words, numbers and single signs; each letter of a script without blanks is a unit."""

    texts: tuple[str, ...]
    """Folded."""
    spans: tuple[tuple[int, int], ...]
    """Start and end of each in the line."""

    def find(self, place: int) -> int:
        """Return the unit at a letter of the line, or the one behind it."""
        return bisect_left([end for _, end in self.spans], place + 1)


@dataclass(frozen=True)
class Mention(Generic[Key]):
    """A text found in a line: the units `start` to `end`."""

    keys: tuple[Key, ...]
    start: int
    end: int


def strip_signs(text: str, language: str = "") -> str:
    """Strip sentence punctuation around a folded text. Other signs stay: C++ is not C#, and + is not -."""
    folded = fold_text(text, language)
    return folded.strip(_SENTENCE_SIGNS) or folded


def first_line(answer: str) -> str:
    """Return the first line that is not blank, or an empty text."""
    lines = answer.strip().splitlines()
    return lines[0] if lines else ""


@lru_cache(8192)  # labels come back for every answer
def split_units(line: str, language: str = "") -> Units:
    """Split a line into folded units."""
    comma = uses_decimal_comma(language)
    texts, spans = [], []
    for match in _UNIT.finditer(line):
        if match.lastgroup == "number":
            unit = canonicalize_number(match[0], decimal_comma=comma)
        else:
            unit = fold_text(match[0], language).replace("−", "-").replace("–", "-") or match[0]
        texts.append(unit)
        spans.append(match.span())
    return Units(tuple(texts), tuple(spans))


class Mentions(Generic[Key]):
    """Texts by key, to search for in many lines.

    Signs between words do not count (top_up is top-up) unless texts differ only by them (C++ and C#).
    Two keys with the same text are both mentioned. A text of signs alone is mentioned by a line of it alone, for - is
    also a dash. Endings of agglutinating languages count as part of the text's last word.
    """

    def __init__(self, texts: Mapping[Key, str], language: str = "") -> None:
        self._language = language
        self._keys: dict[tuple[str, ...], list[Key]] = {}
        for key, text in texts.items():
            self._keys.setdefault(split_units(strip_signs(text, language), language).texts, []).append(key)
        self._known = frozenset(texts)
        alike = Counter(map(_keep_words, self._keys))
        self._wanted = [
            (_keep_words(wanted), wanted, alike[_keep_words(wanted)] == 1)
            for wanted in sorted(self._keys, key=lambda wanted: (-len(_keep_words(wanted)), -len(wanted)))
            if _keep_words(wanted) or (len(wanted) == 1 and wanted[0] not in "-+–—")
        ]
        self._last_words = frozenset(words[-1] for words, _, _ in self._wanted if words)

    def __contains__(self, key: Key) -> bool:
        return key in self._known

    def find_in(self, line: str) -> list[Key]:
        """Return the keys of the texts that a line mentions, each once."""
        return list(
            dict.fromkeys(key for mention in self.locate(split_units(line, self._language)) for key in mention.keys)
        )

    def locate(self, units: Units) -> list[Mention[Key]]:
        """Return all mentions in a line, in its order."""
        said = [strip_ending(unit, self._last_words, self._language) for unit in units.texts]
        heard = frozenset(said)
        mentions: list[Mention[Key]] = []
        for words, wanted, loose in self._wanted:
            units_wanted = words if loose and words else wanted
            if not heard.issuperset(units_wanted):
                continue
            keys = tuple(self._keys[wanted])
            for start, end in _strike_out(said, units_wanted, loose=loose and bool(words)):
                mentions.append(Mention(keys, start, end))
        return sorted(mentions, key=lambda mention: mention.start)


@lru_cache(8192)
def _keep_words(wanted: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(unit for unit in wanted if is_word(unit))


def is_word(unit: str) -> bool:
    """Return whether a unit is a word or number, not a sign."""
    return len(unit) > 1 or unit.isalnum() or regex.fullmatch(r"[\p{L}\p{M}\p{N}]", unit) is not None


def _strike_out(said: list[str], wanted: Sequence[str], *, loose: bool) -> list[tuple[int, int]]:
    """Replace these units in a line and return their places; `loose` ignores signs between them."""
    places = []
    while (place := _find_slice(said, wanted, loose)) is not None:
        start, end = place
        said[start:end] = [_TAKEN] * (end - start)
        places.append(place)
    return places


def _find_slice(said: list[str], wanted: Sequence[str], loose: bool) -> tuple[int, int] | None:
    """Find these units in a line; `loose` ignores signs between them."""
    for start, unit in enumerate(said):
        if unit == wanted[0] and (end := _match_end(said, start, wanted, loose)):
            return start, end
    return None


def _match_end(said: list[str], start: int, wanted: Sequence[str], loose: bool) -> int:
    """Return the end of these units at `start`, or 0 if they do not match there."""
    at = start
    for unit in wanted:
        while loose and at < len(said) and not is_word(said[at]):
            at += 1
        if at == len(said) or said[at] != unit:
            return 0
        at += 1
    return at
