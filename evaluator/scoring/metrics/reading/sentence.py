"""Clauses of a line, and the words in it that announce, deny or join what it names."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from unicodedata import name as unicode_name

from evaluator.scoring.metrics.reading.answer_words import ANSWER_WORDS
from evaluator.scoring.metrics.reading.denial_words import (
    AT_CLAUSE_END,
    DENIALS_BEFORE,
    DENIALS_BEHIND,
    NO_DENIALS,
    WRONGS,
)
from evaluator.scoring.metrics.reading.mentions import Units, is_word, split_units
from evaluator.scoring.metrics.reading.sentence_words import ALTERNATIVES, CONTRASTS, REASONS
from submissions.records.language_tags import primary_language

_NEAR = 6
"""Units before or behind a named thing in which a denial refers to it."""
_CLAUSE_SIGNS = frozenset(".,;!?،؛。，；！？、।؟")
_Span = tuple[int, int]


@dataclass(frozen=True)
class Phrases:
    """Phrases of a language, by their first unit; stems by their first letters."""

    by_first: Mapping[str, tuple[tuple[tuple[str, ...], bool], ...]]
    stems: tuple[str, ...]

    def find_in(self, texts: Sequence[str]) -> list[_Span]:
        """Return the places of the phrases among units."""
        spans = []
        for start, text in enumerate(texts):
            if self.stems and text.startswith(self.stems):
                spans.append((start, start + 1))
            for phrase, is_stem in self.by_first.get(text, ()):
                end = start + len(phrase)
                behind = tuple(texts[start:end])
                if behind == phrase or (is_stem and behind[:-1] == phrase[:-1] and behind[-1].startswith(phrase[-1])):
                    spans.append((start, end))
                    break
        return spans


@lru_cache(256)
def compile_phrases(table: str, language: str) -> Phrases:
    """Compile one of TABLES for a language and English; for several languages if the language is unknown.

    Short words of one language mean others elsewhere, so those of small languages count in their own texts only.
    """
    words = TABLES[table]
    primary = primary_language(language) if language else ""
    chosen = [primary, "en"] if primary in ANSWER_WORDS else list(words)
    by_first: dict[str, list[tuple[tuple[str, ...], bool]]] = {}
    stems: list[str] = []
    for name in chosen:
        is_guess = primary not in ANSWER_WORDS and table in _OWN and name in _LATIN and name not in _WIDE
        for word in words.get(name, "").replace("|", " ").split():
            if is_guess and (len(word) < _CLEAR or name in _UNCLEAR):
                continue
            if primary not in ANSWER_WORDS and word in _SHARED_WORDS:
                continue
            phrase = split_units(word.rstrip("*").replace("_", " "), name).texts
            if word.endswith("*") and len(phrase) == 1:
                stems.append(phrase[0])
            else:
                by_first.setdefault(phrase[0], []).append((phrase, word.endswith("*")))
    ordered = {first: tuple(sorted(phrases, key=lambda each: -len(each[0]))) for first, phrases in by_first.items()}
    return Phrases(ordered, tuple(stems))


TABLES: dict[str, Mapping[str, str]] = {
    "announcements": ANSWER_WORDS,
    "answers": {language: words.split("|")[0] for language, words in ANSWER_WORDS.items()},
    "before": DENIALS_BEFORE,
    "behind": {name: words for name, words in DENIALS_BEHIND.items() if name not in AT_CLAUSE_END},
    "at_end": {name: words for name, words in DENIALS_BEHIND.items() if name in AT_CLAUSE_END},
    "affirmations": NO_DENIALS,
    "wrongs": WRONGS,
    "reasons": REASONS,
    "contrasts": CONTRASTS,
    "alternatives": ALTERNATIVES,
}


_OWN = frozenset({"before", "behind", "at_end", "wrongs", "reasons", "contrasts", "alternatives"})
_CLEAR = 4
"""Letters from which on a word of a small language is taken for it in a text of unknown language."""
_SHARED_WORDS = frozenset({"ni"})
"""Words that deny in one language and affirm in another."""
_UNCLEAR = frozenset({"tl", "fil", "et", "sq"})
_WIDE = frozenset("en de es fr it pt nl pl vi id tr".split())
_LATIN = frozenset(
    name for name, words in ANSWER_WORDS.items() if words[0].isascii() or "LATIN" in unicode_name(words[0])
)


class Sentence:
    """A line whose named things are `taken`: their words are not those of the sentence."""

    def __init__(self, units: Units, taken: Sequence[_Span], language: str) -> None:
        self._language = language
        self._taken = sorted(taken)
        texts = list(units.texts)
        for start, end in self._taken:
            texts[start:end] = ["\0"] * (end - start)
        self._texts = texts
        self._spans = units.spans
        self._places: dict[str, list[_Span]] = {}

    def is_denied(self, start: int, end: int, *, wrong_words: bool = False) -> bool:
        """Return whether the units from `start` to `end` are denied; also by `wrong` behind them if asked."""
        first, last = self._clause_around(start, end)
        near = max(first, start - _NEAR)
        if any(near <= place < start for place, _ in self._denials):
            return True
        last = min([last, *(other for other, _ in self._taken if other >= end)])
        if any(end <= place < min(last, end + _NEAR) for place, _ in self._find("behind")):
            return True
        if any(end <= place and self._is_last_word(stop, last) for place, stop in self._find("at_end")):
            return True
        return wrong_words and self._is_called_wrong(end, last)

    def _is_called_wrong(self, end: int, last: int) -> bool:
        if any(end <= place < min(last, end + _NEAR) for place, _ in self._find("wrongs")):
            return True
        denials = [stop for place, stop in self._denials if end <= place < last]
        return any(
            stop <= place < min(last, stop + _NEAR) for stop in denials for place, _ in self._find("announcements")
        )

    def ends_at_reason(self, after: int) -> int:
        """Return the first unit behind `after` that begins a reason, or the number of units."""
        return min((start for start, _ in self._find("reasons") if start >= after), default=len(self._texts))

    def has_alternative(self, start: int, end: int) -> bool:
        """Return whether a word such as `or` stands between two units."""
        return any(start <= place < end for place, _ in self._find("alternatives"))

    def is_announced(self, start: int, table: str = "announcements") -> bool:
        """Return whether a word such as `answer` stands before a unit, in its clause."""
        first, _ = self._clause_around(start, start)
        return any(first <= place < start for place, _ in self._find(table))

    @cached_property
    def _denials(self) -> list[_Span]:
        affirming = [range(*span) for span in self._find("affirmations")]
        return [span for span in self._find("before") if not any(span[0] in places for places in affirming)]

    @cached_property
    def _breaks(self) -> list[int]:
        """Units that end a clause, sorted."""
        signs = {at for at, text in enumerate(self._texts) if text in _CLAUSE_SIGNS and self._is_before_blank(at)}
        return sorted(signs | {start for start, _ in self._find("contrasts")})

    def _is_before_blank(self, at: int) -> bool:
        if self._texts[at] != ".":
            return True
        return at + 1 == len(self._spans) or self._spans[at + 1][0] > self._spans[at][1]

    def _clause_around(self, start: int, end: int) -> _Span:
        at = bisect_right(self._breaks, start - 1)
        first = self._breaks[at - 1] + 1 if at else 0
        return first, min((each for each in self._breaks if each >= end), default=len(self._texts))

    def _is_last_word(self, stop: int, last: int) -> bool:
        return stop <= last and not any(is_word(text) for text in self._texts[stop:last] if text != "\0")

    def _find(self, table: str) -> list[_Span]:
        if table not in self._places:
            self._places[table] = compile_phrases(table, self._language).find_in(self._texts)
        return self._places[table]
