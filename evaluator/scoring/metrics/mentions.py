"""Mentions of texts (labels, options) in a line: on word bounds, longer texts before those within them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from functools import lru_cache
from typing import Generic, TypeVar

import regex

from evaluator.scoring.metrics.text import fold_text, space_letters

Key = TypeVar("Key", bound=Hashable)

_SENTENCE_SIGNS = " .,;:!?*`'\"()[]«»„“”‘’。、「」『』《》【】¿¡؟،؛।"
_UNIT = regex.compile(
    r"(?:(?<![\p{L}\p{M}\p{N}−–-])[−–-](?=\p{N}))?\p{N}+(?:[.,]\p{N}+)+(?![\p{L}\p{M}\p{N}])"  # 1.5 is no 1
    r"|(?:(?<![\p{L}\p{M}\p{N}−–-])[−–-](?=\p{N}))?[\p{L}\p{M}\p{N}]+"
    r"|\S"
)
_TAKEN = "\0taken"
"""Replacement for a found text, so that no match spans it."""


def strip_signs(text: str) -> str:
    """Strip sentence punctuation around a folded text. Other signs stay: C++ is not C#, and + is not -."""
    return fold_text(text).strip(_SENTENCE_SIGNS) or fold_text(text)


def first_line(answer: str) -> str:
    """Return the first line that is not blank, or an empty text."""
    lines = answer.strip().splitlines()
    return lines[0] if lines else ""


class Mentions(Generic[Key]):
    """Texts by key, to search for in many lines.

    Signs between words do not count (top_up is top-up) unless texts differ only by them (C++ and C#).
    Two keys with the same text are both mentioned. A text of signs alone is never mentioned, for - is also a dash.
    """

    def __init__(self, texts: Mapping[Key, str]) -> None:
        self._keys: dict[tuple[str, ...], list[Key]] = {}
        for key, text in texts.items():
            self._keys.setdefault(split_units(strip_signs(text)), []).append(key)
        self._known = frozenset(texts)
        alike = Counter(map(_keep_words, self._keys))
        self._wanted = [
            (_keep_words(wanted), wanted, alike[_keep_words(wanted)] == 1)
            for wanted in sorted(self._keys, key=lambda wanted: (-len(_keep_words(wanted)), -len(wanted)))
            if _keep_words(wanted)
        ]

    def __contains__(self, key: Key) -> bool:
        return key in self._known

    def find_in(self, line: str) -> list[Key]:
        """Return the keys of the texts that a line mentions."""
        said = list(split_units(strip_signs(line)))
        heard = frozenset(said)
        found: list[Key] = []
        for words, wanted, loose in self._wanted:
            if not heard.issuperset(words):
                continue
            places = _strike_out(said, words, loose=True) if loose else _strike_out(said, wanted, loose=False)
            found += self._keys[wanted] if places else []
        return found


@lru_cache(8192)  # labels come back for every answer
def split_units(text: str) -> tuple[str, ...]:
    """Split folded text into words, numbers and single signs; each letter of a script without blanks is a word."""
    return tuple(unit.replace("−", "-").replace("–", "-") for unit in _UNIT.findall(space_letters(text)))


@lru_cache(8192)
def _keep_words(wanted: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(unit for unit in wanted if _is_word(unit))


def _is_word(unit: str) -> bool:
    return len(unit) > 1 or unit.isalnum() or regex.fullmatch(r"[\p{L}\p{M}\p{N}]", unit) is not None


def _strike_out(said: list[str], wanted: tuple[str, ...], *, loose: bool) -> int:
    """Replace these units in a line and count them; `loose` ignores signs between them."""
    taken = 0
    while (place := _find_slice(said, wanted, loose)) is not None:
        said[place] = [_TAKEN]
        taken += 1
    return taken


def _find_slice(said: list[str], wanted: tuple[str, ...], loose: bool) -> slice | None:
    """Find these units in a line; `loose` ignores signs between them."""
    for start, unit in enumerate(said):
        if unit == wanted[0] and (end := _match_end(said, start, wanted, loose)):
            return slice(start, end)
    return None


def _match_end(said: list[str], start: int, wanted: tuple[str, ...], loose: bool) -> int:
    """Return the end of these units at `start`, or 0 if they do not match there."""
    at = start
    for unit in wanted:
        while loose and at < len(said) and not _is_word(said[at]):
            at += 1
        if at == len(said) or said[at] != unit:
            return 0
        at += 1
    return at
