"""Choice of the line of an answer that counts: a final `Answer: X`, else the first line that is no heading."""

from __future__ import annotations

from collections.abc import Callable

import regex

from evaluator.scoring.metrics.reading.lines import drop_markup, find_boxed, find_field, list_lines
from evaluator.scoring.metrics.reading.mentions import split_units
from evaluator.scoring.metrics.reading.sentence import compile_phrases
from evaluator.scoring.metrics.reading.verdicts import UNREAD, Reading

ReadLine = Callable[[str], Reading]

_HEADED = regex.compile(r"(?P<head>[^::=]{1,60}?)[*_`\"']*\s*[::=]+[*_`\"']*\s*(?P<tail>\S.*)")
_MARKED = regex.compile(r"#{2,}\s+(?P<tail>\S.*)")
"""The form of GSM8K's solutions."""
_SENTENCE_END = regex.compile(r"(?<=[\p{L}\p{M}]{2}[.!?])\s+|(?<=[。！？।۔؟])\s*")
_HEADING_WORDS = 8
_HEADING = regex.compile(r"[::][\s*_`\"']*$")


def read_answer(answer: str, read_line: ReadLine, language: str) -> Reading:
    """Read an answer by its line that counts.

    A box, or the answer's field of an object, counts before all. A line of the form `Answer: X` or `the answer is X`
    wins over the lines before it; two such lines that name different things name both. Else the first line counts;
    one that names nothing and ends in a colon is passed over.
    """
    text = drop_markup(answer)
    boxes = [reading for box in find_boxed(text) if (reading := read_line(box)).named]
    if boxes:
        return _combine(boxes)
    if (field := find_field(text, lambda name: is_announcement(name, language))) is not None:
        return read_line(field)
    lines = list_lines(text)
    sentences = [sentence for line in lines for sentence in _SENTENCE_END.split(line)]
    statements = [reading for each in sentences if (reading := _read_statement(each, read_line, language)).named]
    if statements and len(sentences) > 1:
        single = [reading for reading in statements if len(reading.named) == 1]
        return _combine(single or statements)
    for line in lines:
        reading = read_line(line)
        if not reading.is_empty or not _HEADING.search(line):
            return reading
    return UNREAD


def is_announcement(text: str, language: str, table: str = "announcements") -> bool:
    """Return whether a text has a word such as `answer`."""
    units = split_units(text, language).texts
    return len(units) <= _HEADING_WORDS * 4 and bool(compile_phrases(table, language).find_in(units))


def _read_statement(line: str, read_line: ReadLine, language: str) -> Reading:
    """Read a line of the form `Answer: X` or `the answer is X`; other lines state nothing."""
    if match := _MARKED.fullmatch(line):
        return read_line(match["tail"])
    match = _HEADED.fullmatch(line)
    if match and is_announcement(match["head"], language) and not read_line(match["head"]).named:
        return read_line(match["tail"])
    reading = read_line(line)
    return reading if reading.is_announced else UNREAD


def _combine(readings: list[Reading]) -> Reading:
    """Combine statements: equal ones are one, different ones name all."""
    first, *others = readings
    if all(other.named == first.named for other in others):
        return first
    return Reading(frozenset().union(*(reading.named for reading in readings)), first.by, is_hedged=True)
