"""Reading of a choice: the option that a line names by its mark or its text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import regex

from evaluator.scoring.metrics.reading.alphabets import LATIN
from evaluator.scoring.metrics.reading.answer_language import find_answer_language
from evaluator.scoring.metrics.reading.find_marks import (
    LINK_WORDS,
    TAKEN,
    FoundMark,
    compile_forms,
    find_marks,
    forms_of_marks,
)
from evaluator.scoring.metrics.reading.lines import drop_markup
from evaluator.scoring.metrics.reading.mentions import Mention, Mentions, Units, split_units, strip_signs
from evaluator.scoring.metrics.reading.select_line import read_answer
from evaluator.scoring.metrics.reading.sentence import Sentence, compile_phrases
from evaluator.scoring.metrics.reading.verdicts import UNREAD, Reading
from evaluator.scoring.metrics.text import join_words

_BEFORE_SET = regex.compile(r"[\s:\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]")
_SIGNED = regex.compile(r"[*_]*[).:\]、]")
_OUTER = r"[\s\p{P}\p{S}]*"
_JOINED = regex.compile(
    r"[\s,;、،，；/&+|.()\[\]{}*\"'`-]+|and|und|y|e|et|en|i|a|och|og|ja|ve|dan|và|и|і|та|και|و|और|এবং|และ|和|与|與|と|및|과|와|na"
)


class ChoiceReader:
    """Reads answers to a question with these options, texts by mark."""

    def __init__(self, options: Mapping[str, str], language: str = "") -> None:
        self._language = language
        self._options = options
        self._keys = tuple(options) or LATIN[:10]
        self._texts = {key: text for key, text in options.items() if text}
        self._forms = forms_of_marks(self._keys)
        pattern = compile_forms(self._keys).pattern
        self._only_mark = regex.compile(
            rf"{_OUTER}(?<![−–-](?=\p{{N}}))({pattern})(?![+#%°])[^\p{{L}}\p{{M}}\p{{N}}+#%°]*"
        )
        self._leading_mark = regex.compile(
            rf"[^\p{{L}}\p{{M}}\p{{N}}−–-]*(?:[-–•*]\s+)?({pattern})[*_\s]*(?:[)\]:、}}】>]|\.(?!\p{{Ll}}|\p{{N}})|\s[-–—](?=\s))(.*)"
        )
        self._exact = _group_by(self._texts, lambda text: strip_signs(text, language))
        self._alike = _group_by(self._texts, lambda text: join_words(text, language))
        named = {key: text for key, text in self._texts.items() if strip_signs(text).upper() not in self._keys}
        self._mentions = Mentions(named, language)

    def read_gold(self, reference: str) -> frozenset[str]:
        """Return the options that a reference names; several as in `A, B` or `ABD`; none if it names none."""
        reading = read_answer(reference, self._read_line, self._language)
        if len(reading.named) == 1:
            return reading.named
        several = self._read_set(drop_markup(reference).strip())
        return several if len(several) > 1 else frozenset()

    def read(self, answer: str, *, is_set: bool = False) -> Reading:
        """Read an answer, by the words of its own language; `is_set` if several options may be right."""
        language = find_answer_language(answer, self._language)
        reader = self if language == self._language else reader_of(self._options, language)
        return read_answer(answer, reader._read_any_set if is_set else reader._read_line, language)

    def _read_line(self, line: str) -> Reading:
        if match := self._only_mark.fullmatch(line):
            return Reading(frozenset({self._forms[match[1]]}), "letter")
        for texts, shaped in (
            (self._exact, strip_signs(line, self._language)),
            (self._alike, join_words(line, self._language)),
        ):
            if keys := texts.get(shaped):
                return Reading(keys, "text")
        return self._read_sentence(line)

    def _read_any_set(self, line: str) -> Reading:
        if several := self._read_set(line):
            return Reading(several, "letter")
        for start in range(len(line)):  # behind `the answers are`, say
            if (
                _BEFORE_SET.match(line[start - 1])
                and line[start].isupper()
                and len(several := self._read_set(line[start:])) > 1
            ):
                return Reading(several, "letter")
        return self._read_sentence(line, is_set=True)

    def _read_set(self, text: str) -> frozenset[str]:
        """Read a list of marks and nothing else: `A, B`, `A and B`, `ABD`."""
        if strip_signs(text, self._language) in self._exact:
            return frozenset()
        bare = text.strip(" .*()[]{}\"'`")
        if bare.isupper() and len(set(bare)) == len(bare) > 1 and all(letter in self._forms for letter in bare):
            return frozenset(self._forms[letter] for letter in bare)
        parts = [part for part in regex.split(r"[\s,;、،，；/&+|.()\[\]{}*\"'`]+", text) if part]
        marks = [part for part in parts if part in self._forms and not (part.islower() and _JOINED.fullmatch(part))]
        others = [part for part in parts if part not in marks and not _JOINED.fullmatch(part)]
        return frozenset() if others else frozenset(self._forms[mark] for mark in marks)

    def _read_sentence(self, line: str, *, is_set: bool = False) -> Reading:
        units = split_units(line, self._language)
        mentions = self._mentions.locate(units)
        marks = find_marks(_mask_texts(line, mentions, units), self._keys, self._language)
        lead = None if is_set else self._find_lead(line)
        if not (lead or marks or mentions):
            return UNREAD
        places = [
            _Place(units.find(mark.start), units.find(mark.end - 1) + 1, frozenset({mark.key}), "letter")
            for mark in marks
        ]
        places += [_Place(mention.start, mention.end, frozenset(mention.keys), "text") for mention in mentions]
        places.sort(key=lambda place: (place.start, place.end))
        sentence = Sentence(units, [(place.start, place.end) for place in places], self._language)
        if lead is None:
            return _name_places(places, sentence)
        return self._read_lead(line, lead, marks, mentions)

    def _find_lead(self, line: str) -> regex.Match[str] | None:
        """Find a mark and its sign at the start of a line; a number and a dash begin a sum as well."""
        lead = self._leading_mark.fullmatch(line)
        if lead and lead[1].isdecimal() and line[lead.end(1) :].lstrip("*_ ")[:1] in tuple("-–—"):
            return None
        return lead

    def _read_lead(
        self, line: str, lead: regex.Match[str], marks: list[FoundMark], mentions: list[Mention[str]]
    ) -> Reading:
        """Read a line that begins with a mark and its sign: other marks with a sign count, texts do not."""
        key = self._forms[lead[1]]
        others = {mark.key for mark in marks if mark.start > lead.end(1) and _SIGNED.match(line, mark.end)}
        is_dash = line[lead.end(1) :].lstrip("*_ ")[:1] in tuple("-–—")
        if not any(key in mention.keys for mention in mentions) and self._is_called_wrong(lead[2], is_dash=is_dash):
            return Reading(is_denied=True)
        return Reading(frozenset({key, *others}), "letter")

    def _is_called_wrong(self, text: str, *, is_dash: bool) -> bool:
        """Whether a text begins with `is wrong` or `is not the answer`; behind a dash, `wrong` is enough."""
        units = split_units(text, self._language)
        first = units.texts[0] if units.texts else ""
        denials = compile_phrases("before", self._language).find_in(units.texts[:3])
        if not is_dash and first not in LINK_WORDS and not denials:
            return False
        return Sentence(units, [], self._language).is_denied(0, 0, wrong_words=True)


@dataclass(frozen=True)
class _Place:
    """Options named by the units `start` to `end` of a line; two options may have one text."""

    start: int
    end: int
    keys: frozenset[str]
    by: Literal["letter", "text"]


def _name_places(places: list[_Place], sentence: Sentence) -> Reading:
    stop = sentence.ends_at_reason(places[0].end)
    places = [place for place in places if place.start < stop]
    denied = [place for place in places if sentence.is_denied(place.start, place.end, wrong_words=True)]
    affirmed = [place for place in places if place not in denied]
    if not affirmed or any(place.by == "letter" for place in denied):
        return Reading(is_denied=True)
    letters = frozenset().union(*(place.keys for place in affirmed if place.by == "letter"))
    named = letters.union(*(place.keys & letters or place.keys for place in affirmed))
    return Reading(
        named,
        "letter" if letters else "text",
        is_hedged=len(named) > 1 and sentence.has_alternative(0, affirmed[-1].start),
        is_announced=sentence.is_announced(affirmed[0].start, "answers"),
    )


def _mask_texts(line: str, mentions: list[Mention[str]], units: Units) -> str:
    letters = list(line)
    for mention in mentions:
        start, end = units.spans[mention.start][0], units.spans[mention.end - 1][1]
        letters[start:end] = TAKEN * (end - start)
    return "".join(letters)


def _group_by(texts: Mapping[str, str], shape: Callable[[str], str]) -> dict[str, frozenset[str]]:
    groups: dict[str, set[str]] = {}
    for key, text in texts.items():
        groups.setdefault(shape(text), set()).add(key)
    return {shaped: frozenset(keys) for shaped, keys in groups.items() if shaped}


@lru_cache(2048)
def _build_reader(options: tuple[tuple[str, str], ...], language: str) -> ChoiceReader:
    return ChoiceReader(dict(options), language)


def reader_of(options: Mapping[str, str], language: str = "") -> ChoiceReader:
    """Return the reader of a question's options; one for all questions with the same."""
    return _build_reader(tuple(options.items()), language)
