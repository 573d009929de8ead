"""Groups of rows that share a passage, a table or premises, found in their inputs.

Rows of one group are no independent evidence (evaluator/scoring/statistics), and a split into train and test must not
part them (curation/layout/hash_split.py). Where the reference names no group, an input is cut into segments: lines,
sentences, and parts behind a label such as "Passage:". A segment that most rows have is an instruction, and is left
out; so is a short text that very many rows have, as one of several wordings of an instruction. Two rows belong together
if they share segments in one run of at least 40 letters, and at least half of the shorter row in all.
The result depends neither on the order of the rows nor on chance.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from submissions.records.task import Row

MIN_RUN = 40
"""Least letters of a shared run of segments. An ideograph counts as several letters."""
IDEOGRAPH_LETTERS = 3
"""Letters that an ideograph, a kana or a Hangul syllable counts as."""
MIN_SEGMENT = 12
"""Least letters of a segment."""
MIN_SHARE = 0.5
"""Least share of the shorter row's letters, without instructions."""
TEMPLATE_SHARE = 0.5
"""A segment in more than this share of the rows is an instruction."""
MANY_ROWS, MANY_SHARE, MANY_LETTERS = 30, 0.1, 400
"""Segments that the same rows have are an instruction, too, if these are more rows than both, and the text shorter."""

_BOUNDARY = re.compile(r"[\n\r]+|(?<=[.!?])\s+|[。！？؟।॥።]+|\s(?=\w{2,20}\s?[:：]\s)")
_NOT_LETTERS = re.compile(r"[\W_]+")
_IDEOGRAPHS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]")

Segments = dict[str, int]
"""Segments of a row, with their letters."""


def find_groups(rows: Sequence[Row]) -> list[int]:
    """Return the group of each row, numbered by first occurrence; a row that shares nothing has its own.

    A row's `group` counts where it is given. The others are grouped by their inputs.
    """
    unnamed = [at for at, row in enumerate(rows) if not row.group]
    found = dict(zip(unnamed, _group_inputs([rows[at].input for at in unnamed]), strict=True))
    keys = [("named", row.group) if row.group else ("found", found[at]) for at, row in enumerate(rows)]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return [numbers[key] for key in keys]


def name_groups(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return the rows with a `group` each: the given one, or a number for those that were found."""
    if all(row.group for row in rows):
        return tuple(rows)
    given = {row.group for row in rows}
    named = []
    for row, number in zip(rows, find_groups(rows), strict=True):
        name = row.group or f"{number + 1}"
        while not row.group and name in given:
            name = f"found {name}"
        named.append(row.model_copy(update={"group": name}))
    return tuple(named)


def _group_inputs(inputs: Sequence[str]) -> list[str]:
    """Return the first input, by its text, of each input's group."""
    distinct = sorted({unicodedata.normalize("NFC", text) for text in inputs})
    groups = _join_segments(distinct, _without_instructions([_cut_segments(text) for text in distinct]))
    return [groups[unicodedata.normalize("NFC", text)] for text in inputs]


def _join_segments(texts: Sequence[str], segments: Sequence[Segments]) -> dict[str, str]:
    """Join each text with the earlier one that it shares most with, if that is enough."""
    heads: dict[str, str] = {}
    holders: dict[str, list[int]] = {}
    weights = [sum(mine.values()) for mine in segments]
    for at, (text, mine) in enumerate(zip(texts, segments, strict=True)):
        shared: Counter[int] = Counter()
        for segment, letters in mine.items():
            for other in holders.get(segment, ()):
                shared[other] += letters
        close = [
            (letters, -other)
            for other, letters in shared.items()
            if letters >= max(MIN_RUN, MIN_SHARE * min(weights[at], weights[other]))
            and _longest_run(mine, segments[other]) >= MIN_RUN
        ]
        if close:
            heads[text] = texts[-max(close)[1]]
            continue
        heads[text] = text
        for segment in mine:
            holders.setdefault(segment, []).append(at)
    return heads


def _longest_run(mine: Segments, other: Segments) -> int:
    """Letters of the longest run of segments that follow one another in both texts."""
    places = {segment: place for place, segment in enumerate(other)}
    longest, run, before = 0, 0, -1
    for segment, letters in mine.items():
        place = places.get(segment, -1)
        run = 0 if place < 0 else run + letters if place == before + 1 else letters
        before, longest = (place if place >= 0 else -2), max(longest, run)
    return longest


def _without_instructions(segments: Sequence[Segments]) -> list[Segments]:
    """Leave out the segments of instructions; of fewer than four texts nothing is known to be one."""
    rows = len(segments)
    if rows < 4:
        return list(segments)
    holders: dict[str, list[int]] = {}
    for at, mine in enumerate(segments):
        for segment in mine:
            holders.setdefault(segment, []).append(at)
    many = {one: tuple(held) for one, held in holders.items() if len(held) > max(MANY_ROWS, MANY_SHARE * rows)}
    together: Counter[tuple[int, ...]] = Counter()
    for segment, held in many.items():
        together[held] += segments[held[0]][segment]
    ignored = {one for one, held in holders.items() if len(held) > TEMPLATE_SHARE * rows}
    ignored |= {one for one, held in many.items() if together[held] < MANY_LETTERS}
    return [{one: letters for one, letters in mine.items() if one not in ignored} for mine in segments]


def _cut_segments(text: str) -> Segments:
    parts = (_NOT_LETTERS.sub(" ", part).strip() for part in _BOUNDARY.split(_fold(text)) if part)
    return {part: letters for part in parts if (letters := _count_letters(part)) >= MIN_SEGMENT}


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _count_letters(part: str) -> int:
    return len(part) - part.count(" ") + (IDEOGRAPH_LETTERS - 1) * len(_IDEOGRAPHS.findall(part))
